"""What a session was worth: pure functions over what was seen of the players and where they should have been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.compare import percentile
from bench.sync.target import Target
from bench.sync.traces import Trace, instants

TOGETHER_MS = 40.0
HOLD_MS = 1000.0
AUDIBLE = 0.005
FRAME_MS = 40.0  # of the clip
COMMAND_WINDOW_MS = 1000.0
WORSE_BY_MS = 5.0
JUST_STARTED_MS = 200.0
SOUGHT_WITHIN_MS = 5000.0


@dataclass(frozen=True)
class Stretch:
    """A part of a session in which one thing was tried, from `began`; a command counts from `since`."""

    phase: str
    began: float
    ended: float
    members: tuple[str, ...]
    since: float
    subject: str | None = None  # whom it is about: who joined late, who stalled, who was cut off
    sought: float | None = None
    launched: float | None = None

    @property
    def others(self) -> tuple[str, ...]:
        return tuple(member for member in self.members if member != self.subject)


@dataclass(frozen=True)
class Percentiles:
    p50: float
    p95: float
    p99: float
    worst: float


@dataclass(frozen=True)
class Statement:
    """What a member said of itself: its error, and how far it may be from the truth."""

    member: str
    at: float
    error: float
    bound: float


def percentiles(values: Sequence[float]) -> Percentiles | None:
    if not values:
        return None
    ordered = list(values)
    return Percentiles(*(percentile(ordered, share) for share in (0.5, 0.95, 0.99, 1.0)))


def spreads(traces: Mapping[str, Trace], members: Iterable[str], began: float, ended: float) -> list[float]:
    """How far the first playing member was ahead of the last, at each instant at which two or more were seen."""
    seen = [traces[member] for member in members if member in traces]
    found: list[float] = []
    for now in instants(began, ended):
        where = [
            position for trace in seen if trace.plays_at(now) and (position := trace.at(now)) is not None
        ]
        if len(where) > 1:
            found.append(max(where) - min(where))
    return found


def errors(
    traces: Mapping[str, Trace], target: Target, members: Iterable[str], began: float, ended: float
) -> list[float]:
    """How far each playing member was from the target, ahead or behind."""
    found: list[float] = []
    for now in instants(began, ended):
        for member in members:
            trace = traces.get(member)
            if (
                trace is not None
                and trace.plays_at(now)
                and (error := error_at(trace, target, now)) is not None
            ):
                found.append(abs(error))
    return found


def error_at(trace: Trace, target: Target, now: float) -> float | None:
    """Positive: ahead."""
    where, wanted = trace.at(now), target.at(now)
    return None if where is None or wanted is None else where - wanted


def together_after(
    traces: Mapping[str, Trace], target: Target, stretch: Stretch, members: Iterable[str]
) -> float | None:
    """Milliseconds from `since` until all of them play within 40 ms of the target, for a second at least."""
    waiting_for = tuple(members)
    holds_since: float | None = None
    for now in instants(stretch.since, stretch.ended):
        if not all(_together(traces.get(member), target, stretch, now) for member in waiting_for):
            holds_since = None
            continue
        holds_since = now if holds_since is None else holds_since
        if now - holds_since >= HOLD_MS:
            return holds_since - stretch.since
    return None


def _together(trace: Trace | None, target: Target, stretch: Stretch, now: float) -> bool:
    if trace is None or not trace.plays_at(now):
        return False
    error, where = error_at(trace, target, now), trace.at(now)
    if error is None or where is None or abs(error) > TOGETHER_MS:
        return False
    return stretch.sought is None or abs(where - (now - stretch.since) - stretch.sought) < SOUGHT_WITHIN_MS


def corrective_seeks(trace: Trace, began: float, ended: float, commands: Sequence[float]) -> list[float]:
    """Seeks that nobody asked for."""
    return [
        seek
        for seek in trace.seeks_between(began, ended)
        if all(abs(seek - command) > COMMAND_WINDOW_MS for command in commands)
    ]


def wrong_way(trace: Trace, target: Target, seeks: Sequence[float]) -> int:
    """How many of these seeks left a larger error than they found."""
    found = 0
    for seek in seeks:
        before = _first_error(trace, target, _back(seek))
        after = _first_error(trace, target, instants(seek + 300, seek + 2000, 50.0))
        if before is not None and after is not None and abs(after) > abs(before) + WORSE_BY_MS:
            found += 1
    return found


def _back(seek: float) -> list[float]:
    return [seek - 10.0 * step for step in range(1, 41)]


def _first_error(trace: Trace, target: Target, when: Iterable[float]) -> float | None:
    return next((error for now in when if (error := error_at(trace, target, now)) is not None), None)


def audible_share(
    traces: Mapping[str, Trace], members: Iterable[str], began: float, ended: float
) -> float | None:
    """Share of time at a speed that is more than half a percent from the room's."""
    speeds = [
        speed
        for member in members
        if member in traces
        for speed in traces[member].speeds_between(began, ended)
    ]
    return sum(abs(speed - 1) > AUDIBLE for speed in speeds) / len(speeds) if speeds else None


def largest_speed_change(
    traces: Mapping[str, Trace], members: Iterable[str], began: float, ended: float
) -> float:
    """How far from normal speed any of them got."""
    return max(
        (
            abs(speed - 1)
            for member in members
            if member in traces
            for speed in traces[member].speeds_between(began, ended)
        ),
        default=0.0,
    )


def moved(traces: Mapping[str, Trace], members: Iterable[str], began: float, ended: float) -> float | None:
    """How far anybody was moved along the media, instead of just playing: the largest way, forwards or back."""
    ways: list[float] = []
    for member in members:
        first = next((now for now in instants(began, ended) if traces[member].at(now) is not None), None)
        last = next(
            (now for now in reversed(instants(began, ended)) if traces[member].at(now) is not None), None
        )
        if first is not None and last is not None:
            start, end = traces[member].at(first), traces[member].at(last)
            assert start is not None
            assert end is not None
            ways.append((end - start) - (last - first))
    return max(ways, key=abs) if ways else None


def paused_apart(
    traces: Mapping[str, Trace], members: Iterable[str], began: float, ended: float
) -> float | None:
    """Milliseconds between the pictures they stand at; None if one of them does not stand, or shows nothing."""
    where: list[float] = []
    for member in members:
        states = list(traces[member].states_between(began, ended)) if member in traces else []
        if not states or not states[-1][2] or states[-1][3] is None:
            return None
        where.append(states[-1][3])
    return max(where) - min(where) if where else None


def truthful(traces: Mapping[str, Trace], target: Target, statements: Iterable[Statement]) -> list[bool]:
    """For each statement that can be checked: was the true error within the bound it gave?

    Right after a start `audio-pts` still counts sound that was not yet written, and is no witness.
    """
    checked: list[bool] = []
    for said in statements:
        trace = traces.get(said.member)
        if trace is None or not (trace.plays_at(said.at - JUST_STARTED_MS) and trace.plays_at(said.at)):
            continue
        truth = error_at(trace, target, said.at)
        if truth is not None:
            checked.append(abs(said.error - truth) <= said.bound)
    return checked
