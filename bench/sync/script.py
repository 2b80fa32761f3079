"""The script of a session: play, seek, pause, play, a late join, one member stalls. The same for every system."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.sync import instruments, strangers, traces
from bench.sync.instruments import Instrument
from bench.sync.judging import Statement, Stretch
from bench.sync.members import Member
from bench.sync.party import Party
from bench.sync.target import Target
from bench.sync.traces import Trace

MEMBERS = 4
LATE = MEMBERS  # the number of the one that joins late
STALLED = MEMBERS - 1
LINKS = MEMBERS + 1
STALL_S = 3.0
STEADY_TRIES = 3
DISTURBED = "steady, disturbed"
SETTLE_S = 2.0
SEEKS_MS = (120_000.0, 45_000.0, 300_000.0, 200_000.0, 30_000.0)


@dataclass(frozen=True)
class Script:
    """How long and how often."""

    converge_s: float
    steady_s: float
    seeks: int
    pauses: int
    joins: int
    stalls: int
    watch_s: float
    outage_s: float = 60.0
    downtime_s: float = 10.0


FULL = Script(converge_s=10, steady_s=60, seeks=5, pauses=3, joins=3, stalls=5, watch_s=8)
QUICK = Script(
    converge_s=4, steady_s=5, seeks=1, pauses=1, joins=1, stalls=1, watch_s=5, outage_s=5, downtime_s=3
)


@dataclass
class Session:
    """What came of it."""

    system: str
    traces: dict[str, Trace]
    target: Target
    stretches: list[Stretch]
    statements: list[Statement]
    entered: dict[str, float] = field(default_factory=dict)

    def phase(self, name: str) -> list[Stretch]:
        return [stretch for stretch in self.stretches if stretch.phase == name]


class Stage:
    """Members under observation, and notes of what was done to them when."""

    def __init__(self, party: Party, observer: Instrument) -> None:
        self.party = party
        self.stretches: list[Stretch] = []
        self.present: dict[str, Member] = {}
        self.players: dict[str, int] = {}
        self.entered: dict[str, float] = {}
        self._observer = observer

    def join(self, number: int) -> Member:
        member = self.party.join(number)
        self.present[member.name] = member
        return member

    def wait_for(self, member: Member) -> None:
        player = member.player()
        self.players[member.name] = player.pid
        self._observer.order("watch", member.name, player.ipc)

    def leave(self, member: Member) -> None:
        self._observer.order("forget", member.name)
        del self.present[member.name]
        member.stop()

    def note(
        self,
        phase: str,
        began: float,
        *,
        since: float | None = None,
        subject: str | None = None,
        sought: float | None = None,
        launched: float | None = None,
    ) -> None:
        """From `began` until now."""
        since = began if since is None else since
        members = tuple(self.present)
        self.stretches.append(Stretch(phase, began, now_ms(), members, since, subject, sought, launched))


@contextlib.contextmanager
def staged(party: Party, members: int, rows: Path) -> Iterator[Stage]:
    """A room with so many members, all with the film open."""
    with instruments.running("bench.sync.observer", str(rows)) as observer:
        stage = Stage(party, observer)
        try:
            for member in [stage.join(number) for number in range(members)]:
                stage.wait_for(member)
            time.sleep(SETTLE_S)
            yield stage
        finally:
            for member in stage.present.values():
                member.stop()


def perform(party: Party, script: Script, rows: Path, acts: Callable[[Stage, Script], None]) -> Session:
    """Play it through, and say what was seen."""
    with staged(party, MEMBERS, rows) as stage:
        acts(stage, script)
        statements = party.statements()
    with rows.open() as lines:
        seen = traces.read(lines)
    return Session(party.name, seen, party.target(seen), stage.stretches, statements, stage.entered)


def the_usual(stage: Stage, script: Script) -> None:
    """What happens in every session."""
    play(stage, script.converge_s)
    steady(stage, script.steady_s)
    for number in range(script.seeks):
        seek(stage, SEEKS_MS[number % len(SEEKS_MS)], script.watch_s)
    for _ in range(script.pauses):
        pause(stage)
        play(stage, script.watch_s)
    for _ in range(script.joins):
        late_join(stage, script.watch_s)
    for _ in range(script.stalls):
        stall(stage, script.watch_s)


def play(stage: Stage, watch_s: float) -> None:
    began = now_ms()
    since = stage.party.play()
    time.sleep(watch_s)
    stage.note("play", began, since=since)


def steady(stage: Stage, watch_s: float) -> None:
    """Where other programs disturbed it, it is watched again."""
    for _ in range(STEADY_TRIES):
        began, usage = now_ms(), strangers.Usage.now()
        time.sleep(watch_s)
        share = strangers.share_since(usage)
        if share <= strangers.TOO_MUCH:
            stage.note("steady", began)
            return
        print(
            f"other programs took {share:.0%} of the machine while the steady stretch was watched", flush=True
        )
        stage.note(DISTURBED, began)


def seek(stage: Stage, to_ms: float, watch_s: float) -> None:
    began = now_ms()
    since = stage.party.seek(to_ms)
    time.sleep(watch_s)
    stage.note("seek", began, since=since, sought=to_ms)


def pause(stage: Stage) -> None:
    began = now_ms()
    since = stage.party.pause()
    time.sleep(3.0)
    stage.note("pause", began, since=since)


def late_join(stage: Stage, watch_s: float) -> None:
    """One more comes, and goes again."""
    began = now_ms()
    member = stage.join(LATE)
    stage.wait_for(member)
    time.sleep(watch_s)
    entered = stage.party.entered(member.name)
    stage.note(
        "late join", began, since=entered or member.launched, subject=member.name, launched=member.launched
    )
    stage.leave(member)
    time.sleep(1.0)


def stall(stage: Stage, watch_s: float) -> None:
    """One member's player freezes."""
    name = list(stage.present)[STALLED]
    began = now_ms()
    os.kill(stage.players[name], signal.SIGSTOP)
    try:
        time.sleep(STALL_S)
    finally:
        os.kill(stage.players[name], signal.SIGCONT)
    stage.note("stall", began, subject=name)
    began = now_ms()
    time.sleep(watch_s)
    stage.note("after the stall", began, subject=name)


def now_ms() -> float:
    return time.monotonic() * 1000
