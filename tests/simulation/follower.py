"""Players that follow a room over modelled links: how far each is from where the room is, at each moment."""

from __future__ import annotations

from math import inf
from random import Random

from tests.simulation.link import Profile, Station
from tests.simulation.player import Nature, Player
from tutti_client.follow import Follower, Limits, Sample

TICK_MS = 5.0
LOOK_EVERY_MS = 100.0


class Timeline:
    """Where the room is, in true time: each move counts from its moment on."""

    def __init__(self) -> None:
        self._moves: list[tuple[float, float, bool]] = [(0.0, 0.0, False)]

    def move(self, at_ms: float, position_ms: float, playing: bool) -> None:
        self._moves.append((at_ms, position_ms, playing))

    def next_after(self, room_ms: float) -> float:
        return min((at for at, _, _ in self._moves if at > room_ms), default=inf)

    def at(self, room_ms: float) -> tuple[int, float, bool]:
        number = max(n for n, move in enumerate(self._moves) if move[0] <= room_ms or n == 0)
        at_ms, position, playing = self._moves[number]
        return number, position + (room_ms - at_ms) * playing, playing


class Viewer:
    """One player, its controller and its clock; `joins_at_ms` in true time."""

    def __init__(
        self,
        rng: Random,
        timeline: Timeline,
        *,
        profile: Profile,
        nature: Nature,
        limits: Limits,
        joins_at_ms: float = 0.0,
    ) -> None:
        self._timeline = timeline
        self.joins_at_ms = joins_at_ms
        self.station = Station(rng, profile, rng.uniform(-100.0, 100.0), rng.uniform(-1e9, 1e9))
        self.player = Player(rng, nature)
        self.follower = Follower(limits)
        self.heard: list[tuple[bool, Sample]] = []
        """What the controller was told, and whether the room had moved just before."""
        self.errors: list[tuple[float, float]] = []
        self.rates: list[tuple[float, float]] = []
        self._looks_at_ms = joins_at_ms + rng.uniform(0.0, LOOK_EVERY_MS)
        self._move = -1

    def advance(self, true_ms: float) -> None:
        if true_ms < self.joins_at_ms:
            return
        self.station.advance(true_ms)
        self.player.advance(true_ms)
        if true_ms >= self._looks_at_ms and self.station.clock.probes:
            self._look(true_ms)
        target = self._timeline.at(self.station.room_ms(true_ms))[1]
        self.errors.append((true_ms, self.player.media_ms - target))
        self.rates.append((true_ms, self.player.rate))

    def _look(self, true_ms: float) -> None:
        local = self.station.local_ms(true_ms)
        room = self.station.clock.room_ms(local)
        move, target, playing = self._timeline.at(room)
        moved = move != self._move
        if moved:
            self.follower, self._move = self.follower.forgiven(), move
        bound = self.station.clock.bound_ms(local)
        sample = self.player.sample(now_ms=local, target_ms=target, playing=playing, rate=1.0, bound_ms=bound)
        self.heard.append((moved, sample))
        self.follower, action = self.follower.step(sample)
        self.player.obey(action)
        wanted = inf if action.look_in_ms is None else action.look_in_ms
        moves_in = self._timeline.next_after(room) - room
        self._looks_at_ms = true_ms + min(wanted, moves_in, LOOK_EVERY_MS)


class House:
    """Several viewers of one timeline; what happens to one leaves the others' chances as they were."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.timeline = Timeline()
        self.viewers: list[Viewer] = []
        self.now_ms = 0.0

    def admit(self, profile: Profile, nature: Nature, limits: Limits) -> Viewer:
        viewer = Viewer(
            Random(f"{self._seed}/{len(self.viewers)}"),
            self.timeline,
            profile=profile,
            nature=nature,
            limits=limits,
            joins_at_ms=self.now_ms,
        )
        self.viewers.append(viewer)
        return viewer

    def move(self, position_ms: float, *, playing: bool, lead_ms: float = 150.0) -> float:
        """Schedule it, and say for when."""
        at = self.now_ms + lead_ms
        self.timeline.move(at, position_ms, playing)
        return at

    def run(self, for_ms: float) -> None:
        until = self.now_ms + for_ms
        while self.now_ms < until:
            self.now_ms += TICK_MS
            for viewer in self.viewers:
                viewer.advance(self.now_ms)


def spreads(viewers: list[Viewer], from_ms: float) -> list[float]:
    by_time: dict[float, list[float]] = {}
    for viewer in viewers:
        for at, error in viewer.errors:
            if at >= from_ms:
                by_time.setdefault(at, []).append(error)
    return [max(errors) - min(errors) for errors in by_time.values() if len(errors) == len(viewers)]


def settled_after_ms(viewer: Viewer, from_ms: float, within_ms: float = 40.0) -> float:
    """From this moment until the error stays within."""
    late = [at for at, error in viewer.errors if at >= from_ms and abs(error) > within_ms]
    return max(late) + TICK_MS - from_ms if late else 0.0


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
