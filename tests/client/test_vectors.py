"""The vectors that hold every language's clock and controller to one behaviour."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import make
from tutti_client.clock import Clock, Probe
from tutti_client.follow import Action, Follower, Limits, Sample

CLOSE = 1e-6


def cases(file: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(file.read_text())
    return told


def close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=0.0, abs_tol=CLOSE)


def test_the_files_are_what_their_script_makes() -> None:
    assert make.CLOCK.read_text() == make.written(make.clock_cases())
    assert make.FOLLOW.read_text() == make.written(make.follow_cases())


@pytest.mark.parametrize("case", cases(make.CLOCK), ids=lambda case: case["name"])
def test_the_clock_answers_as_written(case: dict[str, Any]) -> None:
    clock = Clock.initial()
    for step in case["steps"]:
        clock = clock.observe(Probe(*step["probe"]))
        assert close(clock.room_ms(step["at"]), step["room"])
        assert close(clock.bound_ms(step["at"]), step["bound"])
        assert close(clock.rtt_ms, step["rtt"])
        assert close(clock.drift_ppm, step["driftPpm"])
        assert close(clock.next_probe_in_ms(step["at"]), step["nextProbeIn"])


@pytest.mark.parametrize("case", cases(make.FOLLOW), ids=lambda case: case["name"])
def test_the_controller_acts_as_written(case: dict[str, Any]) -> None:
    limits = case["limits"]
    follower = Follower(Limits(limits["most"], limits["jumpMs"], limits["lagMs"], limits["startMs"]))
    for step in case["steps"]:
        follower, action = (follower.forgiven() if step["forgiven"] else follower).step(
            Sample(*step["sample"])
        )
        rate, seek_to, hold, look_in = step["action"]
        assert close(action.rate, rate)
        assert close(action.seek_to_ms, seek_to)
        assert action.hold is hold
        assert close(action.look_in_ms, look_in)


def test_the_vectors_reach_every_kind_of_action() -> None:
    actions = [Action(*step["action"]) for case in cases(make.FOLLOW) for step in case["steps"]]
    assert any(action.seek_to_ms is not None for action in actions)
    assert any(action.hold and action.look_in_ms is not None for action in actions)
    assert any(not action.hold and abs(action.rate - 1) > 0.005 for action in actions)
    assert any(not action.hold and 0 < abs(action.rate - 1) < 0.005 for action in actions)
