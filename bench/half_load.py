"""How fast a server is and how soon it answers: its saturation first, then latencies at half of it.

Saturation is requests per second of the server's CPU, with 16 connections that each ask again at once. Then requests
come at half of that rate, at random moments, whatever the server does. A stretch begins when the machine is calm; one
in which others had too much of the server's core, or in which we noticed moments late, is taken again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import process
from bench.compare import percentile
from bench.open_loop import Load, Offered
from bench.report import print_table

WAITED_AT_MOST = 0.1
LATE_AT_MOST_MS = 2.0
MORE_TRIES = 8
CALM_CORES, CALM_WITHIN_S = 0.35, 15.0
"""So much of the machine may be busy before a stretch, whoever it is that works. Nobody waits for ever."""


@dataclass(frozen=True)
class Stretch:
    """`waited`: the share of time for which others had the core although our server could have run."""

    offered: Offered
    cpu_us: float
    waited: float

    @property
    def undisturbed(self) -> bool:
        return self.waited < WAITED_AT_MOST and percentile(self.offered.late_ms, 0.99) < LATE_AT_MOST_MS


@dataclass
class Subject:
    """A server and whatever it needs (`parts`, itself first), and how it did."""

    name: str
    parts: list[process.Server]
    load: Load
    saturation: float = 0.0
    disturbed: int = 0
    stretches: list[Stretch] = field(default_factory=list)

    def saturate(self, duration_s: float) -> float:
        """The median of three: other programs take from the clock, but hardly from what a request costs."""
        self.load.closed(duration_s / 2)
        self.saturation = median(self.per_core_s(duration_s) for _ in range(3))
        print(f"{self.name}: {self.saturation:.0f} requests per core-second", flush=True)
        return self.saturation

    def per_core_s(self, duration_s: float) -> float:
        """Requests for each second of the server's CPU, as fast as they go."""
        before = self._cpu_s()
        answered = self.load.closed(duration_s)
        return answered / (self._cpu_s() - before)

    def p99_ms(self, duration_s: float) -> float:
        """At half of saturation, once more if other programs were in the way."""
        tried = self._stretch(duration_s)
        while not tried.undisturbed and self.disturbed < MORE_TRIES:
            self.disturbed += 1
            tried = self._stretch(duration_s)
        self.stretches.append(tried)
        p99 = percentile(tried.offered.latencies_ms, 0.99)
        others = f"others had {tried.waited:.1%} of the core"
        print(f"{self.name}: p99 {p99:.2f} ms, {others}", flush=True)
        return p99

    def _stretch(self, duration_s: float) -> Stretch:
        _wait_for_calm()
        own = self.parts[0]
        cpu, waited, began = self._cpu_s(), own.kept_waiting_s(), time.perf_counter()
        offered = self.load.open(self.saturation / 2, duration_s)
        spent_s = time.perf_counter() - began
        cpu_us = (self._cpu_s() - cpu) / len(offered.latencies_ms) * 1e6
        alone = (
            len(self.parts) == 1 == len(process.family(own.pid))
        )  # parts of one server wait for each other
        return Stretch(offered, cpu_us, (own.kept_waiting_s() - waited) / spent_s if alone else 0.0)

    def _cpu_s(self) -> float:
        return sum(part.cpu_s() for part in self.parts)


def print_subjects(subjects: Sequence[Subject]) -> None:
    print_table(_COLUMNS, [_row(one) for one in subjects])


_COLUMNS = (
    "server", "requests per core-s", "asked per s", "p50", "p95", "p99", "p99.9",
    "noticed late, p99", "CPU a request", "disturbed",
)  # fmt: skip


def _row(one: Subject) -> tuple[str, ...]:
    latencies = [value for stretch in one.stretches for value in stretch.offered.latencies_ms]
    late = [value for stretch in one.stretches for value in stretch.offered.late_ms]
    shares = [f"{percentile(latencies, share):.2f} ms" for share in (0.5, 0.95, 0.99, 0.999)]
    return (
        one.name,
        f"{one.saturation:.0f}",
        f"{one.saturation / 2:.0f}",
        *shares,
        f"{percentile(late, 0.99):.2f} ms",
        f"{median(stretch.cpu_us for stretch in one.stretches):.0f} µs",
        f"{one.disturbed} times",
    )


def _wait_for_calm() -> None:
    deadline = time.monotonic() + CALM_WITHIN_S
    while _busy_cores() > CALM_CORES and time.monotonic() < deadline:
        pass


def _busy_cores() -> float:
    """Over half a second, whoever it is that works."""
    before, began = _idle_s(), time.perf_counter()
    time.sleep(0.5)
    idle = (_idle_s() - before) / (time.perf_counter() - began)
    return (os.cpu_count() or 1) - idle


def _idle_s() -> float:
    return float(Path("/proc/uptime").read_text().split()[1])
