"""Passwords: what they cost, for whom, and how many at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from tests.platform_rows.desk import CHEAP, PHONE, Desk, wrong
from tutti.infra.sql import Database
from tutti.platform.accounts.passwords import Passwords, weakness
from tutti.platform.accounts.schemas import Wrong
from tutti.service.ports import Unavailable


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CHEAP)


async def test_a_hash_tells_its_password_and_no_other(passwords: Passwords) -> None:
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$")
    assert await passwords.matches(hashed, "correct horse")
    assert not await passwords.matches(hashed, "correct horses")
    assert not await passwords.matches("no hash at all", "correct horse")
    assert await passwords.hash("correct horse") != hashed


async def test_one_password_typed_on_two_keyboards_is_one(passwords: Passwords) -> None:
    hashed = await passwords.hash("caf\u00e9 au lait")
    assert await passwords.matches(hashed, "cafe\u0301 au lait")


async def test_nobodys_password_is_checked_as_thoroughly_as_somebodys(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.open()
    desk = Desk(database)
    await desk.ann()
    verified: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 - argon2's name
        verified.append(str(hash).rsplit("$", 2)[0])
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert wrong(await desk.accounts.log_in("ann", "a guess", PHONE)) is Wrong.CREDENTIALS
    assert wrong(await desk.accounts.log_in("nobody", "a guess", PHONE)) is Wrong.CREDENTIALS
    assert len(verified) == 2
    assert verified[0] == verified[1], "at the same price"
    desk.close()


async def test_whoever_comes_when_many_wait_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(CHEAP, threads=1, most_waiting=2)
    may = threading.Event()
    hash_ = PasswordHasher.hash

    def slow(self: PasswordHasher, password: str | bytes, *, salt: bytes | None = None) -> str:
        assert may.wait(10)
        return hash_(self, password, salt=salt)

    monkeypatch.setattr(PasswordHasher, "hash", slow)
    waiting = [asyncio.ensure_future(passwords.hash(f"password {n}")) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hash("one more")
    may.set()
    assert len(set(await asyncio.gather(*waiting))) == 3
    await passwords.hash("and now again")
    passwords.close()


@pytest.mark.parametrize(
    ("password", "others"),
    [
        ("short", ()),
        ("x" * 129, ()),
        ("0123456789", ()),
        ("password123", ()),
        ("ababababab", ()),
        ("annabelle", ("annabelle",)),
        ("Annabelle", ("annabelle@example.org",)),
    ],
)
def test_weak(password: str, others: tuple[str, ...]) -> None:
    assert weakness(password, *others)


def test_a_sentence_of_words_is_not_weak() -> None:
    assert weakness("correct horse battery", "ann@example.org", None) is None
