"""Whose an address is, and how somebody comes back in without a password; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import process_time
from typing import Any

import pytest
from sqlalchemy import event, select, text

from tests.platform_rows.desk import DAY_MS, LAPTOP, PASSWORD, PHONE, Desk, codes_in, entered, wrong
from tutti.infra.sql import Database
from tutti.platform.accounts.codes import Purpose
from tutti.platform.accounts.models import MailedCode, User
from tutti.platform.accounts.passwords import Cost
from tutti.platform.accounts.schemas import LoggedIn, NewAccount, SecondFactorNeeded, Wrong
from tutti.service.ports import Unavailable

HOUR_MS = 3_600_000.0
ADDRESS = "ann@example.org"
NEW = "a new horse, a better battery"


async def letters(desk: Desk) -> list[tuple[str, str]]:
    """To whom, and the subject; after everything that was asked for was done."""
    await desk.jobs.run_due()
    return [(to, letter.subject) for to, letter in desk.postbox.letters]


async def proven(desk: Desk) -> LoggedIn:
    """Ann, whose address is hers."""
    ann = await desk.ann()
    await letters(desk)
    assert await desk.accounts.recovery.verify_email(desk.postbox.codes()[0]) is None
    desk.postbox.letters.clear()
    return ann


async def another(desk: Desk, username: str = "mallory") -> LoggedIn:
    """Somebody else who writes Ann's address into the form."""
    new = NewAccount(email="ANN@example.org", password="another password", username=username)
    return entered(await desk.accounts.register(new, PHONE))


async def asked(desk: Desk, purpose: Purpose = Purpose.RESET) -> str:
    """A code, from the letter."""
    await desk.jobs.run_due()
    assert await desk.accounts.recovery.ask(purpose, ADDRESS) is None
    await desk.jobs.run_due()
    return desk.postbox.codes()[0]


async def email_of(desk: Desk, who: LoggedIn) -> tuple[str | None, bool]:
    person = await desk.accounts.person(who.person.id)
    assert person is not None
    return person.email, person.email_verified


# -- proving an address


async def test_whoever_registers_gets_a_letter_and_its_link_proves_the_address(desk: Desk) -> None:
    ann = await desk.ann()
    assert ann.letter_sent
    assert not ann.person.email_verified
    assert await letters(desk) == [(ADDRESS, "Confirm your email address")]
    (code,) = desk.postbox.codes()
    assert f"https://tutti.test/verify-email?token={code}" in desk.postbox.letters[0][1].text
    assert await desk.accounts.recovery.verify_email(code) is None
    assert await email_of(desk, ann) == (ADDRESS, True)


async def test_a_code_works_once_and_for_a_day(desk: Desk) -> None:
    await desk.ann()
    await letters(desk)
    first = desk.postbox.codes()[0]
    desk.clock.turn(DAY_MS)
    assert wrong(await desk.accounts.recovery.verify_email(first)) is Wrong.LINK
    second = await asked(desk, Purpose.VERIFY)
    desk.clock.turn(DAY_MS - 1)
    assert await desk.accounts.recovery.verify_email(second) is None
    assert wrong(await desk.accounts.recovery.verify_email(second)) is Wrong.LINK


@pytest.mark.parametrize("code", ["", "x", "x" * 10_000, "\ud800", "' OR 1=1 --", "0" * 43])
async def test_what_is_no_code_opens_nothing(desk: Desk, code: str) -> None:
    await desk.ann()
    await letters(desk)
    assert wrong(await desk.accounts.recovery.verify_email(code)) is Wrong.LINK
    assert wrong(await desk.accounts.recovery.reset_password(code, NEW)) is Wrong.LINK


async def test_a_code_for_one_thing_does_nothing_else(desk: Desk) -> None:
    await desk.ann()
    await letters(desk)
    verify = desk.postbox.codes()[0]
    reset = await asked(desk)
    assert wrong(await desk.accounts.recovery.reset_password(verify, NEW)) is Wrong.LINK
    assert wrong(await desk.accounts.recovery.verify_email(reset)) is Wrong.LINK


