"""Signing in with Spotify: what a browser carries, what works once, and what somebody who listens in could do with it."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.platform_rows.desk import LAPTOP, PHONE, Desk, entered
from tests.platform_rows.spotify_world import CALLBACK, FRONT, PLACES, World, said, world_of, wrong
from tutti.infra.spotify_standin import Behaviour
from tutti.infra.sql import Database
from tutti.platform.accounts.schemas import LoggedIn
from tutti.platform.spotify.schemas import State, Wrong
from tutti.platform.spotify.sign_in import CODE_S, SCOPES, STATE_S

VERIFIER = "a" * 43


@pytest.fixture
async def world(database: Database, desk: Desk) -> AsyncIterator[World]:
    async with world_of(database, desk) as world:
        yield world


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


async def everything(world: World) -> str:
    """All that is in the tables of this feature."""
    tables = ("spotify_connections", "spotify_states", "spotify_codes")
    async with world.database.reading() as db:
        rows = [(await db.execute(text(f"SELECT * FROM {table}"))).all() for table in tables]
    return repr(rows)


async def test_whoever_agrees_is_signed_in_with_an_account_and_a_connection(world: World) -> None:
    ann = await world.enter("ann")
    assert ann.person.display_name == "Ann"
    owner = await world.desk.owner(ann.tokens)
    assert owner is not None
    assert owner.id == ann.person.id
    connection = await world.connections.connection(ann.person.id)
    assert connection is not None
    assert (connection.spotify_id, connection.state) == ("ann", State.CONNECTED)


async def test_the_same_person_is_the_same_account(world: World) -> None:
    first, other, again = await world.enter("ann"), await world.enter("bob"), await world.enter("ann", PHONE)
    assert first.person.id == again.person.id != other.person.id
    assert first.tokens.session != again.tokens.session


async def test_the_browser_is_sent_to_spotify_with_a_challenge_and_a_state(world: World) -> None:
    begun = await world.begin()
    asked = said(begun.redirect_url)
    assert begun.redirect_url.startswith(PLACES.authorize_url + "?")
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == CALLBACK
    assert asked["scope"] == SCOPES
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == len(asked["state"]) == 43


async def test_no_address_has_a_token_or_an_id_in_it(world: World) -> None:
    begun = await world.begin()
    back = await world.agree(begun, "ann-the-listener")
    where = await world.complete(back, begun)
    entered_ = entered(await world.sign_in.exchange(said(where)["code"], LAPTOP))
    assert where.startswith(FRONT + "/?code=")
    for secret in ("ann-the-listener", entered_.person.id, entered_.tokens.access, entered_.tokens.refresh):
        assert secret not in begun.redirect_url
        assert secret not in where


async def test_nothing_is_kept_in_clear(world: World) -> None:
    begun = await world.begin()
    half_way = await everything(world)
    back = await world.agree(begun)
    code = said(await world.complete(back, begun))["code"]
    there = await everything(world)
    entered(await world.sign_in.exchange(code, LAPTOP))
    kept = await everything(world)
    ours = (said(begun.redirect_url)["state"], begun.cookie.value, code, back["code"])
    theirs = [*world.standin.consents._access, *world.standin.consents._refresh]
    assert len(theirs) == 2
    for secret in (*ours, *theirs):
        for rows in (half_way, there, kept):
            assert secret not in rows


async def test_a_state_works_once(world: World) -> None:
    begun = await world.begin()
    back = await world.agree(begun)
    await world.complete(back, begun)
    again = await world.sign_in.complete(back["code"], back["state"], begun.cookie.value)
    assert wrong(again) is Wrong.STATE
    assert world.standin.calls["token"] == 1


async def test_a_state_of_another_browser_is_refused_and_used_up(world: World) -> None:
    begun, other = await world.begin(), await world.begin()
    back = await world.agree(begun)
    for cookie in (other.cookie.value, None, "", begun.cookie.value):
        assert wrong(await world.sign_in.complete(back["code"], back["state"], cookie)) is Wrong.STATE or (
            cookie is None
        )
    assert world.standin.calls["token"] == 0


@pytest.mark.parametrize("state", [None, "", "x" * 43, "x" * 100_000, "\ud800", "ä"])
async def test_a_state_of_nobody_is_refused(world: World, state: str | None) -> None:
    assert wrong(await world.sign_in.complete("code", state, "c" * 43)) is Wrong.STATE
    assert world.standin.calls["token"] == 0


async def test_a_state_lives_ten_minutes(world: World) -> None:
    begun = await world.begin()
    back = await world.agree(begun)
    world.clock.turn(STATE_S * 1000)
    assert wrong(await world.sign_in.complete(back["code"], back["state"], begun.cookie.value)) is Wrong.STATE


async def test_two_tabs_of_one_browser_may_sign_in_at_once(world: World) -> None:
    first = await world.begin()
    second = await world.begin(cookie=first.cookie.value)
    assert first.cookie.value == second.cookie.value
    for begun, user in ((first, "ann"), (second, "bob")):
        assert "code=" in await world.complete(await world.agree(begun, user), begun)


@pytest.mark.parametrize("cookie", ["", "short", "x" * 44, "é" * 43, "x" * 42 + "\n"])
async def test_a_cookie_that_is_not_ours_is_replaced(world: World, cookie: str) -> None:
    assert (await world.begin(cookie=cookie)).cookie.value != cookie


async def test_the_cookie_is_for_this_host_and_only_over_tls_where_there_is_any(
    database: Database, desk: Desk
) -> None:
    async with world_of(database, desk) as plain:
        cookie = (await plain.begin()).cookie
        assert (cookie.secure, cookie.name, cookie.max_age_s) == (False, "tutti-spotify", STATE_S)
        places = replace(PLACES, callback_url="https://tutti.example/api/v1/auth/spotify/callback")
        secure = World(database, desk, plain.standin, plain.http, places=places)
        cookie = (await secure.begin()).cookie
        assert (cookie.secure, cookie.name) == (True, "__Host-tutti-spotify")


async def test_whoever_says_no_comes_back_without_a_code(world: World) -> None:
    begun = await world.begin()
    where = await world.complete(await world.agree(begun, ""), begun)
    assert said(where) == {"error": "access_denied"}


@pytest.mark.parametrize("code", ["made-up", "", None, "x" * 10_000, "\ud800", "é", "a b"])
async def test_a_code_that_spotify_does_not_know_is_refused(world: World, code: str | None) -> None:
    begun = await world.begin()
    where = await world.complete({"state": said(begun.redirect_url)["state"], "code": code or ""}, begun)
    assert said(where) == {"error": "refused"}
    assert "spotify_codes" not in await everything(world)


@pytest.mark.parametrize("error", ["server_error", "<script>", "\ud800"])
async def test_an_error_that_is_not_a_no_is_named_by_us(world: World, error: str) -> None:
    begun = await world.begin()
    back = {"state": said(begun.redirect_url)["state"], "error": error}
    assert said(await world.complete(back, begun)) == {"error": "refused"}


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(kind="limited", retry_after=3600),
        Behaviour(kind="failing"),
        Behaviour(kind="rubbish"),
        Behaviour(kind="rubbish", body='{"access_token": 1}'),
        Behaviour(kind="rubbish", body='{"access_token": "a\\nb", "expires_in": 3600}'),
        Behaviour(kind="limited", only=("me",)),
        Behaviour(kind="rubbish", body='{"id": ""}', only=("me",)),
    ],
)
async def test_trouble_at_spotify_is_told_to_the_front_end(world: World, behaviour: Behaviour) -> None:
    begun = await world.begin()
    back = await world.agree(begun)
    world.standin.behave(behaviour)
    assert said(await world.complete(back, begun)) == {"error": "unavailable"}


async def test_a_consent_without_a_refresh_token_is_none(world: World) -> None:
    begun = await world.begin()
    back = await world.agree(begun)
    body = '{"access_token": "standin:ann", "expires_in": 3600}'
    world.standin.behave(Behaviour(kind="rubbish", body=body, only=("token",)))
    assert said(await world.complete(back, begun)) == {"error": "refused"}


async def test_our_code_works_once(world: World) -> None:
    code = await world.code()
    entered(await world.sign_in.exchange(code, LAPTOP))
    assert wrong(await world.sign_in.exchange(code, LAPTOP)) is Wrong.CODE


async def test_of_many_who_show_our_code_at_once_one_is_signed_in(world: World) -> None:
    code = await world.code()
    outcomes = await asyncio.gather(*(world.sign_in.exchange(code, LAPTOP) for _ in range(8)))
    assert sum(isinstance(outcome, LoggedIn) for outcome in outcomes) == 1


async def test_our_code_lives_a_minute(world: World) -> None:
    code = await world.code()
    world.clock.turn(CODE_S * 1000)
    assert wrong(await world.sign_in.exchange(code, LAPTOP)) is Wrong.CODE


@pytest.mark.parametrize("code", ["", "x" * 43, "x" * 100_000, "\ud800"])
async def test_a_code_of_nobody_is_refused(world: World, code: str) -> None:
    assert wrong(await world.sign_in.exchange(code, LAPTOP)) is Wrong.CODE


async def test_a_sign_in_that_is_left_half_way_leaves_nothing(world: World) -> None:
    await world.begin()
    await world.code("zoe")
    world.clock.turn(STATE_S * 1000)
    await world.sign_in.tidy()
    assert await everything(world) == repr([[], [], []])
    async with world.database.reading() as db:
        assert await db.scalar(text("SELECT count(*) FROM users")) == 0


async def test_a_front_end_may_bind_the_code_to_itself(world: World) -> None:
    code = await world.code(challenge=challenge_of(VERIFIER))
    assert isinstance(await world.sign_in.exchange(code, LAPTOP, VERIFIER), LoggedIn)


@pytest.mark.parametrize("verifier", [None, "b" * 43, "", "\ud800"])
async def test_a_bound_code_is_worth_nothing_to_anybody_else(world: World, verifier: str | None) -> None:
    code = await world.code(challenge=challenge_of(VERIFIER))
    assert wrong(await world.sign_in.exchange(code, LAPTOP, verifier)) is Wrong.CODE
    assert wrong(await world.sign_in.exchange(code, LAPTOP, VERIFIER)) is Wrong.CODE


@pytest.mark.parametrize("challenge", ["", "short", "x" * 44, "é" * 43])
async def test_a_challenge_that_is_none_is_refused(world: World, challenge: str) -> None:
    assert wrong(await world.sign_in.begin(challenge=challenge)) is Wrong.CHALLENGE


@pytest.mark.parametrize(
    ("host", "elsewhere"),
    [
        ("localhost:3000", "http://127.0.0.1:3000/api/v1/auth/spotify"),
        ("LOCALHOST", "http://127.0.0.1:3000/api/v1/auth/spotify"),
        ("127.0.0.1:3000", None),
        ("127.0.0.1:3001", None),
        ("inner.example:80", None),
        (None, None),
    ],
)
async def test_a_browser_that_came_by_another_name_is_sent_where_its_cookie_will_count(
    world: World, host: str | None, elsewhere: str | None
) -> None:
    assert world.sign_in.elsewhere(host) == elsewhere


async def test_a_front_end_with_a_path_and_a_query_keeps_them(database: Database, desk: Desk) -> None:
    async with world_of(database, desk) as plain:
        places = replace(PLACES, frontend_url="https://app.example/in?from=spotify")
        world = World(database, desk, plain.standin, plain.http, places=places)
        begun = await world.begin()
        where = await world.complete(await world.agree(begun), begun)
        assert where.startswith("https://app.example/in?from=spotify&code=")
