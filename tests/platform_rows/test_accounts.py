"""Accounts, on SQLite and on PostgreSQL alike: coming in, staying, going, and whatever somebody else may try."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import func, select

from tests.platform_rows.desk import DAY_MS, LAPTOP, PASSWORD, PHONE, Desk, entered, renewed, wrong
from tutti.infra.sql import Database
from tutti.platform.accounts.logins import GRACE_MS
from tutti.platform.accounts.models import LoginSession, RefreshToken, User
from tutti.platform.accounts.passwords import Cost
from tutti.platform.accounts.schemas import LoggedIn, NewAccount, Problem, SecondFactorNeeded, Wrong
from tutti.platform.accounts.tokens import recognised


async def test_whoever_registers_is_logged_in_and_can_log_in_again(desk: Desk) -> None:
    ann = await desk.ann()
    assert (ann.person.email, ann.person.username) == ("ann@example.org", "Ann")
    owner = await desk.owner(ann.tokens)
    assert owner is not None
    assert (owner.id, owner.session) == (ann.person.id, ann.tokens.session)
    again = await desk.log_in()
    assert again.person == ann.person
    assert again.tokens.session != ann.tokens.session
    by_name = entered(await desk.accounts.log_in("aNN", PASSWORD, PHONE))
    assert by_name.person == ann.person


async def test_a_name_is_taken_once_in_any_spelling(desk: Desk) -> None:
    await desk.ann()
    same_name = NewAccount(email="b@example.org", password=PASSWORD, username="ANN")
    assert wrong(await desk.accounts.register(same_name, LAPTOP)) is Wrong.USERNAME_TAKEN


async def test_of_two_who_take_a_name_at_once_one_gets_it(desk: Desk) -> None:
    asked = [
        desk.accounts.register(
            NewAccount(email=f"a{n}@example.org", password=PASSWORD, username="ann"), LAPTOP
        )
        for n in range(6)
    ]
    outcomes = await asyncio.gather(*asked)
    assert sum(isinstance(outcome, LoggedIn) for outcome in outcomes) == 1
    assert {outcome.wrong for outcome in outcomes if isinstance(outcome, Problem)} == {Wrong.USERNAME_TAKEN}


async def test_who_chooses_no_name_gets_one_that_is_free(desk: Desk) -> None:
    named = [
        entered(
            await desk.accounts.register(
                NewAccount(email=f"{n}@example.org", password=PASSWORD, first_name="Ann", last_name="Lee"),
                LAPTOP,
            )
        ).person
        for n in range(3)
    ]
    assert [person.display_name for person in named] == ["Ann Lee"] * 3
    assert named[0].username == "ann.lee"
    assert len({person.username for person in named}) == 3


async def test_a_weak_password_makes_no_account(desk: Desk) -> None:
    for weak in ("short", "12345678901", "password123", "aaaaaaaaaaa", "x" * 129, "ann@example.org"):
        outcome = await desk.accounts.register(NewAccount(email="ann@example.org", password=weak), LAPTOP)
        assert wrong(outcome) is Wrong.WEAK, weak
    assert wrong(await desk.accounts.log_in("ann@example.org", "password123", LAPTOP)) is Wrong.CREDENTIALS


async def test_a_wrong_password_and_no_such_account_are_told_apart_by_nobody(desk: Desk) -> None:
    await desk.ann()
    wrong_password = await desk.accounts.log_in("ann@example.org", "wrong", PHONE)
    no_account = await desk.accounts.log_in("ben@example.org", "wrong", PHONE)
    assert wrong_password == no_account == Problem(Wrong.CREDENTIALS)


async def test_nothing_that_opens_is_in_the_database(desk: Desk, database: Database) -> None:
    ann = await desk.ann()
    _, codes = await desk.with_app(ann.person.id)
    fresh = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    kept: list[str] = []
    async with database.reading() as db:
        for table in User.metadata.sorted_tables:
            kept += [repr(row) for row in (await db.execute(select(table))).all()]
    for secret in (PASSWORD, ann.tokens.refresh, fresh.refresh, ann.tokens.access, fresh.access, *codes):
        assert not [row for row in kept if secret in row or secret.replace("-", "") in row]


async def test_a_password_is_hashed_anew_when_its_price_has_changed(desk: Desk, database: Database) -> None:
    ann = await desk.ann()
    dearer = Desk(database, cost=Cost(memory_kib=16, passes=1), seed=2)
    await dearer.log_in()
    dearer.close()
    async with database.reading() as db:
        user = await db.get_one(User, ann.person.id)
    assert user.password_hash is not None
    assert "m=16," in user.password_hash
    await desk.log_in()


# -- refresh tokens


async def test_a_refresh_token_works_once_and_hands_over(desk: Desk) -> None:
    ann = await desk.ann()
    desk.clock.turn(DAY_MS)
    first = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    assert first.refresh != ann.tokens.refresh
    assert first.session == ann.tokens.session
    desk.clock.turn(6.9 * DAY_MS)
    second = renewed(await desk.accounts.refresh(first.refresh))
    assert await desk.owner(second) is not None
    desk.clock.turn(7 * DAY_MS)
    assert wrong(await desk.accounts.refresh(second.refresh)) is Wrong.TOKEN


async def test_within_the_grace_the_same_successor_is_given_again(desk: Desk) -> None:
    ann = await desk.ann()
    first = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    desk.clock.turn(GRACE_MS)
    again = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    assert again.refresh == first.refresh
    assert again.access != first.access
    assert desk.ended == []


async def test_a_used_token_that_comes_back_after_the_grace_ends_the_login_for_everybody(desk: Desk) -> None:
    ann = await desk.ann()
    other = await desk.log_in()
    thief = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    desk.clock.turn(GRACE_MS + 1)
    assert wrong(await desk.accounts.refresh(ann.tokens.refresh)) is Wrong.TOKEN
    assert desk.ended == [ann.tokens.session]
    assert wrong(await desk.accounts.refresh(thief.refresh)) is Wrong.TOKEN
    assert await desk.owner(thief) is None
    assert await desk.owner(other.tokens) is not None, "her other login is her own"


async def test_a_used_token_is_recognised_for_as_long_as_it_would_have_lived(desk: Desk) -> None:
    ann = await desk.ann()
    await desk.accounts.refresh(ann.tokens.refresh)
    desk.clock.turn(6 * DAY_MS)
    await desk.accounts.forget()
    assert wrong(await desk.accounts.refresh(ann.tokens.refresh)) is Wrong.TOKEN
    assert desk.ended == [ann.tokens.session]


async def test_a_grandparent_is_not_excused_by_its_childs_grace(desk: Desk) -> None:
    ann = await desk.ann()
    child = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    desk.clock.turn(GRACE_MS + 1)
    renewed(await desk.accounts.refresh(child.refresh))
    assert wrong(await desk.accounts.refresh(ann.tokens.refresh)) is Wrong.TOKEN
    assert desk.ended == [ann.tokens.session]


async def test_a_successor_can_be_read_from_the_database_by_nobody_and_not_for_long(
    desk: Desk, database: Database
) -> None:
    ann = await desk.ann()
    child = renewed(await desk.accounts.refresh(ann.tokens.refresh))
    desk.clock.turn(GRACE_MS + 1)
    renewed(await desk.accounts.refresh(child.refresh))
    async with database.reading() as db:
        used = await db.get_one(RefreshToken, recognised(ann.tokens.refresh))
    assert used.sealed_successor is None


async def test_many_who_show_the_same_token_at_once_get_one_successor(desk: Desk, database: Database) -> None:
    ann = await desk.ann()
    outcomes = await asyncio.gather(*(desk.accounts.refresh(ann.tokens.refresh) for _ in range(8)))
    assert len({renewed(outcome).refresh for outcome in outcomes}) == 1
    async with database.reading() as db:
        assert await db.scalar(select(func.count()).select_from(RefreshToken)) == 2


async def test_what_was_never_a_refresh_token_refreshes_nothing(desk: Desk) -> None:
    ann = await desk.ann()
    for token in ("", "x", ann.tokens.access, ann.tokens.refresh.upper(), "é\0\ud800", "x" * 10_000):
        assert wrong(await desk.accounts.refresh(token)) is Wrong.TOKEN
    assert await desk.identity.verify(ann.tokens.refresh) is None, "and a refresh token opens nothing"


# -- going out


async def test_log_out_ends_the_login_and_no_other(desk: Desk) -> None:
    ann, phone = await desk.ann(), await desk.log_in()
    await desk.accounts.log_out(user=ann.person.id, login=ann.tokens.session)
    assert desk.ended == [ann.tokens.session]
    assert wrong(await desk.accounts.refresh(ann.tokens.refresh)) is Wrong.TOKEN
    assert await desk.owner(ann.tokens) is None
    renewed(await desk.accounts.refresh(phone.tokens.refresh))
    await desk.accounts.log_out(refresh=phone.tokens.refresh)
    assert desk.ended == [ann.tokens.session, phone.tokens.session]
    await desk.accounts.log_out(refresh=phone.tokens.refresh)
    assert len(desk.ended) == 2, "once is enough"


async def test_logins_are_listed_and_ended_by_their_owner_only(desk: Desk) -> None:
    ann = await desk.ann()
    desk.clock.turn(1000)
    phone = await desk.log_in()
    ben = entered(
        await desk.accounts.register(NewAccount(email="ben@example.org", password=PASSWORD), LAPTOP)
    )
    listed = await desk.accounts.logins(ann.person.id)
    assert [login.id for login in listed] == [phone.tokens.session, ann.tokens.session]
    assert [login.device for login in listed] == ["Ann's phone", "Ann's laptop"]
    assert wrong(await desk.accounts.end_login(ben.person.id, phone.tokens.session)) is Wrong.NO_SUCH_LOGIN
    assert await desk.accounts.end_login(ann.person.id, phone.tokens.session) is None
    assert wrong(await desk.accounts.end_login(ann.person.id, phone.tokens.session)) is Wrong.NO_SUCH_LOGIN
    assert [login.id for login in await desk.accounts.logins(ann.person.id)] == [ann.tokens.session]


async def test_all_other_logins_end_and_one_may_stay(desk: Desk) -> None:
    ann, phone, tablet = await desk.ann(), await desk.log_in(), await desk.log_in()
    await desk.accounts.end_other_logins(ann.person.id, keep=ann.tokens.session)
    assert set(desk.ended) == {phone.tokens.session, tablet.tokens.session}
    renewed(await desk.accounts.refresh(ann.tokens.refresh))


async def test_the_same_device_is_one_device(desk: Desk) -> None:
    ann = await desk.ann()
    await desk.accounts.log_in("ann", PASSWORD, LAPTOP)
    assert {login.device for login in await desk.accounts.logins(ann.person.id)} == {"Ann's laptop"}


async def test_after_a_restart_it_is_known_who_has_just_logged_out(desk: Desk) -> None:
    ann, phone = await desk.ann(), await desk.log_in()
    await desk.accounts.log_out(refresh=phone.tokens.refresh)
    desk.clock.turn(14 * 60_000)
    await desk.accounts.log_out(refresh=ann.tokens.refresh)
    assert set(await desk.accounts.ended_lately()) == {phone.tokens.session, ann.tokens.session}
    desk.clock.turn(2 * 60_000)
    assert await desk.accounts.ended_lately() == (ann.tokens.session,)


async def test_what_is_long_over_is_deleted_and_what_is_not_stays(desk: Desk, database: Database) -> None:
    old = await desk.ann()
    await desk.accounts.log_out(refresh=old.tokens.refresh)
    desk.clock.turn(31 * DAY_MS)
    here = await desk.log_in()
    await desk.accounts.forget()
    async with database.reading() as db:
        assert (await db.scalars(select(LoginSession.id))).all() == [here.tokens.session]
        assert (await db.scalars(select(RefreshToken.hash))).all() == [recognised(here.tokens.refresh)]
    renewed(await desk.accounts.refresh(here.tokens.refresh))


# -- changing how somebody proves who they are


async def test_a_new_password_ends_every_other_login(desk: Desk) -> None:
    ann, phone = await desk.ann(), await desk.log_in()
    security = desk.accounts.security
    mine = (ann.person.id, ann.tokens.session)
    assert wrong(await security.change_password(*mine, "not it", "another good one")) is Wrong.PASSWORD
    assert wrong(await security.change_password(*mine, PASSWORD, "short")) is Wrong.WEAK
    assert desk.ended == []
    assert await security.change_password(*mine, PASSWORD, "another good one") is None
    assert desk.ended == [phone.tokens.session]
    assert wrong(await desk.accounts.log_in("ann", PASSWORD, PHONE)) is Wrong.CREDENTIALS
    await desk.log_in("another good one")


async def test_a_password_that_is_changed_while_it_is_checked_opens_and_changes_nothing(desk: Desk) -> None:
    ann = await desk.ann()
    security = desk.accounts.security

    def changes_to(new: str, old: str) -> Callable[[], Awaitable[Problem | None]]:
        return lambda: security.change_password(ann.person.id, ann.tokens.session, old, new)

    desk.passwords.meanwhile = changes_to("another good one", PASSWORD)
    assert wrong(await desk.accounts.log_in("ann", PASSWORD, PHONE)) is Wrong.CREDENTIALS
    desk.passwords.meanwhile = changes_to("a third good one", "another good one")
    assert wrong(await changes_to("a thief's own one", "another good one")()) is Wrong.PASSWORD
    assert len(await desk.accounts.logins(ann.person.id)) == 1
    await desk.log_in("a third good one")


async def test_with_a_second_factor_the_password_is_half_of_it(desk: Desk) -> None:
    ann = await desk.ann()
    app, _ = await desk.with_app(ann.person.id)
    desk.clock.turn(60_000)
    half = await desk.accounts.log_in("ann", PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    assert await desk.identity.verify(half.ticket) is None, "a ticket opens nothing"
    assert wrong(await desk.accounts.verify_second_factor(half.ticket, "000000", PHONE)) is Wrong.CODE
    code = desk.code(app)
    whole = entered(await desk.accounts.verify_second_factor(half.ticket, f"{code[:3]} {code[3:]}", PHONE))
    assert whole.person.second_factor


async def test_a_code_counts_once_even_for_two_at_the_same_time(desk: Desk) -> None:
    ann = await desk.ann()
    app, _ = await desk.with_app(ann.person.id)
    desk.clock.turn(60_000)
    half = await desk.accounts.log_in("ann", PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    tried = (desk.accounts.verify_second_factor(half.ticket, desk.code(app), PHONE) for _ in range(4))
    outcomes = await asyncio.gather(*tried)
    assert sum(isinstance(outcome, LoggedIn) for outcome in outcomes) == 1


async def test_a_code_counts_half_a_minute_early_and_late_and_no_longer(desk: Desk) -> None:
    ann = await desk.ann()
    app, _ = await desk.with_app(ann.person.id)
    desk.clock.turn(300_000)
    half = await desk.accounts.log_in("ann", PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    for off_s in (-60, 60):
        code = desk.code(app, off_s)
        assert wrong(await desk.accounts.verify_second_factor(half.ticket, code, PHONE)) is Wrong.CODE
    for off_s in (-30, 30):
        entered(await desk.accounts.verify_second_factor(half.ticket, desk.code(app, off_s), PHONE))


async def test_a_backup_code_counts_once(desk: Desk) -> None:
    ann = await desk.ann()
    _, codes = await desk.with_app(ann.person.id)
    assert len(set(codes)) == 10
    half = await desk.accounts.log_in("ann", PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    typed = codes[0].upper().replace("-", " ")
    entered(await desk.accounts.verify_second_factor(half.ticket, typed, PHONE))
    assert wrong(await desk.accounts.verify_second_factor(half.ticket, codes[0], PHONE)) is Wrong.CODE
    entered(await desk.accounts.verify_second_factor(half.ticket, codes[1], PHONE))


async def test_a_ticket_lasts_five_minutes(desk: Desk) -> None:
    ann = await desk.ann()
    app, _ = await desk.with_app(ann.person.id)
    half = await desk.accounts.log_in("ann", PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    desk.clock.turn(301_000)
    assert wrong(await desk.accounts.verify_second_factor(half.ticket, desk.code(app), PHONE)) is Wrong.TICKET
    access = ann.tokens.access
    assert wrong(await desk.accounts.verify_second_factor(access, desk.code(app), PHONE)) is Wrong.TICKET


async def test_a_second_factor_that_was_not_proven_is_not_asked_for(desk: Desk) -> None:
    ann = await desk.ann()
    security = desk.accounts.security
    assert wrong(await security.confirm_second_factor(ann.person.id, "000000")) is Wrong.FACTOR_IS_OFF
    await security.set_up_second_factor(ann.person.id)
    assert wrong(await security.confirm_second_factor(ann.person.id, "000000")) is Wrong.CODE
    await desk.log_in()


async def test_a_second_factor_goes_off_by_password_and_code(desk: Desk) -> None:
    ann = await desk.ann()
    security = desk.accounts.security
    app, codes = await desk.with_app(ann.person.id)
    assert wrong(await security.set_up_second_factor(ann.person.id)) is Wrong.FACTOR_IS_ON
    desk.clock.turn(60_000)
    off = security.disable_second_factor
    assert wrong(await off(ann.person.id, "not it", desk.code(app))) is Wrong.PASSWORD
    assert wrong(await off(ann.person.id, PASSWORD, "000000")) is Wrong.CODE
    assert await off(ann.person.id, PASSWORD, codes[3]) is None
    assert wrong(await off(ann.person.id, PASSWORD, codes[4])) is Wrong.FACTOR_IS_OFF
    await desk.log_in()


# -- those who guess


async def test_who_guesses_passwords_has_to_wait_and_who_knows_does_not_count(desk: Desk) -> None:
    await desk.ann()
    for _ in range(30):
        await desk.log_in()
    for known_by in ("ann", "ann@example.org"):  # counted apart: else one would tell whose the other is
        guesses = [await desk.accounts.log_in(known_by, f"guess {n}", PHONE) for n in range(11)]
        assert [wrong(guess) for guess in guesses] == [Wrong.CREDENTIALS] * 10 + [Wrong.TOO_OFTEN]
    last = await desk.accounts.log_in("ANN@example.org", PASSWORD, PHONE)
    assert isinstance(last, Problem)
    assert last.retry_after_s is not None, "with any password"
    desk.clock.turn(last.retry_after_s * 1000)
    await desk.log_in()


async def test_many_guesses_at_once_do_not_slip_through(desk: Desk) -> None:
    await desk.ann()
    outcomes = await asyncio.gather(*(desk.accounts.log_in("ann", f"guess {n}", PHONE) for n in range(40)))
    assert sum(wrong(outcome) is Wrong.CREDENTIALS for outcome in outcomes) == 10


async def test_who_guesses_codes_has_five(desk: Desk) -> None:
    ann = await desk.ann()
    await desk.with_app(ann.person.id)
    half = await desk.accounts.log_in("ann", PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    outcomes = [await desk.accounts.verify_second_factor(half.ticket, f"{n:06}", PHONE) for n in range(6)]
    assert [wrong(outcome) for outcome in outcomes] == [Wrong.CODE] * 5 + [Wrong.TOO_OFTEN]


# -- from elsewhere


async def test_whoever_spotify_knows_has_one_account_without_a_password(desk: Desk) -> None:
    first = entered(await desk.accounts.from_spotify("sp-1", "Änn \u200bEx", LAPTOP))
    again = entered(await desk.accounts.from_spotify("sp-1", "another name", PHONE))
    other = entered(await desk.accounts.from_spotify("sp-2", "Änn Ex", PHONE))
    assert first.person == again.person
    assert other.person.id != first.person.id
    assert other.person.username != first.person.username
    assert first.person.email is None
    assert wrong(await desk.accounts.log_in(first.person.username, "", PHONE)) is Wrong.CREDENTIALS


async def test_both_spotify_logins_of_somebody_new_at_once_are_one_account(desk: Desk) -> None:
    outcomes = await asyncio.gather(*(desk.accounts.from_spotify("sp-1", "Ann", LAPTOP) for _ in range(4)))
    assert len({entered(outcome).person.id for outcome in outcomes}) == 1