async def test_no_code_is_in_the_database(desk: Desk, database: Database) -> None:
    await desk.ann()
    await asked(desk)
    codes = [code for _, letter in desk.postbox.letters for code in codes_in(letter)]
    assert len(codes) == 2
    async with database.reading() as db:
        kept = [row.hash for row in (await db.scalars(select(MailedCode))).all()]
        jobs = (await db.scalars(text("SELECT payload FROM jobs"))).all()
    assert len(kept) == 2
    for code in codes:
        assert code not in kept
        assert not any(code in payload for payload in jobs)


async def test_codes_that_nobody_used_are_forgotten(desk: Desk, database: Database) -> None:
    await desk.ann()
    await letters(desk)
    desk.clock.turn(DAY_MS)
    await desk.accounts.forget()
    async with database.reading() as db:
        assert (await db.scalars(select(MailedCode))).all() == []


async def test_whose_address_is_proven_gets_no_further_letter(desk: Desk) -> None:
    ann = await proven(desk)
    assert await desk.accounts.recovery.ask(Purpose.VERIFY, ADDRESS) is None
    assert await desk.accounts.recovery.ask_own(ann.person.id) is None
    assert await letters(desk) == []


async def test_another_letter_may_be_asked_for_with_or_without_a_login(desk: Desk) -> None:
    ann = await desk.ann()
    await letters(desk)
    assert await desk.accounts.recovery.ask_own(ann.person.id) is None
    assert len(await letters(desk)) == 2
    assert await desk.accounts.recovery.ask(Purpose.VERIFY, "Ann@Example.ORG ") is None
    assert len(await letters(desk)) == 3
    assert await desk.accounts.recovery.verify_email(desk.postbox.codes()[0]) is None


async def test_a_letter_that_could_not_leave_leaves_later(desk: Desk) -> None:
    await desk.ann()
    desk.postbox.problem = Unavailable("The mail server cannot be reached.")
    assert await letters(desk) == []
    desk.postbox.problem = None
    desk.clock.turn(10_000)
    assert len(await letters(desk)) == 1
    assert await desk.accounts.recovery.verify_email(desk.postbox.codes()[0]) is None


# -- whose it is


async def test_somebody_who_claims_anothers_address_gets_nothing_of_it(desk: Desk) -> None:
    ann = await proven(desk)
    mallory = await another(desk)
    assert await letters(desk) == [(ADDRESS, "You have an account already")]
    assert desk.postbox.codes() == []
    assert "Ann" in desk.postbox.letters[0][1].text
    assert await email_of(desk, mallory) == (ADDRESS, False)
    assert entered(await desk.accounts.log_in(ADDRESS, PASSWORD, PHONE)).person.id == ann.person.id
    theirs = entered(await desk.accounts.log_in(ADDRESS, "another password", PHONE))
    assert theirs.person.id == mallory.person.id, "as if there were no Ann"
    code = await asked(desk)
    assert await desk.accounts.recovery.reset_password(code, NEW) is None
    assert entered(await desk.accounts.log_in("Ann", NEW, PHONE)).person.id == ann.person.id


async def test_whoever_claimed_it_first_has_to_let_go_when_it_is_proven(desk: Desk) -> None:
    mallory = await another(desk)
    ann = await desk.ann()
    await letters(desk)
    (to, letter) = desk.postbox.letters[-1]
    assert to == ADDRESS
    assert "Confirm this address for Ann" in letter.text
    assert await desk.accounts.recovery.verify_email(desk.postbox.codes()[0]) is None
    assert await email_of(desk, ann) == (ADDRESS, True)
    assert await email_of(desk, mallory) == (None, False)
    assert wrong(await desk.accounts.log_in(ADDRESS, "another password", PHONE)) is Wrong.CREDENTIALS
    assert entered(await desk.accounts.log_in("mallory", "another password", PHONE)).person == replaced(
        mallory
    )


