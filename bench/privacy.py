"""Privacy: how near somebody gets who asks a million questions, from spoofed places, about people who hide nothing.

The people share their tracks, let themselves be found by whoever asks, and their clients send geohashes of nine
characters. Half of them stay in one cell, each at another spot of it every 15 s; half walk through the town. The
adversary has forty accounts that claim to be anywhere, leave and come back, hear every event and are in find sessions
all the time. What it knows it reckons with in several ways, one of them taught with the true places of half the people.

For comparison the same adversary asks a service that tells metres between places as they are, as one in the wild did.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import cos, hypot, inf, radians
from random import Random
from statistics import median
from typing import Final, TypeVar

from bench import Unmeasured, options
from bench.adversary import (
    KEPT,
    Lesson,
    Offset,
    Told,
    exact_mismatch,
    learned,
    ring_mismatch,
    trilaterated,
)
from bench.nearby_world import Hands, NoRooms
from bench.report import Figure, print_table
from tutti.core.geo import Cell, centre, parse, size_km
from tutti.core.ids import MemberId
from tutti.core.refusals import Refused
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.values import (
    Bucket,
    BucketUpdate,
    FindRequested,
    FindStage,
    Near,
    NearbyEvent,
    Track,
)
from tutti.service.timers import TimerWheel

STEP_S: Final = 15.0
TOWN_KM: Final = 3.0
SPIES_KM: Final = 6.0
WALK_KM_S: Final = 0.0014
COME_BACK_S: Final = 600.0
MUST: Final = 0.38
CELL_ONLY: Final = "the middle of the cell"
WILD: Final = "metres told, as in the wild"
TAUGHT: Final = "a model taught with true places"
BY_RING: Final = "rings, from published cells"

_ORIGIN: Final = (48.8566, 2.3522)
_KM: Final = 111.195
_ALPHABET: Final = "0123456789bcdefghjkmnpqrstuvwxyz"

T = TypeVar("T")
Place = tuple[float, float]
"""Kilometres east and north of the town's middle."""


@dataclass
class Somebody:
    user: MemberId
    place: Place
    walks: bool
    goal: Place = (0.0, 0.0)


