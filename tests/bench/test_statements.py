"""What the bench takes from `tutti join --json`."""

from __future__ import annotations

import json
from typing import Any

from bench.sync.judging import Statement
from bench.sync.said import read


def test_statements_are_new_errors_with_a_bound_while_it_plays() -> None:
    lines = [
        "a warning of mpv",
        json.dumps({"event": "joined", "room": "AB"}),
        _status(roomTime=1000, error=None),
        _status(roomTime=1500, error=2.5),
        _status(roomTime=1500, error=2.5),
        _status(roomTime=2000, error=1.0, state="paused"),
        _status(roomTime=2500, error=-1.0),
    ]
    assert read("a", lines, lambda room: room - 500) == [
        Statement("a", 1000, 2.5, 4.0),
        Statement("a", 2000, -1.0, 4.0),
    ]


def _status(**fields: Any) -> str:
    return json.dumps({"event": "status", "state": "playing", "bound": 4.0} | fields)
