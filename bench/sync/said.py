"""What `tutti join --json` says of itself, as statements that can be checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from bench.sync.judging import Statement


def read(member: str, lines: Iterable[str], local: Callable[[float], float]) -> list[Statement]:
    """Every new error that it gives with a bound, while it plays. `local`: our own time at a room time.

    It says when by its own idea of room time. That may be wrong by as much as its bound, and makes no difference: while
    a player plays, its error is nearly the same a moment earlier or later.
    """
    found: dict[float, Statement] = {}
    for line in lines:
        if not line.startswith("{"):
            continue  # a warning of the program
        said = json.loads(line)
        if said["event"] != "status" or said["state"] != "playing":
            continue
        if None not in (said["error"], said["bound"], said["roomTime"]):
            found[said["roomTime"]] = Statement(member, local(said["roomTime"]), said["error"], said["bound"])
    return [*found.values()]
