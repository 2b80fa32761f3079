"""The controller: what it does with one sample, and how a room of modelled players keeps together by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.follower import House, Viewer, percentile, settled_after_ms, spreads
from tests.simulation.link import LAN, MOBILE, WAN, Profile
from tests.simulation.player import BROWSER, MPV, SLUGGISH, Nature
from tutti_client.follow import MUSIC, TRIM, VIDEO, Action, Follower, Limits, Sample, State

FRAME_MS = 40.0
CARDS_PPM = (100.0, -100.0, 40.0, 0.0)


def sample(
    error_ms: float,
    now_ms: float = 0.0,
    *,
    playing: bool = True,
    state: State = "playing",
    bound_ms: float = 0.5,
) -> Sample:
    target = 60_000.0 + (now_ms if playing else 0.0)
    return Sample(now_ms, target + error_ms, target, playing, 1.0, state, bound_ms)


def told(follower: Follower, *samples: Sample) -> tuple[Follower, Action]:
    action = Action(1.0)
    for one in samples:
        follower, action = follower.step(one)
    return follower, action


def steady(error_ms: float, *, limits: Limits = MUSIC, bound_ms: float = 0.5) -> Action:
    """What is done about an error that arises in a player that was on the spot."""
    calm = told(Follower(limits), *(sample(0.0, n * 100.0) for n in range(5)))[0]
    return told(calm, *(sample(error_ms, 500.0 + n * 100.0, bound_ms=bound_ms) for n in range(2)))[1]


# One sample at a time


@pytest.mark.parametrize(("limits", "most"), [(MUSIC, 0.03), (VIDEO, 0.08)])
def test_an_error_of_some_forty_milliseconds_is_caught_up_at_no_more_than_the_limit(
    limits: Limits, most: float
) -> None:
    assert 1.0 + TRIM < steady(-70.0, limits=limits).rate <= 1.0 + most
    assert 1.0 - most <= steady(70.0, limits=limits).rate < 1.0 - TRIM


@pytest.mark.parametrize("error_ms", [-30.0, -8.0, 8.0, 30.0])
def test_a_smaller_one_is_trimmed_away_unheard(error_ms: float) -> None:
    action = steady(error_ms)
    assert 0.0 < abs(action.rate - 1.0) <= TRIM + 1e-9
    assert (action.rate > 1.0) is (error_ms < 0.0)


def test_a_player_that_is_far_behind_is_held_and_sought_ahead_at_the_rooms_own_speed() -> None:
    action = steady(-3_000.0)
    assert action.hold
    assert action.rate == 1.0
    assert action.seek_to_ms is not None
    assert action.seek_to_ms > 60_600.0


def test_a_player_that_is_ahead_is_held_without_a_seek_until_the_room_comes() -> None:
    action = steady(700.0)
    assert action == Action(1.0, hold=True, look_in_ms=action.look_in_ms)
    assert action.look_in_ms == pytest.approx(700.0)


def test_one_strange_reading_moves_nothing() -> None:
    calm = told(Follower(MUSIC), *(sample(0.0, n * 100.0) for n in range(5)))[0]
    assert told(calm, sample(-5_000.0, 500.0))[1] == Action(1.0)
    assert told(calm, sample(float("nan"), 500.0))[1] == Action(1.0)


@pytest.mark.parametrize("state", ["seeking", "buffering", "background"])
def test_what_a_player_says_meanwhile_is_thrown_away(state: State) -> None:
    unsettled = (sample(-9_000.0, n * 100.0, state=state) for n in range(20))
    follower, action = told(Follower(MUSIC), *unsettled)
    assert action == Action(1.0)
    assert follower.error_ms is None
    assert follower.corrections == ()


def test_an_error_inside_the_clocks_bound_is_not_worth_a_seek_but_is_worked_off() -> None:
    action = steady(-150.0, bound_ms=200.0)
    assert action.seek_to_ms is None
    assert action.rate > 1.0


def test_a_paused_player_is_put_on_the_spot_once_though_it_lands_beside_it() -> None:
    stopping = told(Follower(MUSIC), sample(12.0, playing=False))
    assert stopping[1] == Action(1.0, hold=True)
    stopped = told(stopping[0], sample(12.0, 100.0, playing=False, state="paused"))
    assert stopped[1] == Action(1.0, seek_to_ms=60_000.0, hold=True)
    landed = told(stopped[0], sample(17.0, 200.0, playing=False, state="paused"))
    assert landed[1] == Action(1.0, hold=True)


def test_a_held_player_is_let_go_when_the_room_has_come() -> None:
    waiting, action = told(Follower(MUSIC), sample(300.0, state="paused"))
    assert action.hold
    assert action.look_in_ms == pytest.approx(300.0)
    assert told(waiting, replace(sample(0.0, 300.0, state="paused"), position_ms=60_300.0))[1] == Action(1.0)


def test_the_cost_of_a_seek_is_learned_and_a_stall_is_not() -> None:
    def after(took_ms: float, *meanwhile: Sample) -> Follower:
        sought, action = told(Follower(MUSIC), sample(-9_000.0))
        assert action.seek_to_ms is not None
        landed = replace(sample(0.0, took_ms, state="paused"), position_ms=action.seek_to_ms)
        return told(sought, *meanwhile, landed)[0]

    unknown = Follower(MUSIC).costs.lead_ms
    assert after(60.0).costs.lead_ms < unknown / 2
    assert after(1_200.0).costs.lead_ms > unknown * 2
    assert after(9_000.0).costs.lead_ms == unknown
    assert after(1_200.0, sample(-9_000.0, 500.0, state="buffering")).costs.lead_ms == unknown


def test_a_rooms_move_needs_no_patience() -> None:
    follower = Follower(MUSIC, free=False, corrections=(0.0, 1_000.0, 3_000.0), hold_off_ms=4_000.0)
    far = sample(-9_000.0, 5_000.0)
    assert told(follower, far)[1].seek_to_ms is None
    assert told(follower.forgiven(), far)[1].seek_to_ms is not None


# A room of players


def audience(house: House, link: Profile, nature: Nature, limits: Limits) -> None:
    for ppm in CARDS_PPM:
        house.admit(link, replace(nature, card_ppm=ppm), limits)


def playing_house(seed: int, link: Profile, nature: Nature, limits: Limits, for_ms: float = 8_000.0) -> House:
    house = House(seed)
    audience(house, link, nature, limits)
    house.run(1_500.0)
    house.move(0.0, playing=True)
    house.run(for_ms)
    return house


BROWSED = replace(VIDEO, lag_ms=BROWSER.lag_ms, start_ms=70.0)
PLAYERS = [
    pytest.param(MPV, MUSIC, id="mpv"),
    pytest.param(BROWSER, BROWSED, id="browser"),
    pytest.param(SLUGGISH, MUSIC, id="sluggish"),
]


@pytest.mark.parametrize(("nature", "limits"), PLAYERS)
@pytest.mark.parametrize(
    ("link", "most"),
    [
        pytest.param(LAN, (2.0, 8.0, 15.0), id="lan"),
        pytest.param(WAN, (8.0, 20.0, 35.0), id="wan"),
        pytest.param(MOBILE, (30.0, 60.0, 80.0), id="mobile"),
    ],
)
def test_a_steady_room_is_together(
    link: Profile, most: tuple[float, float, float], nature: Nature, limits: Limits
) -> None:
    """`most`: what half, 95 % and 99 % of the time may see between the outermost two."""
    apart: list[float] = []
    rates: list[float] = []
    for seed in range(3):
        house = playing_house(seed, link, nature, limits)
        began = house.now_ms
        house.run(40_000.0)
        apart += spreads(house.viewers, began)
        rates += [abs(rate - 1) for one in house.viewers for at, rate in one.rates if at >= began]
        assert not any(sought >= began for one in house.viewers for sought in one.player.seeks)
    for share, ms in zip((0.5, 0.95, 0.99), most, strict=True):
        assert percentile(apart, share) <= ms
    assert percentile(rates, 0.95) <= TRIM + 1e-9


@pytest.mark.parametrize(("nature", "limits"), PLAYERS)
@pytest.mark.parametrize(
    ("link", "within_ms"), [pytest.param(LAN, 1_500.0, id="lan"), pytest.param(WAN, 2_000.0, id="wan")]
)
def test_after_a_play_or_a_seek_all_are_soon_together(
    link: Profile, within_ms: float, nature: Nature, limits: Limits
) -> None:
    took: list[float] = []
    for seed in range(10):
        house = playing_house(seed, link, nature, limits, for_ms=6_000.0)
        played = 1_500.0 + 150.0
        took += [settled_after_ms(one, played) for one in house.viewers]
        for to in (300_000.0, 100_000.0):
            sought = house.move(to, playing=True)
            house.run(5_000.0)
            took += [settled_after_ms(one, sought) for one in house.viewers]
    assert percentile(took, 0.95) <= within_ms


@pytest.mark.parametrize(("nature", "limits"), PLAYERS)
@pytest.mark.parametrize(
    ("link", "within_ms"), [pytest.param(LAN, 2_500.0, id="lan"), pytest.param(WAN, 4_000.0, id="wan")]
)
def test_a_latecomer_is_soon_there(link: Profile, within_ms: float, nature: Nature, limits: Limits) -> None:
    took = []
    for seed in range(12):
        house = House(seed)
        house.move(0.0, playing=True)
        house.run(30_000.0)
        late = house.admit(link, nature, limits)
        house.run(8_000.0)
        took.append(settled_after_ms(late, late.joins_at_ms))
    assert percentile(took, 0.95) <= within_ms


@pytest.mark.parametrize(("nature", "limits"), PLAYERS)
def test_paused_players_stand_within_a_frame_of_each_other(nature: Nature, limits: Limits) -> None:
    house = playing_house(1, WAN, nature, limits)
    house.move(8_000.0, playing=False)
    house.run(2_000.0)
    assert max(spreads(house.viewers, house.now_ms - 100.0)) <= FRAME_MS


def stalled(seed: int, nature: Nature, limits: Limits, stall_ms: float) -> tuple[House, Viewer, float]:
    house = playing_house(seed, LAN, nature, limits)
    straggler = house.viewers[0]
    if stall_ms:
        straggler.player.stall(stall_ms)
    over = house.now_ms + stall_ms
    house.run(stall_ms + 9_000.0)
    return house, straggler, over


@pytest.mark.parametrize(("nature", "limits"), PLAYERS)
def test_a_straggler_is_back_in_every_one_of_thirty_runs_and_never_sought_for_ever(
    nature: Nature, limits: Limits
) -> None:
    took = []
    for seed in range(30):
        _, straggler, over = stalled(seed, nature, limits, 3_000.0)
        took.append(settled_after_ms(straggler, over))
        assert len([at for at in straggler.player.seeks if at >= over - 3_000.0]) <= 3
    assert max(took) <= 6_000.0
    assert percentile(took, 0.5) <= 2_000.0


def test_a_straggler_catches_up_alone() -> None:
    with_stall = stalled(4, SLUGGISH, MUSIC, 3_000.0)[0]
    without = stalled(4, SLUGGISH, MUSIC, 0.0)[0]
    for one, same in zip(with_stall.viewers[1:], without.viewers[1:], strict=True):
        assert one.rates[: len(same.rates)] == same.rates
        assert one.errors[: len(same.errors)] == same.errors


def test_a_player_that_stalls_at_every_turn_is_sought_three_times_in_half_a_minute_at_most() -> None:
    house = playing_house(2, LAN, SLUGGISH, MUSIC)
    struggling = house.viewers[0]
    began = house.now_ms
    for _ in range(60):
        struggling.player.stall(1_500.0)
        house.run(2_500.0)
    seeks = [at for at in struggling.player.seeks if at >= began]
    assert len(seeks) > 3
    assert all(later - earlier >= 30_000.0 for earlier, later in zip(seeks, seeks[3:], strict=False))


def test_a_minute_without_the_server_leaves_a_player_where_the_room_is() -> None:
    house = playing_house(3, LAN, MPV, MUSIC, for_ms=60_000.0)
    cut = house.viewers[0]
    cut.station.cut()
    began = house.now_ms
    house.run(60_000.0)
    assert max(abs(error) for at, error in cut.errors if at >= began) <= 10.0
