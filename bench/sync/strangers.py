"""How much of the machine other programs took: a stretch that they disturbed says nothing of any player."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from bench.process import cpu_s, family

TOO_MUCH = 0.1
_IDLE = (3, 4)  # idle and iowait: see proc_stat(5)
_GUESTS = 8  # what guests use from here on is counted as user time already


@dataclass(frozen=True)
class Usage:
    """Seconds of CPU since the machine started: everybody's, and our own programs'."""

    at_s: float
    busy_s: float
    ours_s: float

    @staticmethod
    def now() -> Usage:
        first = Path("/proc/stat").read_text().splitlines()[0].split()[1 : _GUESTS + 1]
        ticks = sum(int(value) for column, value in enumerate(first) if column not in _IDLE)
        return Usage(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), _ours_s())


def share_since(began: Usage) -> float:
    """Of all cores, the part that others had; only while none of our programs starts or ends."""
    now = Usage.now()
    theirs_s = (now.busy_s - began.busy_s) - (now.ours_s - began.ours_s)
    return max(0.0, theirs_s / ((now.at_s - began.at_s) * (os.cpu_count() or 1)))


def _ours_s() -> float:
    while True:
        with contextlib.suppress(FileNotFoundError):  # a thread ended while we looked
            return sum(cpu_s(pid) for pid in family(os.getpid()))