@dataclass
class Known:
    """What the adversary has been told of one person."""

    geohash: str = ""
    rings: dict[str, float] = field(default_factory=dict)
    """By the published cell that it was asked from."""
    spoofed: deque[tuple[Place, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    rank: int = 0
    moved: Offset = (0.0, 0.0)
    moved_s: float = 0.0
    found: tuple[Place, Bucket] | None = None


@dataclass(frozen=True)
class Sample:
    """Where somebody was, and where each way of reckoning had them, from the middle of their published cell."""

    user: MemberId
    walks: bool
    truth: Offset
    side_km: float
    guesses: dict[str, Offset]
    known: tuple[float, ...]


class Town:
    def __init__(self, people: int, spies: int, seed: int = 1) -> None:
        self.random = Random(seed)
        self.clock = Hands()
        self.wheel = TimerWheel(self.clock.now_ms() / 1000)
        ids = iter(range(10**9))
        self.nearby = Nearby(
            self.clock,
            self.wheel,
            draw=Random(seed + 1).random,
            new_id=lambda: f"find-{next(ids)}",
            companions=NoRooms(),
        )
        self.people = [self._person(number) for number in range(people)]
        self.known = {one.user: Known() for one in self.people}
        self.spies = [MemberId(f"spy{number}") for number in range(spies)]
        self.claims: dict[MemberId, Place] = {}
        self.questions = 0
        for spy in self.spies:
            self.nearby.subscribe(spy, partial(self._spy_hears, spy))
            self._spy_comes(spy)

    def step(self, questions: int) -> None:
        for person in self.people:
            self._moves(person)
        self.wheel.turn(self.clock.turn(STEP_S))
        for _ in range(questions):
            self._ask(self.random.choice(self.spies))
        for spy in self.spies:
            self._stalk(spy)

    def sample(self) -> list[Sample]:
        return [self._sampled(one) for one in self.people if self.known[one.user].geohash]

    # The people

    def _person(self, number: int) -> Somebody:
        user = MemberId(f"person{number}")
        person = Somebody(user, self._anywhere(TOWN_KM), number % 2 == 1, self._anywhere(TOWN_KM))
        _done(self.nearby.change_settings(user, share_track=True, allow_find=True))
        _done(self.nearby.go_live(user, "phone"))
        self.nearby.subscribe(user, partial(self._person_hears, user))
        _done(self.nearby.update_location(user, geohash(person.place)))
        return person

    def _moves(self, person: Somebody) -> None:
        if person.walks:
            self._walks(person)
        else:
            person.place = self._in_cell(person.place)
        said = geohash(person.place)
        _done(self.nearby.heartbeat(person.user, "phone"))
        _done(self.nearby.update_location(person.user, said))
        _done(self.nearby.update_track(person.user, Track(f"track{self.random.randrange(9)}")))
        view = self.nearby.active(person.user)
        if view is not None and view.stage is FindStage.ACCEPTED:
            if not view.answers_left:
                _done(self.nearby.accept(person.user, view.id))  # as freely as can be
            _done(self.nearby.update_find(person.user, view.id, said))

    def _walks(self, person: Somebody) -> None:
        east, north = person.goal[0] - person.place[0], person.goal[1] - person.place[1]
        left = hypot(east, north)
        share = min(WALK_KM_S * STEP_S / left, 1.0) if left else 1.0
        person.place = (person.place[0] + share * east, person.place[1] + share * north)
        if share == 1.0:
            person.goal = self._anywhere(TOWN_KM)

    def _in_cell(self, place: Place) -> Place:
        """Another spot of the same cell."""
        middle, (wide, high) = _middle(_cell(geohash(place))), size_km(_cell(geohash(place)))
        uniform = self.random.uniform
        return middle[0] + uniform(-0.499, 0.499) * wide, middle[1] + uniform(-0.499, 0.499) * high

    def _person_hears(self, user: MemberId, event: NearbyEvent) -> None:
        if isinstance(event, FindRequested):
            self.nearby.accept(user, event.find.id)

    # The adversary

    def _spy_comes(self, spy: MemberId) -> None:
        _done(self.nearby.go_live(spy, "phone"))
        self._claim(spy)

    def _claim(self, spy: MemberId) -> None:
        self.claims[spy] = self._anywhere(SPIES_KM)
        _done(self.nearby.update_location(spy, geohash(self.claims[spy])))

    def _ask(self, spy: MemberId) -> None:
        self._claim(spy)
        self.questions += 1
        answer = _done(self.nearby.nearby(spy, self.random.choice((1, 2, 3, 5, 10)), 50))
        here = self.nearby.place(spy).geohash
        for rank, near in enumerate(answer):
            known = self.known.get(near.user)
            if known is not None and here is not None:
                self._learn(known, near, here, self.claims[spy], rank)

    def _learn(self, known: Known, near: Near, here: str, claimed: Place, rank: int) -> None:
        if known.geohash != near.geohash:
            if known.geohash:
                old, new = _middle(_cell(known.geohash)), _middle(_cell(near.geohash))
                known.moved = (new[0] - old[0], new[1] - old[1])
                known.moved_s = self.clock.now_ms() / 1000
            known.geohash = near.geohash
            known.rings.clear()
            known.spoofed.clear()
        known.rings[here] = near.ring
        known.spoofed.append((claimed, near.ring))
        known.rank = rank

    def _stalk(self, spy: MemberId) -> None:
        """Always in a find session with somebody, claiming to be close to where they may be."""
        self.nearby.heartbeat(spy, "phone")
        view = self.nearby.active(spy)
        if view is None:
            self.nearby.start_find(spy, self.random.choice(self.people).user)
        elif view.stage is FindStage.ACCEPTED:
            about = self.known[view.target].geohash
            if about:
                middle = _middle(_cell(about))
                self.claims[spy] = (middle[0] + self.random.gauss(0, 1), middle[1] + self.random.gauss(0, 1))
            self.nearby.update_find(spy, view.id, geohash(self.claims[spy]))
        if self.random.random() < STEP_S / COME_BACK_S:
            self.nearby.go_offline(spy)
            self._spy_comes(spy)

    def _spy_hears(self, spy: MemberId, event: NearbyEvent) -> None:
        if isinstance(event, BucketUpdate) and event.find.seeker == spy and event.find.bucket is not None:
            self.known[event.find.target].found = (self.claims[spy], event.find.bucket)

    # What it comes to

    def _sampled(self, person: Somebody) -> Sample:
        known = self.known[person.user]
        cell = _cell(known.geohash)
        middle, (wide, high) = _middle(cell), size_km(cell)
        by_ring = [Told(_from(middle, _middle(_cell(here))), ring) for here, ring in known.rings.items()]
        spoofed = [Told(_from(middle, claimed), ring) for claimed, ring in known.spoofed]
        in_the_wild = [
            Told(_from(middle, claimed), hypot(*_from(claimed, person.place))) for claimed, _ in known.spoofed
        ]
        guesses = {
            CELL_ONLY: (0.0, 0.0),
            BY_RING: trilaterated(by_ring, ring_mismatch),
            "rings, from claimed places": trilaterated(spoofed, ring_mismatch),
            WILD: trilaterated(in_the_wild, exact_mismatch),
        }
        side = (wide * high) ** 0.5
        truth = _from(middle, person.place)
        return Sample(person.user, person.walks, truth, side, guesses, self._features(known, middle))

    def _features(self, known: Known, middle: Place) -> tuple[float, ...]:
        since = max(self.clock.now_ms() / 1000 - known.moved_s, 1.0) / 600 if known.moved_s else inf
        east, north = known.moved
        found: dict[Bucket, Offset] = {}
        if known.found is not None:
            claimed, bucket = known.found
            found[bucket] = _from(middle, claimed)
        numbers = [east, north, east / (1 + since), north / (1 + since), known.rank / 50]
        for bucket in (Bucket.FAR, Bucket.WARM, Bucket.CLOSE):
            numbers += found.get(bucket, (0.0, 0.0))
        return tuple(numbers)

    def _anywhere(self, reach_km: float) -> Place:
        return self.random.uniform(-reach_km, reach_km), self.random.uniform(-reach_km, reach_km)


def spied(people: int, spies: int, steps: int, questions: int) -> tuple[Town, list[Sample]]:
    """A sample of everybody every fourth step, once the adversary knows the town."""
    town, samples = Town(people, spies), list[Sample]()
    for step in range(steps):
        town.step(questions // steps)
        if step >= steps // 5 and step % 4 == 0:
            samples += town.sample()
    return town, _with_lessons(samples)


def _with_lessons(samples: Sequence[Sample]) -> list[Sample]:
    """Taught with the places of half the people, tried on the others; those who stay and those who walk apart."""
    result: list[Sample] = []
    for walks in (False, True):
        group = [one for one in samples if one.walks is walks]
        users = sorted({one.user for one in group})
        taught = set(users[::2])
        guess = learned([Lesson(one.known, one.truth) for one in group if one.user in taught])
        result += [_told(one, guess(one.known)) for one in group if one.user not in taught]
    return result


def _told(sample: Sample, guess: Offset) -> Sample:
    return replace(sample, guesses=sample.guesses | {TAUGHT: guess})


def error(samples: Sequence[Sample], way: str) -> float:
    """Median, in sides of a cell (the root of its area)."""
    return median(hypot(*_from(one.guesses[way], one.truth)) / one.side_km for one in samples)


def measure(given: options.Options) -> list[Figure]:
    steps, questions = given.pick(400, 80), given.pick(1_000_000, 20_000)
    town, samples = spied(given.pick(120, 60), given.pick(40, 20), steps, questions)
    if town.questions < questions:
        raise Unmeasured(f"only {town.questions} questions were asked")
    stay, walk = ([one for one in samples if one.walks is walks] for walks in (False, True))
    side_m = 1000 * median(one.side_km for one in samples)
    print(f"{town.questions} questions, {len(samples)} places guessed; a cell's side is {side_m:.0f} m")
    ways = [way for way in samples[0].guesses if way != WILD]
    rows = [(way, *_shown(stay, way, side_m), *_shown(walk, way, side_m)) for way in (*ways, WILD)]
    print_table(("the adversary reckons with", "who stays", "", "who walks", ""), rows)
    best = min(error(group, way) for group in (stay, walk) for way in ways)
    wild = max(error(group, WILD) for group in (stay, walk))
    cell_only = error(stay, CELL_ONLY)
    print(f"ratio best adversary / knowing only the cell: {best / cell_only:.3f} ×", flush=True)
    return [
        Figure("adversary: median error, its best way", best, "cell sides", must=MUST, higher_is_better=True),
        Figure("the same, knowing only the cell", cell_only, "cell sides"),
        Figure("the same adversary against metres", wild, "cell sides"),
    ]


def _shown(samples: Sequence[Sample], way: str, side_m: float) -> tuple[str, str]:
    sides = error(samples, way)
    return f"{sides:.3f} sides", f"{sides * side_m:.0f} m"


def geohash(place: Place, characters: int = 9) -> str:
    """As a client makes it, as fine as it likes."""
    latitude = _ORIGIN[0] + place[1] / _KM
    longitude = _ORIGIN[1] + place[0] / (_KM * cos(radians(_ORIGIN[0])))
    sides = [(longitude + 180) / 360, (latitude + 90) / 180]
    bits = 0
    for number in range(characters * 5):
        side = number % 2
        sides[side] *= 2
        bit = int(sides[side])
        sides[side] -= bit
        bits = bits << 1 | bit
    return "".join(_ALPHABET[bits >> 5 * at & 31] for at in reversed(range(characters)))


def _middle(cell: Cell) -> Place:
    latitude, longitude = centre(cell)
    return (longitude - _ORIGIN[1]) * _KM * cos(radians(_ORIGIN[0])), (latitude - _ORIGIN[0]) * _KM


def _from(origin: Place, place: Place) -> Offset:
    return place[0] - origin[0], place[1] - origin[1]


def _cell(geohash_: str) -> Cell:
    return _done(parse(geohash_))


def _done(outcome: T | Refused) -> T:
    if isinstance(outcome, Refused):
        raise Unmeasured(f"refused: {outcome.sentence}")
    return outcome


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
