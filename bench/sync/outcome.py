"""All that is claimed of a system, from all its sessions: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bench.sync import judging
from bench.sync.judging import FRAME_MS, Percentiles, Stretch
from bench.sync.script import DISTURBED, Session

NEVER = float("inf")
PAUSED_FOR_MS = 1000.0
PHASES = (
    "play", "steady", DISTURBED, "seek", "pause", "late join", "stall", "after the stall",
    "wall clock stepped", "server down", "server back", "outage", "outage over",
)  # fmt: skip


@dataclass
class Outcome:
    """`NEVER` stands for what did not come about while we watched."""

    system: str
    spread: dict[str, list[float]] = field(default_factory=dict)
    error: dict[str, list[float]] = field(default_factory=dict)
    subject_error: dict[str, list[float]] = field(default_factory=dict)
    others_spread: dict[str, list[float]] = field(default_factory=dict)
    together: dict[str, list[float]] = field(default_factory=dict)
    back: list[float] = field(default_factory=list)
    seeks_after_stall: list[int] = field(default_factory=list)
    others_moved: list[float] = field(default_factory=list)
    entered: list[float] = field(default_factory=list)
    paused_apart: list[float] = field(default_factory=list)
    others_speed: dict[str, float] = field(default_factory=dict)
    audible: list[float] = field(default_factory=list)
    corrective: int = 0
    wrong_way: int = 0
    truths: list[bool] = field(default_factory=list)

    @property
    def paused_frames(self) -> list[float]:
        return [apart / FRAME_MS for apart in self.paused_apart]

    @property
    def disturbed(self) -> bool:
        """Whether there was no steady stretch without other programs."""
        return "steady" not in self.spread and DISTURBED in self.spread

    @property
    def steady_phase(self) -> str:
        return DISTURBED if self.disturbed else "steady"

    def steady_spread(self) -> Percentiles | None:
        return judging.percentiles(self.spread.get(self.steady_phase, []))


def of(system: str, sessions: Iterable[Session]) -> Outcome:
    """What came of these."""
    outcome = Outcome(system)
    for session in sessions:
        for stretch in session.stretches:
            _take(outcome, session, stretch)
        outcome.truths += judging.truthful(session.traces, session.target, session.statements)
    return outcome


def _take(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    seen, target, phase = session.traces, session.target, stretch.phase
    span = (stretch.began, stretch.ended)
    outcome.spread.setdefault(phase, []).extend(judging.spreads(seen, stretch.members, *span))
    outcome.error.setdefault(phase, []).extend(judging.errors(seen, target, stretch.members, *span))
    if stretch.subject is not None:
        own = judging.errors(seen, target, (stretch.subject,), *span)
        outcome.subject_error.setdefault(phase, []).extend(own)
        others = judging.spreads(seen, stretch.others, *span)
        outcome.others_spread.setdefault(phase, []).extend(others)
        change = judging.largest_speed_change(seen, stretch.others, *span)
        outcome.others_speed[phase] = max(outcome.others_speed.get(phase, 0.0), change)
    _count_seeks(outcome, session, stretch)
    more = _OF_PHASE.get(phase)
    if more is not None:
        more(outcome, session, stretch)


def _count_seeks(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    commands = [other.since for other in session.stretches if other.phase in {"play", "pause", "seek"}]
    for member in stretch.members:
        trace = session.traces.get(member)
        if trace is not None:
            seeks = judging.corrective_seeks(trace, stretch.began, stretch.ended, commands)
            outcome.corrective += len(seeks)
            outcome.wrong_way += judging.wrong_way(trace, session.target, seeks)


def _commanded(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    after = judging.together_after(session.traces, session.target, stretch, stretch.members)
    outcome.together.setdefault(stretch.phase, []).append(NEVER if after is None else after)


def _joined(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    """From the launch of the program, and from when the room had them, if it tells."""
    assert stretch.subject is not None
    assert stretch.launched is not None
    after = judging.together_after(session.traces, session.target, stretch, (stretch.subject,))
    waited = NEVER if after is None else after
    outcome.together.setdefault(stretch.phase, []).append(waited + stretch.since - stretch.launched)
    if stretch.since != stretch.launched:
        outcome.entered.append(waited)


def _steady(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    share = judging.audible_share(session.traces, stretch.members, stretch.began, stretch.ended)
    if share is not None:
        outcome.audible.append(share)


def _paused(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    since = stretch.ended - PAUSED_FOR_MS
    apart = judging.paused_apart(session.traces, stretch.members, since, stretch.ended)
    outcome.paused_apart.append(NEVER if apart is None else apart)


def _recovered(outcome: Outcome, session: Session, stretch: Stretch) -> None:
    assert stretch.subject is not None
    after = judging.together_after(session.traces, session.target, stretch, (stretch.subject,))
    outcome.back.append(NEVER if after is None else after)
    frozen = max(other.began for other in session.phase("stall") if other.began < stretch.began)
    moved = judging.moved(session.traces, stretch.others, frozen, stretch.ended)
    if moved is not None:
        outcome.others_moved.append(abs(moved))
    straggler = session.traces[stretch.subject]
    outcome.seeks_after_stall.append(len(straggler.seeks_between(stretch.began, stretch.ended)))


_OF_PHASE: dict[str, Callable[[Outcome, Session, Stretch], None]] = {
    "play": _commanded,
    "seek": _commanded,
    "late join": _joined,
    "steady": _steady,
    DISTURBED: _steady,
    "pause": _paused,
    "after the stall": _recovered,
}


def phase_rows(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """system, phase, p50/p95/p99/max of the spread, the same of the error."""
    return [
        (outcome.system, phase, _line(outcome.spread[phase]), _line(outcome.error[phase]))
        for phase in PHASES
        for outcome in outcomes
        if phase in outcome.spread
    ]


def _line(values: Sequence[float]) -> str:
    found = judging.percentiles(values)
    if found is None:
        return "–"
    return " / ".join(f"{value:.1f}" for value in (found.p50, found.p95, found.p99, found.worst))
