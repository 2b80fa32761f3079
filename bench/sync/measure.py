"""One profile, measured: both systems in turns, through the same weather, then the faults, which are for ours only."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench import install, report
from bench.process import LOGS
from bench.report import Figure
from bench.sync import chromium, faults, figures, outcome, plot, script, syncplay, tutti
from bench.sync.outcome import Outcome
from bench.sync.script import Script, Session

SYSTEMS = ("tutti", "syncplay")


@dataclass(frozen=True)
class Plan:
    """What is asked for on the command line."""

    profile: str = "lan"
    players: str = "mpv"
    quick: bool = False
    runs: int = 1
    systems: tuple[str, ...] = SYSTEMS
    faults: bool = True

    @property
    def script(self) -> Script:
        return script.QUICK if self.quick else script.FULL


@dataclass
class Sessions:
    """By system, in the order of the runs."""

    of: dict[str, list[Session]] = field(default_factory=dict)

    def add(self, session: Session) -> None:
        self.of.setdefault(session.system, []).append(session)


def measure(plan: Plan) -> Sequence[Figure]:
    """Print what was seen, phase by phase, then the table of claims, and the ratio last."""
    with _alone(), every_core():
        if plan.players == "chromium":
            return _show(chromium.measure(plan.profile, quick=plan.quick))
        sessions = Sessions()
        for run in range(plan.runs):
            for system in plan.systems:
                print(f"{system} over {plan.profile}, run {run + 1} of {plan.runs} …", flush=True)
                sessions.add(_usual(system, plan, str(run)))
        if plan.faults and "tutti" in plan.systems:
            print(f"tutti over {plan.profile}: faults …", flush=True)
            sessions.add(_faulty(plan))
    return _report(plan, sessions)


def _usual(system: str, plan: Plan, seed: str) -> Session:
    install.debian(*tutti.PACKAGES)
    rows = LOGS / f"sync-{plan.profile}-{system}.rows"
    if system == "syncplay":
        with syncplay.party(plan.profile, script.LINKS, seed) as party:
            return script.perform(party, plan.script, rows, script.the_usual)
    with tutti.site(plan.profile, script.LINKS, seed) as site:
        return script.perform(site.party, plan.script, rows, script.the_usual)


def _faulty(plan: Plan) -> Session:
    rows = LOGS / f"sync-{plan.profile}-faults.rows"
    with tutti.site(plan.profile, script.LINKS, "faults", faults=True) as site:
        return script.perform(
            site.party, plan.script, rows, lambda stage, given: faults.the_faults(site, stage, given)
        )


def _report(plan: Plan, sessions: Sessions) -> Sequence[Figure]:
    outcomes = {system: outcome.of(system, found) for system, found in sessions.of.items()}
    print("\np50 / p95 / p99 / max, in ms; Syncplay's target is the median of its players")
    report.print_table(
        ("system", "phase", "spread", "error to target"), outcome.phase_rows([*outcomes.values()])
    )
    picture = plot.draw(
        f"sync-{plan.profile}", [session for found in sessions.of.values() for session in found]
    )
    found = figures.figures(plan.profile, outcomes.get("tutti"), outcomes.get("syncplay"))
    print(f"\nerrors over time: bench/out/{picture.name}\n")
    _show(found)
    _print_ratio(outcomes.get("tutti"), outcomes.get("syncplay"))
    return found


def _show(found: Sequence[Figure]) -> Sequence[Figure]:
    report.print_figures(found)
    return found


def _print_ratio(ours: Outcome | None, theirs: Outcome | None) -> None:
    our_spread = ours.steady_spread() if ours is not None else None
    their_spread = theirs.steady_spread() if theirs is not None else None
    if our_spread is not None and their_spread is not None:
        ratio = our_spread.p95 / their_spread.p95
        print(f"ratio tutti / syncplay, steady spread p95: {ratio:.3f} ×", flush=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two runs at once would disturb each other, and write to the same files: the second one waits."""
    LOGS.mkdir(exist_ok=True)
    with (LOGS / "sync.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another run of this bench to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def every_core() -> Iterator[None]:
    """Players may run anywhere: what is measured is their time, not what they cost."""
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, pinned)