def replaced(who: LoggedIn) -> object:
    return type(who.person)(
        **{**{name: getattr(who.person, name) for name in who.person.__slots__}, "email": None}
    )


async def test_of_two_who_prove_an_address_at_once_one_has_it(desk: Desk) -> None:
    await another(desk)
    await another(desk, "mallory2")
    await desk.ann()
    await letters(desk)
    codes = [code for _, letter in desk.postbox.letters for code in codes_in(letter)]
    outcomes = await asyncio.gather(*(desk.accounts.recovery.verify_email(code) for code in codes))
    assert len(outcomes) == 3
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {wrong(outcome) for outcome in outcomes if outcome is not None} == {Wrong.LINK}


async def test_of_two_who_prove_an_address_in_two_ways_at_once_one_has_it(desk: Desk) -> None:
    await another(desk)
    await desk.ann()
    await letters(desk)
    verify = desk.postbox.codes()[0]
    await asked(desk)
    first, second = desk.postbox.codes()
    recovery = desk.accounts.recovery
    outcomes = await asyncio.gather(
        recovery.verify_email(verify),
        recovery.reset_password(first, NEW),
        recovery.reset_password(second, NEW),
    )
    assert 1 <= sum(outcome is None for outcome in outcomes) <= 2, "the same account may be proven both ways"
    assert {wrong(outcome) for outcome in outcomes if outcome is not None} == {Wrong.LINK}


async def test_a_letter_asked_for_by_address_lists_all_who_claim_it(desk: Desk) -> None:
    await another(desk)
    await desk.ann()
    await letters(desk)
    await asked(desk, Purpose.VERIFY)
    said = desk.postbox.letters[-1][1].text
    assert "for mallory" in said
    assert "for Ann" in said
    desk.clock.turn(HOUR_MS)
    await asked(desk, Purpose.RESET)
    assert len(desk.postbox.codes()) == 2


async def test_a_name_made_of_an_address_does_not_say_whether_the_address_is_known(desk: Desk) -> None:
    new = NewAccount(email="shy.person@example.org", password=PASSWORD)
    first = entered(await desk.accounts.register(new, LAPTOP))
    second = entered(await desk.accounts.register(new, LAPTOP))
    assert [one.person.username[:-6] for one in (first, second)] == ["shy.person-"] * 2


# -- a forgotten password


async def test_a_new_password_opens_the_account_and_ends_every_login(desk: Desk) -> None:
    ann = await desk.ann()
    phone = await desk.log_in()
    code = await asked(desk)
    assert f"https://tutti.test/reset-password?token={code}" in desk.postbox.letters[-1][1].text
    assert await desk.accounts.recovery.reset_password(code, NEW) is None
    assert sorted(desk.ended) == sorted([ann.tokens.session, phone.tokens.session])
    assert wrong(await desk.accounts.refresh(phone.tokens.refresh)) is Wrong.TOKEN
    assert wrong(await desk.accounts.log_in(ADDRESS, PASSWORD, PHONE)) is Wrong.CREDENTIALS
    assert entered(await desk.accounts.log_in(ADDRESS, NEW, PHONE)).person.email_verified


async def test_a_code_for_a_password_works_once_and_for_an_hour(desk: Desk) -> None:
    await desk.ann()
    late = await asked(desk)
    desk.clock.turn(HOUR_MS)
    assert wrong(await desk.accounts.recovery.reset_password(late, NEW)) is Wrong.LINK
    code = await asked(desk)
    desk.clock.turn(HOUR_MS - 1)
    assert await desk.accounts.recovery.reset_password(code, NEW) is None
    assert wrong(await desk.accounts.recovery.reset_password(code, "yet another password")) is Wrong.LINK


