"""Our Spotify client against the stand-in server: real HTTP, a clock turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.infra_identity.serving import serving
from tutti.core.ids import MemberId
from tutti.infra.spotify import SpotifyIdentity, TrackFacts
from tutti.infra.spotify_standin import Behaviour, StandIn, standin_app
from tutti.infra.tokens import ChainIdentity, JwtIdentity
from tutti.service.ports import Principal, Unavailable

ANN = "standin:ann:Ann Example"
TRACK = "spotify:track:3n3Ppam7vgaVa1iaRUc9Lp"
NO_TRACK = "spotify:track:3n3Ppam7vgaVa1iaRU1404"

pytestmark = pytest.mark.asyncio(
    loop_scope="module"
)  # one server for all of them: starting it is the slow part


class Time:
    def __init__(self) -> None:
        self.ms = 1_000_000.0

    def __call__(self) -> float:
        return self.ms


@dataclass
class World:
    standin: StandIn
    http: httpx.AsyncClient
    time: Time
    url: str
    spotify: SpotifyIdentity

    def calls(self) -> int:
        return sum(self.standin.calls.values())

    def other_client(self, *, timeout_s: float = 3.0, remembered: int = 100) -> SpotifyIdentity:
        return SpotifyIdentity(
            self.http, self.time, api_url=self.url, timeout_s=timeout_s, remembered=remembered
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[tuple[StandIn, str]]:
    standin = StandIn()
    async with serving(standin_app(standin)) as address:
        yield standin, f"http://{address}"


@pytest_asyncio.fixture(loop_scope="module")
async def world(served: tuple[StandIn, str]) -> AsyncIterator[World]:
    standin, url = served
    standin.behave(Behaviour())
    standin.forget_calls()
    time = Time()
    async with httpx.AsyncClient() as http:
        spotify = SpotifyIdentity(http, time, api_url=url)
        yield World(standin, http, time, url, spotify)
        standin.behave(Behaviour())
        await spotify.aclose()


async def unavailable(world: World, token: str = ANN) -> None:
    with pytest.raises(Unavailable):
        await world.spotify.verify(token)


async def test_a_token_is_its_owners(world: World) -> None:
    assert await world.spotify.verify(ANN) == Principal(MemberId("ann"), "Ann Example")
    assert await world.spotify.verify("standin:bob") == Principal(MemberId("bob"), None)


async def test_a_token_spotify_does_not_know_is_nobodys(world: World) -> None:
    assert await world.spotify.verify("BQ-expired") is None
    assert world.calls() == 1


async def test_a_yes_is_remembered_for_five_minutes(world: World) -> None:
    await world.spotify.verify(ANN)
    world.time.ms += 299_999
    await world.spotify.verify(ANN)
    assert world.calls() == 1
    world.time.ms += 1
    await world.spotify.verify(ANN)
    assert world.calls() == 2


async def test_a_no_is_remembered_for_ten_seconds(world: World) -> None:
    await world.spotify.verify("nobody")
    world.time.ms += 9_999
    await world.spotify.verify("nobody")
    assert world.calls() == 1
    world.time.ms += 1
    await world.spotify.verify("nobody")
    assert world.calls() == 2


async def test_only_so_many_are_remembered_and_the_unused_go_first(world: World) -> None:
    spotify = world.other_client(remembered=2)
    for token in ("standin:a", "standin:b", "standin:a", "standin:c"):
        await spotify.verify(token)
    assert world.calls() == 3
    await spotify.verify("standin:a")
    assert world.calls() == 3
    await spotify.verify("standin:b")
    assert world.calls() == 4


async def test_twenty_who_ask_at_once_are_one_call(world: World) -> None:
    world.standin.behave(Behaviour(kind="slow"))
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(world.spotify.verify(ANN)) for _ in range(20)]
        await world.standin.was_called(1)
        world.standin.behave(Behaviour())
    assert {task.result() for task in asking} == {Principal(MemberId("ann"), "Ann Example")}
    assert world.calls() == 1


async def test_who_stops_waiting_does_not_stop_it_for_the_others(world: World) -> None:
    world.standin.behave(Behaviour(kind="slow"))
    first = asyncio.create_task(world.spotify.verify(ANN))
    await world.standin.was_called(1)
    second = asyncio.create_task(world.spotify.verify(ANN))
    first.cancel()
    await asyncio.wait([first])
    world.standin.behave(Behaviour())
    assert await second is not None
    assert first.cancelled()
    assert world.calls() == 1


async def test_closing_ends_what_is_under_way(world: World) -> None:
    world.standin.behave(Behaviour(kind="slow"))
    asking = asyncio.create_task(world.spotify.verify(ANN))
    await world.standin.was_called(1)
    await world.spotify.aclose()
    with pytest.raises(Unavailable):
        await asking


async def test_limited_it_rests_as_long_as_it_is_told(world: World) -> None:
    world.standin.behave(Behaviour(kind="limited", retry_after=7, times=1))
    await unavailable(world)
    world.time.ms += 6_999
    await unavailable(world)
    assert world.calls() == 1
    world.time.ms += 1
    assert await world.spotify.verify(ANN) is not None


@pytest.mark.parametrize("header", [None, "soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "1.5"])
async def test_limited_without_a_number_it_rests_for_spotifys_window(
    world: World, header: str | None
) -> None:
    world.standin.behave(Behaviour(kind="limited", retry_after=header, times=1))
    await unavailable(world)
    world.time.ms += 29_999
    await unavailable(world)
    world.time.ms += 1
    assert await world.spotify.verify(ANN) is not None


async def test_one_limit_counts_for_owners_and_tracks_alike(world: World) -> None:
    world.standin.behave(Behaviour(kind="limited", times=1))
    await unavailable(world)
    with pytest.raises(Unavailable):
        await world.spotify.track(TRACK, ANN)
    assert world.calls() == 1


async def test_while_it_rests_what_is_remembered_still_answers(world: World) -> None:
    await world.spotify.verify(ANN)
    assert await world.spotify.verify("nobody") is None
    world.standin.behave(Behaviour(kind="limited", retry_after=200))
    await unavailable(world, "standin:bob")
    assert await world.spotify.verify(ANN) == Principal(MemberId("ann"), "Ann Example")
    assert await world.spotify.verify("nobody") is None
    await unavailable(world, "standin:cy")
    assert world.calls() == 3


@pytest.mark.parametrize(
    "trouble",
    [
        Behaviour(kind="failing", status=500),
        Behaviour(kind="failing", status=503),
        Behaviour(kind="failing", status=302),
        Behaviour(kind="failing", status=418),
        Behaviour(kind="rubbish"),
    ],
    ids=lambda behaviour: f"{behaviour.kind} {behaviour.status}",
)
async def test_failures_in_a_row_stop_the_calls_and_one_probe_starts_them_again(
    world: World, trouble: Behaviour
) -> None:
    world.standin.behave(trouble)
    for _ in range(7):
        await unavailable(world)
    assert world.calls() == 5
    world.standin.behave(Behaviour())
    await unavailable(world)
    world.time.ms += 2_000
    assert await world.spotify.verify(ANN) is not None
    assert await world.spotify.verify("standin:bob") is not None
    assert world.calls() == 7


async def test_a_failure_is_not_remembered_as_a_no(world: World) -> None:
    world.standin.behave(Behaviour(kind="failing", times=1))
    await unavailable(world)
    assert await world.spotify.verify(ANN) is not None


async def test_a_slow_answer_is_not_waited_for(world: World) -> None:
    asked: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request)

    world.http.event_hooks = {"request": [note]}  # on a busy machine a call may be given up before it arrives
    world.standin.behave(Behaviour(kind="slow"))
    hasty = world.other_client(timeout_s=0.02)
    for _ in range(7):
        with pytest.raises(Unavailable):
            await hasty.verify(ANN)
    assert len(asked) == 5


async def test_nobody_there_is_unavailable() -> None:
    async with httpx.AsyncClient() as http:
        spotify = SpotifyIdentity(http, Time(), api_url="http://127.0.0.1:9", timeout_s=1)
        with pytest.raises(Unavailable):
            await spotify.verify(ANN)


async def test_refused_tokens_never_stop_the_calls(world: World) -> None:
    for number in range(20):
        assert await world.spotify.verify(f"nobody-{number}") is None
    assert await world.spotify.verify(ANN) is not None
    assert world.calls() == 21


@pytest.mark.parametrize(
    "token", ["", " ", "a\nb", "a\0b", "é", "tail ", " head", "a  b", "x" * 2049, "\ud800"]
)
async def test_what_no_header_can_carry_is_not_sent(world: World, token: str) -> None:
    assert await world.spotify.verify(token) is None
    assert await world.spotify.track(TRACK, token) is None
    assert world.calls() == 0


async def test_our_own_tokens_are_not_shown_to_spotify(world: World) -> None:
    expired = JwtIdentity(b"s" * 32, world.time).issue("ann", None, ttl_s=-1)
    assert await world.spotify.verify(expired) is None
    assert await world.spotify.track(TRACK, expired) is None
    assert world.calls() == 0


async def test_a_track_has_a_name_artists_and_a_length(world: World) -> None:
    facts = await world.spotify.track(TRACK, ANN)
    assert isinstance(facts, TrackFacts)
    assert facts.name == "Track 3n3P"
    assert facts.artists.endswith(", Orchestra")
    assert 120_000 <= facts.duration_ms < 360_000
    assert world.standin.calls == {"me": 0, "tracks": 1, "playing": 0, "token": 0}


async def test_a_shared_link_is_the_same_track_and_is_remembered_for_everybody(world: World) -> None:
    link = "https://open.spotify.com/track/3n3Ppam7vgaVa1iaRUc9Lp?si=abc"
    assert await world.spotify.track(TRACK, ANN) == await world.spotify.track(link, "standin:bob")
    assert world.calls() == 1


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "spotify:track:xxx",
        "spotify:episode:3n3Ppam7vgaVa1iaRUc9Lp",
        "spotify:local:a:b:c:1",
        f"{TRACK}/../me",
        f"{TRACK}\n",
    ],
)
async def test_what_is_no_track_is_not_asked_for(world: World, uri: str) -> None:
    assert await world.spotify.track(uri, ANN) is None
    assert world.calls() == 0


async def test_a_track_that_does_not_exist_is_none_for_ten_seconds(world: World) -> None:
    for _ in range(2):
        assert await world.spotify.track(NO_TRACK, ANN) is None
    assert world.calls() == 1
    world.time.ms += 10_000
    await world.spotify.track(NO_TRACK, ANN)
    assert world.calls() == 2


async def test_a_dead_token_says_nothing_about_the_track(world: World) -> None:
    assert await world.spotify.track(TRACK, "dead") is None
    assert await world.spotify.track(TRACK, ANN) is not None


async def test_two_who_ask_for_one_track_at_once_are_answered_by_their_own_tokens(world: World) -> None:
    world.standin.behave(Behaviour(kind="slow"))
    async with asyncio.TaskGroup() as group:
        dead = group.create_task(world.spotify.track(TRACK, "dead"))
        alive = group.create_task(world.spotify.track(TRACK, ANN))
        await world.standin.was_called(2)
        world.standin.behave(Behaviour())
    assert dead.result() is None
    assert alive.result() is not None


async def test_a_token_that_died_is_forgotten(world: World) -> None:
    """Spotify's 401 to a track is newer than the remembered yes."""
    await world.spotify.verify(ANN)
    world.standin.behave(Behaviour(kind="failing", status=401, times=1))
    assert await world.spotify.track(TRACK, ANN) is None
    await world.spotify.verify(ANN)
    assert world.standin.calls == {"me": 2, "tracks": 1, "playing": 0, "token": 0}


