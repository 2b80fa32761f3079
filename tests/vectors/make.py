"""Writes what the Python clock and controller answer to seeded inputs; other languages are held to the same answers.

    python -m tests.vectors.make

A sample is [now, position, target, playing, rate, state, bound], an action [rate, seek to, hold, look in].
Inputs are rounded before they are asked, so that the files hold exactly what was asked.
"""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.follower import House
from tests.simulation.link import LAN, LOPSIDED, MOBILE, WAN, Profile
from tests.simulation.player import BROWSER, MPV, SLUGGISH, Nature
from tutti_client.clock import Clock, Probe
from tutti_client.follow import MUSIC, VIDEO, Follower, Limits, Sample

FOLDER = Path(__file__).parent
CLOCK = FOLDER / "clock.json"
FOLLOW = FOLDER / "follow.json"

Case = dict[str, Any]


def main() -> None:
    CLOCK.write_text(written(clock_cases()))
    FOLLOW.write_text(written(follow_cases()))


def written(cases: list[Case]) -> str:
    """A step a line, so that a change can be read."""
    blocks = []
    for case in cases:
        head = json.dumps({key: value for key, value in case.items() if key != "steps"})[:-1]
        steps = ",\n".join(json.dumps(step) for step in case["steps"])
        blocks.append(f'{head}, "steps": [\n{steps}\n]}}')
    return "[\n" + ",\n".join(blocks) + "\n]\n"


def clock_cases() -> list[Case]:
    links = (("lan", LAN), ("wan", WAN), ("mobile", MOBILE), ("lopsided", LOPSIDED))
    steady = [{"name": name, "steps": _probed(seed, link)} for seed, (name, link) in enumerate(links)]
    return [
        *steady,
        {"name": "the room's clock is set an hour on", "steps": _probed(10, WAN, step_ms=3_600_000.0)},
        {
            "name": "the local clock slept a minute",
            "steps": _probed(11, LAN, step_ms=60_000.0, gap_ms=45_000.0),
        },
        {"name": "the local clock is set back", "steps": _probed(12, WAN, back_ms=90_000.0)},
        {"name": "nonsense is not heard", "steps": _asked(_nonsense())},
    ]


def _probed(
    seed: int, link: Profile, *, step_ms: float = 0.0, gap_ms: float = 0.0, back_ms: float = 0.0
) -> list[Case]:
    """Thirty probes; half way the room's clock, or the local one, is changed."""
    rng = Random(seed)
    drift, ahead, now = rng.uniform(-1e-4, 1e-4), rng.uniform(-1e9, 1e9), rng.uniform(0.0, 1e6)
    clock, probes = Clock.initial(), []
    for number in range(30):
        if number == 15:
            now += gap_ms - back_ms
            ahead += step_ms + back_ms
        there = link.delay_ms(rng, link.there_ms)
        back = link.delay_ms(rng, link.back_ms)
        server = (now + there) * (1 + drift) + ahead
        probe = Probe(round(now, 3), round(now + there + back, 3), round(server, 3))
        probes.append(probe)
        clock = clock.observe(probe)
        now += there + back + clock.next_probe_in_ms(probe.received_ms)
    return _asked(probes)


def _nonsense() -> list[Probe]:
    return [Probe(1000.0, 1080.0, 500.0), Probe(1100.0, 1090.0, 600.0), Probe(1200.0, 1290.0, 705.0)]


def _asked(probes: list[Probe]) -> list[Case]:
    clock, steps = Clock.initial(), []
    for probe in probes:
        clock = clock.observe(probe)
        ask = round(probe.received_ms + 1234.5, 3)
        steps.append(
            {
                "probe": [probe.sent_ms, probe.received_ms, probe.server_ms],
                "at": ask,
                "room": clock.room_ms(ask),
                "bound": clock.bound_ms(ask),
                "rtt": clock.rtt_ms,
                "driftPpm": clock.drift_ppm,
                "nextProbeIn": clock.next_probe_in_ms(ask),
            }
        )
    return steps


def follow_cases() -> list[Case]:
    return [
        _followed("mpv on a LAN", 1, LAN, MPV, MUSIC),
        _followed(
            "a browser over a WAN", 2, WAN, BROWSER, Limits(VIDEO.most, VIDEO.jump_ms, BROWSER.lag_ms, 70.0)
        ),
        _followed("a sluggish player on a mobile link", 3, MOBILE, SLUGGISH, MUSIC),
        _followed("a video that stalls again and again", 4, LAN, SLUGGISH, VIDEO, stalls=5),
    ]


def _followed(
    name: str, seed: int, link: Profile, nature: Nature, limits: Limits, *, stalls: int = 1
) -> Case:
    house = House(seed)
    viewer = house.admit(link, nature, limits)
    house.run(1000.0)
    house.move(0.0, playing=True)
    house.run(6000.0)
    for _ in range(stalls):
        viewer.player.stall(1500.0)
        house.run(4000.0)
    house.move(100_000.0, playing=True)
    house.run(4000.0)
    house.move(104_000.0, playing=False)
    house.run(1000.0)
    return {
        "name": name,
        "limits": {
            "most": limits.most,
            "jumpMs": limits.jump_ms,
            "lagMs": limits.lag_ms,
            "startMs": limits.start_ms,
        },
        "steps": _answers(Follower(limits), viewer.heard),
    }


def _answers(follower: Follower, heard: list[tuple[bool, Sample]]) -> list[Case]:
    steps = []
    for forgiven, said in heard:
        sample = Sample(
            round(said.now_ms, 3),
            round(said.position_ms, 3),
            round(said.target_ms, 3),
            said.playing,
            said.rate,
            said.state,
            round(min(said.bound_ms, 1e9), 3),
        )
        if forgiven:
            follower = follower.forgiven()
        follower, action = follower.step(sample)
        steps.append(
            {
                "forgiven": forgiven,
                "sample": list(astuple(sample)),
                "action": [action.rate, action.seek_to_ms, action.hold, action.look_in_ms],
            }
        )
    return steps


if __name__ == "__main__":
    main()
