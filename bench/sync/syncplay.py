"""Syncplay: Debian's server and its clients, everything at its defaults; commands are typed into one client's console."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import install, process, programs
from bench.sync import clip, instruments
from bench.sync.judging import Statement
from bench.sync.members import Member, mpv_options
from bench.sync.target import Middle, Target
from bench.sync.traces import Trace

PACKAGES = ("syncplay", "syncplay-server", "mpv")
# Only what would ask a question, or keep a room from playing because somebody did not declare to be ready.
SETTINGS = """[client_settings]
forceguiprompt = False
unpauseaction = Always
readyatstart = True
[general]
language = en
checkforupdatesautomatically = False
"""


class Syncplay:
    """A room on it. Its clients share no timeline that could be asked for: the target is the players' median."""

    name = "syncplay"

    def __init__(self, ports: Sequence[int], home: Path) -> None:
        self._ports = ports
        self._home = home
        self._members: list[Member] = []

    def join(self, number: int) -> Member:
        home = self._home / str(number)
        home.mkdir(exist_ok=True)
        (home / "syncplay.ini").write_text(SETTINGS)
        environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
        ipc = home / "mpv.sock"
        ipc.unlink(missing_ok=True)
        member = Member(
            f"syncplay-{number}",
            [
                "/usr/bin/syncplay", "--no-gui", "--no-store",
                "--host", f"127.0.0.1:{self._ports[number]}", "--name", f"member{number}", "--room", "room",
                "--player-path", "/usr/bin/mpv", str(clip.path()),
                "--", *mpv_options(number), "--force-window=no", f"--input-ipc-server={ipc}",
            ],
            environment | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            log=f"sync-syncplay-{number}",
        )  # fmt: skip
        self._members.append(member)
        return member

    def play(self) -> float:
        return self._type("p")

    def pause(self) -> float:
        return self._type("p")

    def seek(self, to_ms: float) -> float:
        minutes, seconds = divmod(round(to_ms / 1000), 60)
        return self._type(f"s {minutes}:{seconds:02}")

    def target(self, traces: Mapping[str, Trace]) -> Target:
        return Middle(traces)

    def statements(self) -> list[Statement]:
        return []

    def entered(self, member: str) -> float | None:  # noqa: ARG002 (its clients tell nobody)
        return None

    def _type(self, line: str) -> float:
        self._members[0].say(line)
        return time.monotonic() * 1000


@contextlib.contextmanager
def party(profile: str, links: int, seed: str) -> Iterator[Syncplay]:
    """A server and the way to it."""
    install.debian(*PACKAGES)
    with (
        process.mortal(programs.syncplay()) as server,
        instruments.running("bench.sync.proxy", profile, str(server.port), str(links), seed) as proxy,
        tempfile.TemporaryDirectory(prefix="tutti-bench-") as home,
    ):
        yield Syncplay([int(port) for port in proxy.answer], Path(home))