@given(st.text(max_size=40))
@settings(max_examples=40)
async def test_any_text_is_a_yes_a_no_or_unavailable(token: str) -> None:
    async with httpx.AsyncClient(verify=False) as http:  # reading the certificates takes longer than the test
        spotify = SpotifyIdentity(http, Time(), api_url="http://127.0.0.1:9", timeout_s=1)
        try:
            assert await spotify.verify(token) is None
        except Unavailable:
            assert token.isascii()


async def test_one_that_knows_is_enough(world: World) -> None:
    ours = JwtIdentity(b"s" * 32, world.time)
    chain = ChainIdentity(ours, world.spotify)
    token = ours.issue("cy", None, ttl_s=60)
    assert await chain.verify(ANN) == Principal(MemberId("ann"), "Ann Example")
    owner = await chain.verify(token)
    assert owner is not None
    assert owner.id == "cy"
    assert world.calls() == 1
    world.standin.behave(Behaviour(kind="failing"))
    assert await ChainIdentity(world.spotify, ours).verify(token) == owner


async def test_no_only_if_everybody_says_no(world: World) -> None:
    ours = JwtIdentity(b"s" * 32, world.time)
    assert await ChainIdentity(ours, world.spotify).verify("nobody") is None
    assert await ChainIdentity().verify("nobody") is None
    world.standin.behave(Behaviour(kind="failing"))
    for chain in (ChainIdentity(ours, world.spotify), ChainIdentity(world.spotify, ours)):
        with pytest.raises(Unavailable):
            await chain.verify("somebody")
