"""Secrets of authenticator apps: never in clear in a row, whoever's row it is, and while a key is being replaced."""

from __future__ import annotations

from tests.platform_rows.desk import DAY_MS, PASSWORD, PHONE, SECRET, Desk
from tutti.infra.sql import Database
from tutti.platform.accounts.models import SecondFactor
from tutti.platform.accounts.sealing import AppSecrets
from tutti.platform.accounts.tokens import Previous
from tutti.platform.spotify.vault import Vault

NEXT_SECRET = b"another secret of more than thirty-two bytes"


async def kept(database: Database, user: str) -> str:
    async with database.reading() as db:
        return (await db.get_one(SecondFactor, user)).secret


async def put_in_clear(database: Database, user: str, secret: str) -> None:
    """As a version before this one kept it."""
    async with database.writing() as db:
        (await db.get_one(SecondFactor, user)).secret = secret


async def test_a_secret_is_not_in_its_row(database: Database, desk: Desk) -> None:
    ann = (await desk.ann()).person.id
    app, _ = await desk.with_app(ann)
    assert app.secret not in await kept(database, ann)


async def test_a_secret_in_clear_works_and_is_sealed_by_being_used(database: Database, desk: Desk) -> None:
    ann = (await desk.ann()).person.id
    app, _ = await desk.with_app(ann)
    await put_in_clear(database, ann, app.secret)
    desk.clock.turn(60_000)
    ticket = desk.identity.tokens.ticket(ann)
    await desk.accounts.verify_second_factor(ticket, desk.code(app), PHONE)
    assert app.secret not in await kept(database, ann)


async def test_tidying_seals_what_is_in_clear_and_it_works_as_before(database: Database, desk: Desk) -> None:
    ann = (await desk.ann()).person.id
    app, _ = await desk.with_app(ann)
    await put_in_clear(database, ann, app.secret)
    await desk.accounts.seal_secrets()
    sealed = await kept(database, ann)
    assert app.secret not in sealed
    await desk.accounts.seal_secrets()
    assert await kept(database, ann) == sealed
    desk.clock.turn(60_000)
    assert await desk.accounts.security.disable_second_factor(ann, PASSWORD, desk.code(app)) is None


async def test_a_new_key_seals_anew_while_the_previous_one_counts(database: Database, desk: Desk) -> None:
    ann = (await desk.ann()).person.id
    app, _ = await desk.with_app(ann)
    previous = Previous(SECRET, desk.clock.now_ms + DAY_MS)
    vault = Vault(NEXT_SECRET, desk.clock, previous=previous)
    assert await AppSecrets(vault).seal_rest(database) == 1
    alone = AppSecrets(Vault(NEXT_SECRET, desk.clock))
    assert await alone.seal_rest(database) == 0
    async with database.reading() as db:
        assert alone.opened(await db.get_one(SecondFactor, ann)) == app.secret


async def test_without_the_key_backup_codes_count_and_the_app_does_not(
    database: Database, desk: Desk
) -> None:
    ann = (await desk.ann()).person.id
    app, codes = await desk.with_app(ann)
    lost = Vault(NEXT_SECRET, desk.clock).seal(f"second factor of {ann}", app.secret)
    await put_in_clear(database, ann, lost)
    desk.clock.turn(60_000)
    assert await desk.accounts.security.disable_second_factor(ann, PASSWORD, desk.code(app)) is not None
    assert await desk.accounts.security.disable_second_factor(ann, PASSWORD, codes[0]) is None


async def test_somebody_elses_sealed_secret_does_not_open(database: Database, desk: Desk) -> None:
    ann = (await desk.ann()).person.id
    app, _ = await desk.with_app(ann)
    secrets = AppSecrets(Vault(SECRET, desk.clock))
    await put_in_clear(database, ann, secrets.sealed("bob", app.secret))
    async with database.reading() as db:
        assert secrets.opened(await db.get_one(SecondFactor, ann)) is None
