"""What `tutti join --json` says of itself, as statements that can be checked."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bench.sync.judging import Statement
from bench.sync.members import Member


def statements(member: Member) -> list[Statement]:
    """Every line that gives an error and how sure it is."""
    with member.log.open(errors="replace") as lines:
        return read(member.name, lines)


def read(member: str, lines: Iterable[str]) -> list[Statement]:
    found: list[Statement] = []
    for line in lines:
        if not line.startswith("{"):
            continue  # a warning of the program
        said = json.loads(line)
        if said.get("error") is not None and said.get("bound") is not None:
            found.append(Statement(member, said["at"], said["error"], said["bound"]))
    return found
