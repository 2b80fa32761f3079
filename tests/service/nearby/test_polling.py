"""Asking players when it is likely that something has changed: how often, how soon it is known, and what trouble does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest

from tests.clocks import TurnedClock
from tests.service.nearby.listeners import Listener
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.players import NoPlayer, Playing, Resting
from tutti.service.nearby.polling import FRESH_MS, OVER_MS, Polling
from tutti.service.nearby.values import NOT_LIVE, Track
from tutti.service.ports import Unavailable
from tutti.service.timers import TimerWheel

ANN, BOB = MemberId("ann"), MemberId("bob")
SONG = Track("song", "Song", ("Artist",))
NEXT = Track("next", "Next", ("Artist",))
MINUTE_MS = 60_000.0


class Street:
    """People, their players, and what is heard of them; time is turned by hand, in steps of the wheel."""

    def __init__(self, *, at_once: int = 32) -> None:
        self.clock = TurnedClock(0.0)
        self.wheel = TimerWheel(0.0)
        self.live: set[MemberId] = set()
        self.secretive: set[MemberId] = set()
        self.players: dict[MemberId, Callable[[float], Playing | None]] = {}
        self.asked: dict[MemberId, list[float]] = {}
        self.heard: list[tuple[MemberId, str | None]] = []
        self.held: asyncio.Event | None = None
        self.waiting = 0
        draw = Random(1).random
        self.polling = Polling(self, self, self.clock, self.wheel, draw=draw, at_once=at_once)

    # as people

    def is_live(self, user: MemberId) -> bool:
        return user in self.live

    def is_sharing(self, user: MemberId) -> bool:
        return user in self.live and user not in self.secretive

    def update_track(self, user: MemberId, track: Track | None) -> Refused | None:
        if user not in self.live:
            return NOT_LIVE
        self.heard.append((user, None if track is None else track.id))
        return None

    def forget_taste(self, user: MemberId) -> None:
        self.heard.append((user, "forgotten"))

    # as players

    async def playing(self, user: MemberId) -> Playing | None:
        self.asked.setdefault(user, []).append(self.clock.now_ms())
        if self.held is not None:
            self.waiting += 1
            try:
                await self.held.wait()
            finally:
                self.waiting -= 1
        return self.players[user](self.clock.now_ms())

    # as time

    async def go_live(self, user: MemberId, player: Callable[[float], Playing | None]) -> None:
        self.live.add(user)
        self.players[user] = player
        self.polling.begin(user)
        await self.settle()

    async def turn(self, by_ms: float) -> None:
        until = self.clock.now_ms() + by_ms
        while self.clock.now_ms() < until:
            self.wheel.turn(self.clock.turn(100.0) / 1000)
            await self.settle()

    async def settle(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    def times(self, user: MemberId = ANN) -> int:
        return len(self.asked.get(user, ()))


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    street = Street()
    yield street
    await street.polling.aclose()


def plays(track: Track, *, begun_ms: float = 0.0, length_ms: float = 200_000) -> Callable[[float], Playing]:
    return lambda now: Playing(track, True, now - begun_ms, length_ms, begun_ms)


def raising(problem: Exception) -> Callable[[float], Playing | None]:
    def player(_: float) -> Playing | None:
        raise problem

    return player


# -- how often, how soon


@pytest.mark.parametrize("restless", [0.0, 0.5, 1.0])
async def test_few_questions_find_most_changes_within_seconds(street: Street, restless: float) -> None:
    hours = 1.0
    crowd = {MemberId(str(seed)): Listener(seed, hours, restless=restless) for seed in range(60)}
    for user, listener in crowd.items():
        await street.go_live(user, listener.said)
    await street.turn(hours * 3_600_000)

    stale: list[float] = []
    for user, listener in crowd.items():
        asked = iter(street.asked[user])
        at_ms = next(asked)
        for change in listener.changes:
            while at_ms < change:
                at_ms = next(asked, street.clock.now_ms())
            stale.append(at_ms - change)
    calls = sum(map(len, street.asked.values())) / (len(crowd) * hours * 60)
    median = sorted(stale)[len(stale) // 2]
    assert len(stale) > 1_000
    assert calls <= 1.2
    assert median <= 5_000


async def test_the_end_of_a_track_is_when_to_ask(street: Street) -> None:
    def player(now: float) -> Playing:
        return plays(SONG)(now) if now < 200_000 else plays(NEXT, begun_ms=200_000)(now)

    await street.go_live(ANN, player)
    await street.turn(202_000)
    assert street.heard == [(ANN, "song"), (ANN, "next")]
    assert street.times() <= 5


async def test_nothing_plays_is_asked_about_ever_less_often(street: Street) -> None:
    await street.go_live(ANN, lambda _: None)
    await street.turn(10 * MINUTE_MS)
    early = street.times()
    await street.turn(10 * MINUTE_MS)
    assert street.times() - early <= 4
    assert street.heard == []


async def test_a_pause_is_nothing_playing_and_going_on_is_found(street: Street) -> None:
    def player(now: float) -> Playing:
        paused = 10_000 <= now < 60_000
        return Playing(SONG, not paused, 5_000, 200_000, None)

    await street.go_live(ANN, player)
    await street.turn(3 * MINUTE_MS)
    assert street.heard == [(ANN, "song"), (ANN, None), (ANN, "song")]


@pytest.mark.parametrize("progress_ms", [None, 250_000.0, 1e14])
@pytest.mark.parametrize("changed_at_ms", [None, 0.0, 1e14])
@pytest.mark.parametrize("length_ms", [0.0, 200_000.0, 1e15])
async def test_an_odd_answer_costs_no_more_questions(
    street: Street, progress_ms: float | None, changed_at_ms: float | None, length_ms: float
) -> None:
    await street.go_live(ANN, lambda _: Playing(SONG, True, progress_ms, length_ms, changed_at_ms))
    await street.turn(30 * MINUTE_MS)
    assert 3 <= street.times() <= 1.2 * 30 + 4
    assert street.heard == [(ANN, "song")]


async def test_progress_that_is_not_told_follows_from_the_last_change(street: Street) -> None:
    def player(now: float) -> Playing:
        track, begun = (SONG, 0.0) if now < 200_000 else (NEXT, 200_000.0)
        return Playing(track, True, None, 200_000, begun)

    await street.go_live(ANN, player)
    await street.turn(202_000)
    assert street.heard == [(ANN, "song"), (ANN, "next")]


# -- whom


async def test_nobody_is_asked_about_who_is_not_live(street: Street) -> None:
    street.players[ANN] = plays(SONG)
    street.polling.begin(ANN)
    assert await street.polling.refresh(ANN) is NOT_LIVE
    await street.turn(MINUTE_MS)
    assert street.times() == 0


async def test_who_goes_is_forgotten_at_once_and_an_answer_under_way_is_not_heard(street: Street) -> None:
    street.held = asyncio.Event()
    await street.go_live(ANN, plays(SONG))
    assert street.waiting == 1
    street.live.discard(ANN)
    street.polling.end(ANN)
    assert len(street.polling) == 0
    street.held.set()
    await street.turn(MINUTE_MS)
    assert street.heard == []
    assert street.times() == 1


async def test_without_a_player_nobody_is_asked_again_until_there_is_one(street: Street) -> None:
    await street.go_live(ANN, raising(NoPlayer()))
    await street.turn(10 * MINUTE_MS)
    assert street.times() == 1
    assert len(street.polling) == 0
    street.players[ANN] = plays(SONG)
    street.polling.begin(ANN)
    await street.settle()
    assert street.heard == [(ANN, "song")]


async def test_a_consent_that_is_gone_takes_the_track_back(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    street.players[ANN] = raising(NoPlayer())
    await street.turn(4 * MINUTE_MS)
    assert street.heard == [(ANN, "song"), (ANN, None)]


async def test_who_does_not_share_is_not_asked_about(street: Street) -> None:
    street.secretive.add(ANN)
    await street.go_live(ANN, plays(SONG))
    street.polling.heed(ANN)
    await street.turn(10 * MINUTE_MS)
    assert street.times() == 0
    street.secretive.discard(ANN)
    street.polling.heed(ANN)
    await street.settle()
    assert street.heard == [(ANN, "song")]


async def test_sharing_no_more_takes_the_track_back_and_ends_the_questions(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    street.secretive.add(ANN)
    street.polling.heed(ANN)
    assert street.heard == [(ANN, "song"), (ANN, None)]
    await street.turn(10 * MINUTE_MS)
    assert street.times() == 1
    assert len(street.polling) == 0


async def test_whoever_disconnects_leaves_neither_a_track_nor_a_taste(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    street.polling.forget(ANN)
    assert street.heard == [(ANN, "song"), (ANN, None), (ANN, "forgotten")]
    assert len(street.polling) == 0


# -- asking now


async def test_who_does_not_share_is_asked_about_once_when_they_wish_it(street: Street) -> None:
    street.secretive.add(ANN)
    await street.go_live(ANN, plays(SONG))
    assert await street.polling.refresh(ANN) is None
    assert street.heard == [(ANN, "song")]
    await street.turn(10 * MINUTE_MS)
    assert street.times() == 1
    assert street.heard == [(ANN, "song"), (ANN, None)]
    assert len(street.polling) == 0


async def test_who_was_asked_about_once_and_shares_from_then_on_is_followed(street: Street) -> None:
    street.secretive.add(ANN)
    await street.go_live(ANN, plays(SONG))
    await street.polling.refresh(ANN)
    street.secretive.discard(ANN)
    street.polling.heed(ANN)
    street.players[ANN] = plays(NEXT, begun_ms=200_000)
    await street.turn(4 * MINUTE_MS)
    assert (ANN, "next") in street.heard


@pytest.mark.parametrize("problem", [Unavailable("no"), Resting("no", 20.0)])
async def test_asking_once_and_failing_is_not_tried_again(street: Street, problem: Exception) -> None:
    street.secretive.add(ANN)
    await street.go_live(ANN, raising(problem))
    assert await street.polling.refresh(ANN) is not None
    await street.turn(10 * MINUTE_MS)
    assert street.times() == 1
    assert len(street.polling) == 0


async def test_asking_now_asks_once_for_all_who_wait(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    await street.turn(FRESH_MS + 1_000)
    street.held = asyncio.Event()
    before = street.times()
    asking = [asyncio.ensure_future(street.polling.refresh(ANN)) for _ in range(5)]
    await street.settle()
    street.held.set()
    assert await asyncio.gather(*asking) == [None] * 5
    assert street.times() == before + 1


async def test_an_answer_of_seconds_ago_is_good_enough(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    assert await street.polling.refresh(ANN) is None
    assert street.times() == 1


async def test_asking_now_again_and_again_is_refused_and_counts(street: Street) -> None:
    await street.go_live(ANN, plays(SONG, length_ms=10_000_000))
    refusals = 0
    for _ in range(30 * 10):
        await street.turn(6_000)
        refusals += await street.polling.refresh(ANN) is not None
    assert refusals > 200
    assert street.times() <= 1.2 * 30 + 4


async def test_whoever_goes_offline_while_asking_hears_so(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    await street.turn(FRESH_MS + 1_000)
    street.held = asyncio.Event()
    asking = asyncio.ensure_future(street.polling.refresh(ANN))
    await street.settle()
    street.polling.end(ANN)
    assert await asking is NOT_LIVE


# -- trouble


async def test_one_rest_counts_for_everybody(street: Street) -> None:
    await street.go_live(ANN, raising(Resting("limited", 600.0)))
    await street.go_live(BOB, plays(SONG))
    refused = await street.polling.refresh(BOB)
    assert refused is not None
    assert refused.reason is Reason.RATE_LIMITED
    await street.turn(600_000)
    assert (street.times(ANN), street.times(BOB)) == (1, 0)
    street.players[ANN] = plays(SONG)
    await street.turn(5_000)
    assert sorted(street.heard) == [(ANN, "song"), (BOB, "song")]


async def test_whoever_asks_is_told_of_the_rest_and_of_no_more_also_while_it_is_being_learnt(
    street: Street,
) -> None:
    street.held = asyncio.Event()
    await street.go_live(ANN, raising(Resting("limited", 3_600.0)))
    asking = asyncio.create_task(street.polling.refresh(ANN))
    await street.settle()
    street.held.set()
    refused = await asking
    assert refused is not None
    assert (refused.reason, refused.retry_after_s) == (Reason.UNAVAILABLE, 3_600.0)


@pytest.mark.parametrize("problem", [Unavailable("down"), ZeroDivisionError()])
async def test_trouble_of_one_is_not_that_of_others(street: Street, problem: Exception) -> None:
    await street.go_live(ANN, raising(problem))
    await street.go_live(BOB, plays(SONG))
    await street.turn(10 * MINUTE_MS)
    assert street.heard == [(BOB, "song")]
    assert 3 <= street.times(ANN) <= 8
    street.players[ANN] = plays(NEXT)
    await street.turn(11 * MINUTE_MS)
    assert (ANN, "next") in street.heard


async def test_slow_players_hold_up_only_as_many_as_are_asked_at_once() -> None:
    street = Street(at_once=4)
    street.held = asyncio.Event()
    people = [MemberId(f"p{number}") for number in range(10)]
    for person in people:
        await street.go_live(person, plays(SONG))
    assert street.waiting == 4
    held, street.held = street.held, None
    held.set()
    await street.settle()
    await street.settle()
    assert {person for person, _ in street.heard} == set(people)
    await street.polling.aclose()


async def test_a_track_that_must_have_ended_is_taken_back_while_nobody_answers(street: Street) -> None:
    await street.go_live(ANN, plays(SONG))
    street.players[ANN] = raising(Resting("limited", 3_600.0))
    await street.turn(200_000 + OVER_MS + 1_000)
    assert street.heard == [(ANN, "song"), (ANN, None)]
    asked = street.times()
    await street.turn(30 * MINUTE_MS)
    assert street.times() == asked


async def test_closing_ends_what_is_under_way(street: Street) -> None:
    street.held = asyncio.Event()
    await street.go_live(ANN, plays(SONG))
    await street.polling.aclose()
    assert street.waiting == 0
    assert len(street.polling) == 0
