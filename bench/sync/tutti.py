"""Tutti: its server, `tutti join` with an mpv of its own for each member, and an onlooker who gives the commands."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import process, programs
from bench.sync import clip, instruments, said
from bench.sync.instruments import Instrument
from bench.sync.judging import Statement
from bench.sync.members import Member, mpv_options
from bench.sync.onlooker import MEMBER_ID, Onlooker
from bench.sync.target import Target
from bench.sync.traces import Trace
from bench.sync.wall_clock import Faketime

PACKAGES = ("mpv",)
FILM = {"id": "ten-minutes", "provider": "file", "kind": "video", "durationMs": clip.LENGTH_S * 1000}


class Tutti:
    """A room on it. Its timeline is known: that is the target."""

    name = "tutti"

    def __init__(self, pages: Sequence[str], onlooker: Onlooker) -> None:
        self._pages = pages
        self._onlooker = onlooker
        self._members: list[Member] = []

    def join(self, number: int) -> Member:
        name = f"tutti-{number}"
        executable = Path(sys.executable).parent / "tutti"
        command = [
            str(executable), "join", self._pages[number], str(clip.path()), "--name", name, "--json",
            "--", *mpv_options(number), "--force-window=no",
        ]  # fmt: skip
        member = Member(name, command, log=f"sync-{name}")
        self._members.append(member)
        return member

    def play(self) -> float:
        return self._onlooker.command(type="play")

    def pause(self) -> float:
        return self._onlooker.command(type="pause")

    def seek(self, to_ms: float) -> float:
        return self._onlooker.command(type="seek", to=to_ms)

    def target(self, traces: Mapping[str, Trace]) -> Target:  # noqa: ARG002 (it needs no guess from the players)
        return self._onlooker.timeline

    def statements(self) -> list[Statement]:
        found: list[Statement] = []
        for member in self._members:
            with member.log.open(errors="replace") as lines:
                found += said.read(member.name, lines, self._onlooker.local)
        return found

    def entered(self, member: str) -> float | None:
        return self._onlooker.joined.get(member)


@dataclass(frozen=True)
class Site:
    """A party, and what faults can be done to its server and its links."""

    party: Tutti
    server: process.Life
    proxy: Instrument
    onlooker: Onlooker
    wall_clock: Faketime | None
    pages: tuple[str, ...]  # the room's address behind each link


@contextlib.contextmanager
def site(
    profile: str, links: int, seed: str, *, media: Mapping[str, object] = FILM, faults: bool = False
) -> Iterator[Site]:
    """A server, a room on it, and the way to it. With `faults` its wall clock can be set, where Debian can help."""
    with contextlib.ExitStack() as stack:
        wall_clock = stack.enter_context(Faketime.available()) if faults else None
        program = programs.tutti()
        if wall_clock is not None:
            program = replace(program, environment=program.environment | wall_clock.environment)
        server = stack.enter_context(process.mortal(program))
        proxy = stack.enter_context(
            instruments.running("bench.sync.proxy", profile, str(server.port), str(links), seed)
        )
        room = make_room(server.port, media)
        onlooker = Onlooker(server.port, room["room"])
        stack.callback(onlooker.leave)
        pages = tuple(f"http://127.0.0.1:{port}{room['page']}" for port in proxy.answer)
        yield Site(Tutti(pages, onlooker), server, proxy, onlooker, wall_clock, pages)


def make_room(port: int, media: Mapping[str, object]) -> dict[str, str]:
    """Its host is the onlooker."""
    wish = {"name": "Bench", "userId": MEMBER_ID, "userName": "Onlooker", "media": media}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/rooms", json.dumps(wish).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        made: dict[str, str] = json.load(response)
    return made
