"""The table of what is claimed, from two outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.compare import percentile
from bench.report import Figure
from bench.sync.judging import percentiles
from bench.sync.outcome import Outcome


@dataclass(frozen=True)
class Limits:
    """What a profile demands: (must, aim) pairs."""

    spread: tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | None
    late_join_s: tuple[float, float] | None
    command_s: tuple[float, float] | None
    mobile_p95: tuple[float, float] | None = None
    bound: tuple[float, float] | None = None


LIMITS = {
    "lan": Limits(((4, 2), (12, 8), (25, 15)), (2.5, 2), (1.5, 1.0)),
    "wan": Limits(((10, 8), (30, 20), (50, 35)), (4, 3), (2, 1.5)),
    "mobile": Limits(None, None, None, mobile_p95=(80, 60), bound=(99, 99.9)),
}
RECOVERY_S = (6, 2)
AFTER_FAULT_MS = (40, 10)
LOOP = 3  # corrective seeks of one straggler after one stall: more is a loop
UNTOUCHED_SPEED = 0.005


def figures(profile: str, tutti: Outcome | None, syncplay: Outcome | None) -> list[Figure]:
    """Ours first, with limits; theirs below, for context."""
    found: list[Figure] = []
    for outcome, limits in ((tutti, LIMITS[profile]), (syncplay, Limits(None, None, None))):
        if outcome is not None:
            found += _of(outcome, limits, f"sync {profile}, {outcome.system}: ", ours=outcome is tutti)
    return found


def _of(outcome: Outcome, limits: Limits, prefix: str, *, ours: bool) -> list[Figure]:
    return [
        *_spread(outcome, limits, prefix),
        *_times(outcome, limits, prefix, ours=ours),
        *_standing(outcome, prefix, ours=ours),
        *_stalls(outcome, prefix, ours=ours),
        *_faults(outcome, prefix),
        *_truth(outcome, limits, prefix),
    ]


def _spread(outcome: Outcome, limits: Limits, prefix: str) -> list[Figure]:
    steady = outcome.steady_spread()
    if steady is None:
        return []
    pairs = limits.spread or (None, limits.mobile_p95, None)
    named = zip(("p50", "p95", "p99"), (steady.p50, steady.p95, steady.p99), pairs, strict=True)
    found = [_figure(f"{prefix}steady spread {name}", value, "ms", pair) for name, value, pair in named]
    error = percentiles(outcome.error[outcome.steady_phase])
    if error is not None:
        found.append(_figure(f"{prefix}steady error to target p95", error.p95, "ms", limits.mobile_p95))
    if outcome.audible:
        found.append(
            _figure(f"{prefix}audible speed, share of steady time", max(outcome.audible) * 100, "%", None)
        )
    found = [replace(figure, disturbed=outcome.disturbed) for figure in found]
    found.append(_figure(f"{prefix}corrective seeks", outcome.corrective, "", None))
    found.append(_figure(f"{prefix}… of these the wrong way", outcome.wrong_way, "", None))
    return found


def _times(outcome: Outcome, limits: Limits, prefix: str, *, ours: bool) -> list[Figure]:
    found: list[Figure] = []
    for phase, pair in (
        ("play", limits.command_s),
        ("seek", limits.command_s),
        ("late join", limits.late_join_s),
    ):
        if phase in outcome.together:
            p95 = percentile(outcome.together[phase], 0.95) / 1000
            found.append(_figure(f"{prefix}{phase}: within 40 ms, p95", p95, "s", pair))
    if outcome.entered:
        p95 = percentile(outcome.entered, 0.95) / 1000
        found.append(_figure(f"{prefix}late join, counted from the room's word", p95, "s", None))
    others = percentiles(outcome.others_spread.get("late join", []))
    if others is not None and ours:
        found.append(_figure(f"{prefix}late join: the others' spread p95", others.p95, "ms", None))
    return found


def _standing(outcome: Outcome, prefix: str, *, ours: bool) -> list[Figure]:
    if not outcome.paused_apart:
        return []
    pair = (1.0, 0.0) if ours else None
    return [
        _figure(f"{prefix}paused apart", max(outcome.paused_apart), "ms", None),
        _figure(f"{prefix}paused apart, frames", max(outcome.paused_frames), "", pair),
    ]


def _stalls(outcome: Outcome, prefix: str, *, ours: bool) -> list[Figure]:
    if not outcome.back:
        return []
    others = percentiles([*outcome.others_spread["stall"], *outcome.others_spread["after the stall"]])
    speed = max(outcome.others_speed["stall"], outcome.others_speed["after the stall"])
    untouched = (UNTOUCHED_SPEED * 100, UNTOUCHED_SPEED * 100) if ours else None
    found = [
        _figure(f"{prefix}stall: the others' speed changed by at most", speed * 100, "%", untouched),
        _figure(
            f"{prefix}stall ({len(outcome.back)} ×): straggler back, worst",
            max(outcome.back) / 1000,
            "s",
            RECOVERY_S if ours else None,
        ),
        _figure(
            f"{prefix}stall: seeks of the straggler, most",
            max(outcome.seeks_after_stall),
            "",
            (LOOP, 1) if ours else None,
        ),
    ]
    if outcome.others_moved:
        name = f"{prefix}stall: the others were moved by at most"
        found.insert(0, _figure(name, max(outcome.others_moved), "ms", None))
    if others is not None:
        found.insert(0, _figure(f"{prefix}stall: the others' spread p95", others.p95, "ms", None))
    return found


def _faults(outcome: Outcome, prefix: str) -> list[Figure]:
    named = (("wall clock stepped", "± 1 h"), ("server back", "killed"), ("outage over", "cut off"))
    return [
        _figure(f"{prefix}{phase} ({what}): error to target p95", found.p95, "ms", AFTER_FAULT_MS)
        for phase, what in named
        if (found := percentiles(outcome.subject_error.get(phase) or outcome.error.get(phase, [])))
        is not None
    ]


def _truth(outcome: Outcome, limits: Limits, prefix: str) -> list[Figure]:
    if not outcome.truths:
        return []
    share = 100 * sum(outcome.truths) / len(outcome.truths)
    must, aim = limits.bound or (None, None)
    name = f"{prefix}the bound holds the truth ({len(outcome.truths)} statements)"
    return [Figure(name, share, "%", must, aim, higher_is_better=True)]


def _figure(name: str, value: float, unit: str, pair: tuple[float, float] | None) -> Figure:
    must, aim = pair or (None, None)
    return Figure(name, value, unit, must, aim)