async def test_of_many_who_use_a_code_at_once_one_does(desk: Desk) -> None:
    await desk.ann()
    code = await asked(desk)
    outcomes = await asyncio.gather(
        *(desk.accounts.recovery.reset_password(code, f"{NEW} {n}") for n in range(5))
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {wrong(outcome) for outcome in outcomes if outcome is not None} == {Wrong.LINK}


async def test_of_many_codes_that_are_used_at_once_one_works(desk: Desk) -> None:
    await desk.ann()
    desk.clock.turn(DAY_MS)
    codes = [await asked(desk) for _ in range(3)]
    outcomes = await asyncio.gather(
        *(desk.accounts.recovery.reset_password(code, f"{NEW} {code}") for code in codes)
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {wrong(outcome) for outcome in outcomes if outcome is not None} == {Wrong.LINK}


async def test_one_used_code_takes_the_others_with_it(desk: Desk) -> None:
    await desk.ann()
    first, second = await asked(desk), await asked(desk)
    assert await desk.accounts.recovery.reset_password(second, NEW) is None
    assert wrong(await desk.accounts.recovery.reset_password(first, NEW)) is Wrong.LINK


@pytest.mark.parametrize("weak", ["short", "12345678", "password", ADDRESS, "x" * 129])
async def test_a_weak_password_does_not_use_the_code_up(desk: Desk, weak: str) -> None:
    await desk.ann()
    code = await asked(desk)
    assert wrong(await desk.accounts.recovery.reset_password(code, weak)) is Wrong.WEAK
    assert await desk.accounts.recovery.reset_password(code, NEW) is None


async def test_a_new_password_does_not_get_around_the_second_factor(desk: Desk) -> None:
    ann = await desk.ann()
    await desk.with_app(ann.person.id)
    assert await desk.accounts.recovery.reset_password(await asked(desk), NEW) is None
    assert isinstance(await desk.accounts.log_in(ADDRESS, NEW, PHONE), SecondFactorNeeded)


async def test_nobody_is_written_to_who_has_no_account_or_none_any_more(
    desk: Desk, database: Database
) -> None:
    ann = await proven(desk)
    async with database.writing() as db:
        (await db.get_one(User, ann.person.id)).active = False
    for address in (ADDRESS, "nobody@example.org", "ann", ""):
        for purpose in Purpose:
            await desk.accounts.recovery.ask(purpose, address)
    assert await letters(desk) == []


async def test_an_address_gets_three_letters_and_then_one_in_ten_minutes_known_or_not(desk: Desk) -> None:
    await proven(desk)
    desk.clock.turn(DAY_MS)
    for address in (ADDRESS, "nobody@example.org"):
        outcomes = [await desk.accounts.recovery.ask(Purpose.RESET, address) for _ in range(4)]
        assert outcomes[:3] == [None] * 3
        assert wrong(outcomes[3]) is Wrong.TOO_OFTEN
        assert outcomes[3] is not None
        assert outcomes[3].retry_after_s == 600
    await desk.jobs.run_due()
    assert 1 <= len(desk.postbox.letters) <= 3


async def test_whoever_registers_again_and_again_floods_nobody(desk: Desk) -> None:
    sent = [(await another(desk, f"mallory{n}")).letter_sent for n in range(6)]
    assert sent == [True] * 3 + [False] * 3
    assert len(await letters(desk)) == 3


# -- backup codes


async def test_new_backup_codes_replace_the_old_ones(desk: Desk) -> None:
    ann = await desk.ann()
    app, old = await desk.with_app(ann.person.id)
    desk.clock.turn(60_000)
    assert wrong(await desk.accounts.security.new_backup_codes(ann.person.id, "000000")) is Wrong.CODE
    fresh = await desk.accounts.security.new_backup_codes(ann.person.id, desk.code(app))
    assert isinstance(fresh, tuple)
    assert len(set(fresh) | set(old)) == 20
    half = await desk.accounts.log_in(ADDRESS, PASSWORD, PHONE)
    assert isinstance(half, SecondFactorNeeded)
    assert wrong(await desk.accounts.verify_second_factor(half.ticket, old[0], PHONE)) is Wrong.CODE
    entered(await desk.accounts.verify_second_factor(half.ticket, fresh[0], PHONE))


async def test_without_a_second_factor_there_are_no_backup_codes(desk: Desk) -> None:
    ann = await desk.ann()
    said = await desk.accounts.security.new_backup_codes(ann.person.id, "000000")
    assert wrong(said) is Wrong.FACTOR_IS_OFF


# -- the same work, whoever it is about


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked, in order."""
    seen: list[str] = []

    def heard(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", heard)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", heard)


def forgotten(desk: Desk, address: str, _: int) -> Awaitable[object]:
    return desk.accounts.recovery.ask(Purpose.RESET, address)


def resent(desk: Desk, address: str, _: int) -> Awaitable[object]:
    return desk.accounts.recovery.ask(Purpose.VERIFY, address)


def logged_in(desk: Desk, address: str, _: int) -> Awaitable[object]:
    return desk.accounts.log_in(address, "a wrong password", PHONE)


def registered(desk: Desk, address: str, number: int) -> Awaitable[object]:
    return desk.accounts.register(
        NewAccount(email=address, password="another password", username=f"m{number}"), PHONE
    )


Way = Callable[[Desk, str, int], Awaitable[object]]
TIMED_AT_MOST = 4


@pytest.mark.parametrize("way", [forgotten, resent, logged_in, registered])
async def test_the_database_is_asked_the_same_whether_an_address_is_known_or_not(
    desk: Desk, database: Database, way: Way
) -> None:
    await proven(desk)
    desk.clock.turn(DAY_MS)
    said = []
    for number, address in enumerate((ADDRESS, "nobody@example.org")):
        with statements(database) as seen:
            outcome = await way(desk, address, number)
        said.append(
            (type(outcome), getattr(outcome, "wrong", None), getattr(outcome, "letter_sent", None), seen)
        )
    assert len(said[0][3]) > 0
    assert said[0] == said[1]


async def test_whoever_claims_an_address_cannot_tell_by_logging_in_whether_anybody_has_it(
    desk: Desk, database: Database
) -> None:
    await proven(desk)
    said = []
    for number, address in enumerate((ADDRESS, "nobody@example.org")):
        await registered(desk, address, number)
        for password in ("another password", "a wrong password"):
            desk.passwords.checked = 0
            with statements(database) as seen:
                outcome = await desk.accounts.log_in(address, password, PHONE)
            said.append((type(outcome), seen, desk.passwords.checked))
    assert [checked for _, _, checked in said] == [1, 2, 1, 2]
    assert said[:2] == said[2:]


@pytest.mark.parametrize("way", [logged_in, registered])
async def test_it_takes_as_long_whether_an_address_is_known_or_not(database: Database, way: Way) -> None:
    """In time of this process, which what else the machine does takes none of; a difference shows every time."""
    await database.open()
    desk = Desk(database, limits=False, cost=Cost(memory_kib=8192, passes=2))
    await proven(desk)
    ratios: list[float] = []
    for attempt in range(TIMED_AT_MOST):
        took: tuple[list[float], list[float]] = ([], [])
        for number in range(48 * attempt, 48 * (attempt + 1)):
            address = f"nobody{number}@example.org" if number % 2 else ADDRESS
            begun = process_time()
            await way(desk, address, number)
            took[number % 2].append(process_time() - begun)
        known, unknown = (sorted(times)[len(times) // 2] for times in took)
        ratios.append(known / unknown)
        if 0.7 < ratios[-1] < 1.4:
            break
    desk.close()
    assert 0.7 < ratios[-1] < 1.4, ratios
