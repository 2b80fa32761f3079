"""The picture of a run: everybody's error over time, both systems, the same scale."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import install
from bench.process import LOGS
from bench.sync import judging
from bench.sync.script import Session
from bench.sync.traces import instants

STEP_MS = 100.0


def draw(name: str, sessions: Sequence[Session]) -> Path:
    """A PNG in bench/out, and beside it what it was drawn from, as JSON."""
    data = LOGS / f"{name}.json"
    picture = LOGS / f"{name}.png"
    data.write_text(json.dumps([_series(session) for session in sessions]))
    subprocess.run([*install.plot_program("plot.py"), str(data), str(picture)], check=True)
    return picture


def _series(session: Session) -> dict[str, Any]:
    """Seconds since the first phase began; errors in milliseconds, null where nobody knows."""
    first, last = session.stretches[0].began, session.stretches[-1].ended
    when = instants(first, last, STEP_MS)
    return {
        "system": session.system,
        "seconds": [(now - first) / 1000 for now in when],
        "errors": {
            name: [
                judging.error_at(trace, session.target, now) if trace.plays_at(now) else None for now in when
            ]
            for name, trace in session.traces.items()
        },
        "phases": [
            (stretch.phase, (stretch.began - first) / 1000, (stretch.ended - first) / 1000)
            for stretch in session.stretches
        ],
    }
