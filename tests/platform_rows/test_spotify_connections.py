"""The tokens that people trusted us with: sealed, fresh, asked for once, given up when the consent is gone, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from tests.platform_rows.desk import SECRET, Desk
from tests.platform_rows.spotify_world import World, world_of
from tutti.core.ids import MemberId
from tutti.infra.spotify_standin import Behaviour
from tutti.infra.spotify_standin.behaviour import Endpoint
from tutti.infra.spotify_standin.listeners import Do
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.accounts.tokens import Previous
from tutti.platform.spotify.schemas import State
from tutti.platform.spotify.vault import Unreadable, Vault
from tutti.service.nearby.players import NoPlayer, Playing, Resting
from tutti.service.ports import Unavailable

HOUR_MS = 3_600_000.0
OTHER_SECRET = b"another secret of more than thirty-two bytes"


@pytest.fixture
async def world(database: Database, desk: Desk) -> AsyncIterator[World]:
    async with world_of(database, desk) as world:
        yield world


async def state(world: World, user: MemberId) -> State | None:
    connection = await world.connections.connection(user)
    return None if connection is None else connection.state


async def playing(world: World, user: MemberId) -> Playing:
    found = await world.connections.playing(user)
    assert found is not None
    return found


async def sealed(world: World, user: MemberId) -> str | None:
    async with world.database.reading() as db:
        asked = text("SELECT sealed FROM spotify_connections WHERE user_id = :user")
        found: str | None = await db.scalar(asked, {"user": user})
        return found


# -- what plays


async def test_what_plays_is_told_as_spotify_tells_it(world: World) -> None:
    ann = await world.connected()
    track = "3n3Ppam7vgaVa1iaRUc9Lp"
    world.standin.listener("ann").do(Do("play", track=track), world.clock())
    world.clock.turn(5_000)
    found = await playing(world, ann)
    assert (found.track.id, found.track.name, found.is_playing) == (track, "Track 3n3P", True)
    assert found.track.artists[-1] == "Orchestra"
    assert found.progress_ms == 5_000
    assert found.changed_at_ms == world.clock() - 5_000


async def test_nothing_plays_a_pause_and_a_missing_progress_are_told_apart(world: World) -> None:
    ann = await world.connected()
    listener = world.standin.listener("ann")
    listener.do(Do("pause"), world.clock())
    assert not (await playing(world, ann)).is_playing
    listener.do(Do("play", progress="missing"), world.clock())
    assert (await playing(world, ann)).progress_ms is None
    listener.do(Do("none", progress="overrun"), world.clock())
    found = await playing(world, ann)
    assert found.progress_ms is not None
    assert found.progress_ms > found.duration_ms
    listener.do(Do("stop"), world.clock())
    assert await world.connections.playing(ann) is None


async def test_who_is_not_connected_has_no_player(world: World) -> None:
    with pytest.raises(NoPlayer):
        await world.connections.playing(MemberId("nobody"))
    assert world.standin.calls["playing"] == 0


# -- fresh tokens


async def test_a_token_is_refreshed_before_it_expires(world: World) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS - 60_000)
    await playing(world, ann)
    assert world.standin.calls["token"] == 2
    assert world.standin.calls["playing"] == 1
    await playing(world, ann)
    assert world.standin.calls["token"] == 2


async def test_a_token_that_expired_early_is_refreshed_once(world: World) -> None:
    ann = await world.connected()
    world.standin.consents.expire("ann")
    await playing(world, ann)
    assert (world.standin.calls["token"], world.standin.calls["playing"]) == (2, 2)


async def test_many_who_need_a_fresh_token_at_once_get_one(world: World) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS)
    await asyncio.gather(*(playing(world, ann) for _ in range(10)))
    assert world.standin.calls["token"] == 2


async def test_whoever_stops_waiting_does_not_stop_a_refresh_for_others(world: World) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS)
    world.standin.behave(Behaviour(kind="slow", only=("token",)))
    called = sum(world.standin.calls.values()) + 1
    first = asyncio.ensure_future(playing(world, ann))
    second = asyncio.ensure_future(playing(world, ann))
    await world.standin.was_called(called)
    first.cancel()
    world.standin.behave(Behaviour())
    assert (await second).is_playing
    assert world.standin.calls["token"] == 2


@pytest.mark.parametrize("rotates", [False, True])
async def test_refreshing_goes_on_for_as_long_as_there_is_consent(world: World, rotates: bool) -> None:
    ann = await world.connected()
    world.standin.consents.rotates = rotates
    for _ in range(5):
        world.clock.turn(HOUR_MS)
        await playing(world, ann)
    assert world.standin.calls["token"] == 6
    assert await state(world, ann) is State.CONNECTED


async def test_two_processes_that_rotate_the_same_token_do_not_lose_it(world: World) -> None:
    ann = await world.connected()
    world.standin.consents.rotates = True
    other = world.after_restart()
    world.clock.turn(HOUR_MS)
    world.standin.behave(Behaviour(kind="slow", only=("token",)))
    called = sum(world.standin.calls.values()) + 2
    both = [asyncio.ensure_future(playing(one, ann)) for one in (world, other)]
    await world.standin.was_called(called)
    world.standin.behave(Behaviour())
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert any(isinstance(outcome, Playing) for outcome in outcomes)
    assert await state(world, ann) is State.CONNECTED
    assert (await playing(other, ann)).is_playing


# -- a consent that is gone


async def test_a_revoked_consent_is_told_once_and_never_asked_about_again(world: World) -> None:
    ann = await world.connected()
    world.standin.consents.revoke("ann")
    for _ in range(5):
        with pytest.raises(NoPlayer):
            await world.connections.playing(ann)
        world.clock.turn(HOUR_MS)
    assert world.standin.calls["token"] == 2
    assert world.lost == [ann]
    assert await state(world, ann) is State.REAUTH_REQUIRED
    assert await sealed(world, ann) is None


async def test_connecting_again_goes_on(world: World) -> None:
    ann = await world.connected()
    world.standin.consents.revoke("ann")
    with pytest.raises(NoPlayer):
        await world.connections.playing(ann)
    assert await world.connected() == ann
    assert await state(world, ann) is State.CONNECTED
    await playing(world, ann)


async def test_whoever_connected_again_meanwhile_is_not_lost(world: World) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS)
    world.standin.behave(Behaviour(kind="slow", only=("token",)))
    called = sum(world.standin.calls.values()) + 1
    asking = asyncio.ensure_future(playing(world, ann))
    await world.standin.was_called(called)
    world.standin.consents.revoke("ann")
    released = Behaviour()
    world.standin.behaviour = released  # the one who signs in is not held
    assert await world.connected() == ann
    world.standin.behave(released)
    assert (await asking).is_playing
    assert await state(world, ann) is State.CONNECTED
    assert world.lost == []


async def test_an_app_that_may_not_ask_has_no_player(world: World) -> None:
    ann = await world.connected()
    world.standin.behave(Behaviour(kind="failing", status=403, only=("playing",)))
    with pytest.raises(NoPlayer):
        await world.connections.playing(ann)
    assert world.lost == []


# -- trouble


@pytest.mark.parametrize("endpoint", ["token", "playing"])
@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(kind="failing", status=500),
        Behaviour(kind="failing", status=302),
        Behaviour(kind="rubbish"),
        Behaviour(kind="rubbish", body="[" * 50_000),
        Behaviour(kind="rubbish", body='{"is_playing": true, "item": {"id": 5}, "error": {}}'),
        Behaviour(kind="rubbish", body="x" * 300_000),
    ],
)
async def test_trouble_at_spotify_is_unavailable_and_costs_nobody_their_connection(
    world: World, behaviour: Behaviour, endpoint: Endpoint
) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS)
    world.standin.behave(replace(behaviour, only=(endpoint,)))
    with pytest.raises(Unavailable):
        await world.connections.playing(ann)
    world.standin.behave(Behaviour())
    await playing(world, ann)
    assert world.lost == []


async def test_a_slow_spotify_is_not_waited_for(world: World) -> None:
    ann = await world.connected()
    hasty = World(world.database, world.desk, world.standin, world.http, timeout_s=0.02)
    world.standin.behave(Behaviour(kind="slow"))
    with pytest.raises(Unavailable):
        await hasty.connections.playing(ann)


@pytest.mark.parametrize("retry_after", [1, 90, 3_600])
async def test_a_limit_counts_for_everybody_for_as_long_as_spotify_says(
    world: World, retry_after: int
) -> None:
    ann, bob = await world.connected("ann"), await world.connected("bob")
    world.standin.behave(Behaviour(kind="limited", retry_after=retry_after, times=1))
    calls = sum(world.standin.calls.values())
    for user in (ann, bob, ann):
        with pytest.raises(Resting) as caught:
            await world.connections.playing(user)
        assert caught.value.retry_after_s == retry_after
    assert sum(world.standin.calls.values()) == calls + 1
    world.clock.turn(retry_after * 1000)
    await playing(world, bob)


# -- sealed


async def test_a_database_without_the_secret_tells_nothing(world: World) -> None:
    ann = await world.connected()
    kept = await sealed(world, ann)
    assert kept is not None
    with pytest.raises(Unreadable):
        Vault(OTHER_SECRET, world.clock).open(ann, kept)
    access, refresh = world.vault.open(ann, kept)
    assert access in world.standin.consents._access
    assert refresh in world.standin.consents._refresh


async def test_somebody_elses_row_does_not_open(world: World) -> None:
    ann, bob = await world.connected("ann"), await world.connected("bob")
    async with world.database.writing() as db:
        await db.execute(
            text("UPDATE spotify_connections SET sealed = :sealed WHERE user_id = :user"),
            {"sealed": await sealed(world, ann), "user": bob},
        )
    with pytest.raises(NoPlayer):
        await world.connections.playing(bob)
    assert world.lost == [bob]
    await playing(world, ann)


async def test_a_new_secret_reads_what_the_old_one_sealed_until_the_deadline(world: World) -> None:
    ann, bob = await world.connected("ann"), await world.connected("bob")
    previous = Previous(SECRET, world.clock() + HOUR_MS)
    later = world.after_restart(OTHER_SECRET, previous)
    await playing(later, ann)
    assert await later.connections.reseal() == 2
    assert await later.connections.reseal() == 0
    world.clock.turn(2 * HOUR_MS)
    alone = world.after_restart(OTHER_SECRET)
    await playing(alone, ann)
    await playing(alone, bob)
    assert alone.lost == []


async def test_after_the_deadline_whoever_was_not_sealed_anew_has_to_connect_again(world: World) -> None:
    ann = await world.connected()
    previous = Previous(SECRET, world.clock() + HOUR_MS)
    later = world.after_restart(OTHER_SECRET, previous)
    world.clock.turn(HOUR_MS)
    with pytest.raises(NoPlayer):
        await later.connections.playing(ann)
    assert later.lost == [ann]
    assert await state(world, ann) is State.REAUTH_REQUIRED


async def test_what_cannot_be_sealed_anew_is_lost_and_its_owner_told(world: World) -> None:
    ann = await world.connected()
    later = world.after_restart(OTHER_SECRET)
    await later.connections.reseal()
    assert later.lost == [ann]
    assert await later.connections.reseal() == 0
    assert later.lost == [ann]
    assert await state(world, ann) is State.REAUTH_REQUIRED


@pytest.mark.parametrize("rubbish", ["", "x", "é", "gAAAA", "\ud800"])
def test_what_we_did_not_seal_does_not_open(rubbish: str) -> None:
    with pytest.raises(Unreadable):
        Vault(SECRET, lambda: 0.0).open("ann", rubbish)


# -- deleted


async def test_disconnecting_deletes_the_tokens(world: World) -> None:
    ann = await world.connected()
    assert await world.connections.disconnect(ann)
    assert not await world.connections.disconnect(ann)
    assert await world.connections.connection(ann) is None
    with pytest.raises(NoPlayer):
        await world.connections.playing(ann)
    assert await world.connected() == ann


async def test_a_refresh_that_is_under_way_keeps_nothing_of_who_disconnects(world: World) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS)
    world.standin.behave(Behaviour(kind="slow", only=("token",)))
    called = sum(world.standin.calls.values()) + 1
    asking = asyncio.ensure_future(world.connections.playing(ann))
    await world.standin.was_called(called)
    await world.connections.disconnect(ann)
    world.standin.behave(Behaviour())
    with pytest.raises(NoPlayer):
        await asking
    assert await world.connections.connection(ann) is None


async def test_the_connection_goes_with_the_account(world: World) -> None:
    ann = await world.connected()
    async with world.database.writing() as db:
        await db.delete(await db.get_one(User, ann))
    assert await world.connections.connection(ann) is None


async def test_closing_ends_a_refresh_that_is_under_way(world: World) -> None:
    ann = await world.connected()
    world.clock.turn(HOUR_MS)
    world.standin.behave(Behaviour(kind="slow", only=("token",)))
    called = sum(world.standin.calls.values()) + 1
    asking = asyncio.ensure_future(world.connections.playing(ann))
    await world.standin.was_called(called)
    await world.connections.aclose()
    with pytest.raises(Unavailable):
        await asking
