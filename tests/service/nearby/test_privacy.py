"""The promise: what others get depends on somebody's place only through their published cell.

A random life of a town is lived twice. In the second one person is elsewhere, inside the cell or anywhere between two
publications, and everything that everybody else was told, in its order and at its time, has to be the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.nearby.town import PHONE, Town, cell
from tutti.core.ids import MemberId
from tutti.core.refusals import Refused
from tutti.service.nearby.values import FindStage, FindView, Track

STEPS = 120
X = MemberId("x")
OTHERS = tuple(MemberId(f"user{number}") for number in range(6))
EVERYBODY = (*OTHERS, X)

Whereabouts = Callable[[Random, str], str]
"""The true geohash that is sent instead of this one."""


class Life:
    """What happens is drawn from `seed`; where X is between publications, from `where`."""

    def __init__(self, seed: int, where: Whereabouts, *, anywhere: bool) -> None:
        self.random = Random(seed)
        self.elsewhere = Random(seed + 1)
        self.where = where
        self.anywhere = anywhere
        self.town = Town(seed)
        self.transcript: list[bytes] = []
        self.kinds: set[str] = set()
        self.due = cell()
        """Where X is when the shield looks."""
        for user in OTHERS:
            self.town.nearby.subscribe(user, lambda event, user=user: self.note(user, event))  # type: ignore[misc]  # a default binds it

    def note(self, user: MemberId, told: object) -> None:
        if user != X:
            line = (self.town.clock.now_ms(), user, type(told).__name__, told)
            self.transcript.append(msgspec.json.encode(line, enc_hook=_plain))
            self.kinds.add(type(told).__name__)

    def live(self) -> bytes:
        for user in EVERYBODY:
            self.town.live(user)
            self.town.shares(user, track=True, find=True)
            self.at(user, cell(self.random.randint(-2, 2), self.random.randint(-2, 2)))
        for _ in range(STEPS):
            self.step()
        return b"\n".join(self.transcript)

    def step(self) -> None:
        for _ in range(3):
            user = self.random.choice(EVERYBODY)
            self.note(user, self.act(user))
        for user in OTHERS:
            self.note(user, self.town.nearby.nearby(user, self.random.uniform(0.1, 10)))
        self.pass_time(self.random.choice((1, 10, 60, 200)))

    def act(self, user: MemberId) -> object:
        nearby, random = self.town.nearby, self.random
        match random.randrange(11):
            case 0 | 1 | 2:
                return self.at(user, cell(random.randint(-6, 6), random.randint(-6, 6)))
            case 3:
                return nearby.update_track(
                    user, Track(f"t{random.randrange(3)}", None, (f"a{random.randrange(3)}",))
                )
            case 4:
                return nearby.matches(user)
            case 5:
                return nearby.start_find(user, random.choice(EVERYBODY))
            case 6 | 9 | 10:
                return self.find_on(user)
            case 7:
                return self.come_or_go(user)
            case _:
                return nearby.place(user) if user != X else None

    def find_on(self, user: MemberId) -> object:
        """The next thing to do in a find session: where one is *there* is said to the other, with consent."""
        nearby, view = self.town.nearby, self.town.nearby.active(user)
        geohash = cell(self.random.randint(0, 1), self.random.randint(0, 1))
        if view is None:
            return None
        if view.stage is FindStage.OFFERED and user == view.target:
            return nearby.accept(user, view.id)
        chosen = self.random.choice((nearby.end, nearby.complete, nearby.complete, None, None, None))
        return chosen(user, view.id) if chosen is not None else self.both_say(view, geohash)

    def both_say(self, view: FindView, geohash: str) -> object:
        self.town.nearby.update_find(view.seeker, view.id, geohash)
        return self.town.nearby.update_find(view.target, view.id, geohash)

    def come_or_go(self, user: MemberId) -> object:
        nearby = self.town.nearby
        if self.random.random() < 0.7:
            return None
        if nearby.is_live(user):
            nearby.go_offline(user)
            return None
        nearby.go_live(user, PHONE)
        return self.at(user, cell(self.random.randint(-6, 6), 0))

    def at(self, user: MemberId, geohash: str) -> object:
        if user != X:
            return self.town.nearby.update_location(user, geohash)
        self.due = geohash
        if self.anywhere and self.town.nearby.place(X).geohash is not None:
            geohash = self.where(self.elsewhere, geohash)  # it is not the first place: nobody may tell
        elif not self.anywhere:
            geohash = self.where(self.elsewhere, geohash)
        return self.town.nearby.update_location(X, geohash)

    def pass_time(self, seconds: int) -> None:
        """Second by second. When the shield looks at X, X is where the life says; before and after, elsewhere."""
        for _ in range(seconds):
            looking = self.anywhere and self.town.nearby.is_live(X)
            if looking and self.shield_looks_within(1.5):
                self.town.nearby.update_location(X, self.due)
            self.town.turn(1, step_s=1)
            if looking and self.town.nearby.place(X).geohash is not None and self.town.nearby.is_live(X):
                self.town.nearby.update_location(X, self.where(self.elsewhere, self.due))

    def shield_looks_within(self, seconds: float) -> bool:
        """Read from its rota, which no person can."""
        shield = self.town.nearby._shield
        until = (self.town.clock.now_ms() + seconds * 1000) / 100
        turns = shield._rota._turns.items()
        return any(tick <= until and any(person.user == X for person in people) for tick, people in turns)


def _plain(value: object) -> Any:
    if isinstance(value, Refused):
        return ("refused", value.reason.code, value.sentence)
    raise TypeError(type(value).__name__)


def as_said(_: Random, geohash: str) -> str:
    return geohash


def inside_the_cell(random: Random, geohash: str) -> str:
    return geohash + "".join(
        random.choice("0123456789bcdefghjkmnpqrstuvwxyz") for _ in range(random.randrange(7))
    )


def anywhere_on_earth(random: Random, _: str) -> str:
    return "".join(random.choice("0123456789bcdefghjkmnpqrstuvwxyz") for _ in range(6))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_moving_inside_the_cell_changes_no_byte_of_what_others_get(seed: int) -> None:
    assert Life(seed, as_said, anywhere=False).live() == Life(seed, inside_the_cell, anywhere=False).live()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_moving_anywhere_between_publications_changes_no_byte_of_what_others_get(seed: int) -> None:
    assert Life(seed, as_said, anywhere=True).live() == Life(seed, anywhere_on_earth, anywhere=True).live()


def test_these_lives_have_everything_in_them() -> None:
    """Or they would prove nothing about what is left out."""
    kinds: set[str] = set()
    moved = False
    for seed in range(12):
        life = Life(seed, anywhere_on_earth, anywhere=True)
        moved |= b'"PlaceChanged"' in life.live()
        kinds |= life.kinds
    assert moved
    assert kinds >= {
        "UserJoined",
        "UserLeft",
        "TrackUpdate",
        "PlaceChanged",
        "WentOffline",
        "FindRequested",
        "FindAccepted",
        "BucketUpdate",
        "FoundClaimed",
        "FindEnded",
        "FindView",
        "tuple",
        "Refused",
        "Place",
    }


def test_a_service_that_publishes_at_once_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property can fail."""

    def lives(where: Whereabouts) -> bytes:
        life = Life(3, where, anywhere=True)
        said = life.town.nearby._shield.said

        def leak(person: Any, place: Any) -> None:
            said(person, place)
            life.town.nearby._publish(person, place)

        monkeypatch.setattr(life.town.nearby._shield, "said", leak)
        return life.live()

    assert lives(as_said) != lives(anywhere_on_earth)
