"""Jobs: kept with what asked for them, done at least once, ended with a reason; on both databases."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.platform_rows.desk import NOON_MS, Hands
from tutti.infra.sql import Database
from tutti.platform.jobs.jobs import INTERNAL, Failed, Jobs, NotNow
from tutti.platform.jobs.ledger import DIED, KEPT_MS, LEASE_MS, MOST_ATTEMPTS, Ledger, backoff_ms
from tutti.platform.jobs.models import Job
from tutti.service.ports import Unavailable

WITHIN_S = 20.0


class Office:
    """A database, workers at one clock, and what was done, in order."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Hands()
        self.done: list[Any] = []
        self._seeds = iter(range(1, 100))
        self.jobs = self.worker()

    def worker(self, work: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None) -> Jobs:
        jobs = Jobs(self.database, self.clock, random.Random(next(self._seeds)).randbytes)
        jobs.handle("note", work or self._note)
        return jobs

    async def add(self, what: object, *, at_ms: float | None = None, key: str | None = None) -> None:
        async with self.database.writing() as db:
            await self.jobs.add(db, "note", {"what": what}, at_ms=at_ms, key=key)

    async def cancel(self, key: str) -> bool:
        async with self.database.writing() as db:
            return await self.jobs.cancel(db, "note", key)

    async def states(self) -> list[tuple[str, str | None]]:
        return [(one.state, one.reason) for one in await self.jobs.standing("note")]

    async def _note(self, payload: Mapping[str, Any]) -> None:
        self.done.append(payload["what"])


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    await database.open()
    yield Office(database)


async def test_what_is_due_is_done_once_in_the_order_in_which_it_is_due(office: Office) -> None:
    await office.add("second", at_ms=NOON_MS - 1)
    await office.add("first", at_ms=NOON_MS - 2)
    await office.add("tomorrow", at_ms=NOON_MS + 1)
    assert await office.jobs.run_due() == 2
    assert office.done == ["first", "second"]
    assert await office.jobs.run_due() == 0
    assert sorted(await office.states()) == [("done", None), ("done", None), ("waiting", None)]


async def test_what_it_was_about_is_not_kept_once_it_has_ended(office: Office) -> None:
    async def refuse(payload: Mapping[str, Any]) -> None:
        if payload["what"] == "a secret that fails":
            raise Failed("no")

    await office.add("a secret that is done")
    await office.add("a secret that fails")
    await office.worker(refuse).run_due()
    assert sorted(await office.states()) == [("done", None), ("failed", "no")]
    async with office.database.reading() as db:
        assert set((await db.scalars(select(Job.payload))).all()) == {"{}"}


async def test_many_workers_do_each_once(office: Office) -> None:
    for number in range(40):
        await office.add(number)
    begun = await asyncio.gather(*(office.worker().run_due() for _ in range(6)))
    assert sum(begun) == 40
    assert sorted(office.done) == list(range(40))


async def test_what_is_undone_in_a_transaction_was_never_asked_for(office: Office) -> None:
    with pytest.raises(ZeroDivisionError):
        async with office.database.writing() as db:
            await office.jobs.add(db, "note", {"what": "no"})
            raise ZeroDivisionError
    assert await office.jobs.run_due() == 0


async def test_the_same_key_replaces_what_waits(office: Office) -> None:
    await office.add("old", key="party", at_ms=NOON_MS)
    await office.add("new", key="party", at_ms=NOON_MS + 1000)
    await office.add("other", key="another party")
    await office.jobs.run_due()
    assert office.done == ["other"]
    office.clock.turn(1000)
    await office.jobs.run_due()
    assert office.done == ["other", "new"]


async def test_many_who_add_the_same_key_at_once_leave_one(office: Office) -> None:
    await asyncio.gather(*(office.add(number, key="party") for number in range(10)))
    assert await office.jobs.run_due() == 1


async def test_what_is_cancelled_is_not_begun(office: Office) -> None:
    await office.add("no", key="party")
    assert await office.cancel("party")
    assert not await office.cancel("party")
    assert await office.jobs.run_due() == 0


async def test_a_lease_that_has_ended_is_taken_again_and_not_before(office: Office) -> None:
    await office.add("lost", key="party")
    dead = Ledger(office.clock, random.Random(50).randbytes)
    async with office.database.writing() as db:
        (taken,) = await dead.take(db, ["note"], 8)
    office.clock.turn(LEASE_MS - 1)
    assert await office.jobs.run_due() == 0
    office.clock.turn(1)
    assert await office.jobs.run_due() == 1
    async with office.database.writing() as db:
        await dead.failed(db, taken, "too late: it is not its own any more")
    assert await office.states() == [("done", None)]


async def test_what_runs_keeps_its_lease_for_as_long_as_it_renews(office: Office) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def long(payload: Mapping[str, Any]) -> None:
        begun.set()
        await end.wait()
        office.done.append(payload["what"])

    slow = office.worker(long)
    await office.add("film")
    running = asyncio.create_task(slow.run_due())
    await begun.wait()
    for _ in range(3):
        office.clock.turn(LEASE_MS - 1)
        await slow.renew()
    assert await office.jobs.run_due() == 0
    end.set()
    assert await running == 1
    assert office.done == ["film"]


@pytest.mark.parametrize("how", ["cancelled", "taken by another"])
async def test_what_is_not_its_own_any_more_is_stopped(office: Office, how: str) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def endless(_: Mapping[str, Any]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    slow = office.worker(endless)
    await office.add("film", key="film")
    running = asyncio.create_task(slow.run_due())
    await begun.wait()
    if how == "cancelled":
        assert await office.cancel("film")
    else:
        office.clock.turn(LEASE_MS)
        assert await office.jobs.run_due() == 1
    await slow.renew()
    async with asyncio.timeout(WITHIN_S):
        await running
    assert stopped.is_set()
    assert await office.states() == ([] if how == "cancelled" else [("done", None)])


async def test_of_one_key_one_runs_at_a_time_and_the_later_one_follows(office: Office) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def long(payload: Mapping[str, Any]) -> None:
        begun.set()
        await end.wait()
        office.done.append(payload["what"])

    slow = office.worker(long)
    await office.add("first", key="party")
    running = asyncio.create_task(slow.run_due())
    await begun.wait()
    await office.add("second", key="party")
    assert await office.jobs.run_due() == 0
    end.set()
    assert await running == 2
    assert office.done == ["first", "second"]


async def test_it_is_tried_again_later_each_time_and_ends_with_the_reason(office: Office) -> None:
    async def never(_: Mapping[str, Any]) -> None:
        raise NotNow("The mail server does not answer.")

    office.jobs = office.worker(never)
    await office.add("mail")
    for attempt in range(1, MOST_ATTEMPTS):
        assert await office.jobs.run_due() == 1
        assert await office.states() == [("waiting", "The mail server does not answer.")]
        office.clock.turn(backoff_ms(attempt) - 1)
        assert await office.jobs.run_due() == 0
        office.clock.turn(1)
    assert await office.jobs.run_due() == 1
    assert await office.states() == [("failed", "The mail server does not answer.")]
    office.clock.turn(1e9)
    assert await office.jobs.run_due() == 0


async def test_the_waits_grow_and_end_at_six_hours() -> None:
    waits = [backoff_ms(attempt) / 1000 for attempt in range(1, 10)]
    assert waits == [10, 30, 90, 270, 810, 2430, 7290, 21_600, 21_600]


async def test_a_job_says_when_to_come_back(office: Office) -> None:
    async def throttled(_: Mapping[str, Any]) -> None:
        raise NotNow("Later.", after_s=3600)

    office.jobs = office.worker(throttled)
    await office.add("mail")
    await office.jobs.run_due()
    office.clock.turn(3_599_999)
    assert await office.jobs.run_due() == 0
    office.clock.turn(1)
    assert await office.jobs.run_due() == 1


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (Failed("There is no such address."), ("failed", "There is no such address.")),
        (Unavailable("the database is gone"), ("waiting", "the database is gone")),
        (KeyError("a bug, with somebody's secret in it"), ("waiting", INTERNAL)),
    ],
)
async def test_what_goes_wrong_is_a_reason_for_a_person(
    office: Office, problem: Exception, state: tuple[str, str]
) -> None:
    async def wrong(_: Mapping[str, Any]) -> None:
        raise problem

    office.jobs = office.worker(wrong)
    await office.add("mail")
    await office.jobs.run_due()
    assert await office.states() == [state]


async def test_what_fails_while_a_later_one_waits_is_not_tried_again(office: Office) -> None:
    async def meanwhile(payload: Mapping[str, Any]) -> None:
        if payload["what"] == "old":
            await office.add("new", key="party", at_ms=NOON_MS + 1)
            raise NotNow("Not now.")
        office.done.append(payload["what"])

    office.jobs = office.worker(meanwhile)
    await office.add("old", key="party")
    await office.jobs.run_due()
    office.clock.turn(1e7)
    await office.jobs.run_due()
    assert office.done == ["new"]
    assert [state for state, _ in await office.states()] == ["done", "done"]


async def test_what_kills_every_server_that_takes_it_fails_at_last(office: Office) -> None:
    await office.add("poison")
    dead = Ledger(office.clock, random.Random(50).randbytes)
    for _ in range(MOST_ATTEMPTS):
        async with office.database.writing() as db:
            assert len(await dead.take(db, ["note"], 8)) == 1
        office.clock.turn(LEASE_MS)
    assert await office.jobs.run_due() == 0
    assert await office.states() == [("failed", DIED)]


async def test_a_kind_that_nobody_here_does_waits(office: Office) -> None:
    async with office.database.writing() as db:
        await office.jobs.add(db, "another", {})
    assert await office.jobs.run_due() == 0
    assert [one.state for one in await office.jobs.standing("another")] == ["waiting"]


async def test_what_an_ended_job_was_about_is_not_kept_and_it_is_forgotten_in_a_week(office: Office) -> None:
    await office.add("secret", key="mail")
    await office.jobs.run_due()
    await office.jobs.forget()
    assert len(await office.jobs.standing("note")) == 1
    office.clock.turn(KEPT_MS + 1)
    await office.jobs.forget()
    assert await office.jobs.standing("note") == ()


# -- running


async def test_what_is_added_is_done_right_after_the_commit(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutti.platform.jobs.jobs.LOOK_EVERY_S", 2 * WITHIN_S)  # later than it has to be done
    noted = asyncio.Event()

    async def note(_: Mapping[str, Any]) -> None:
        noted.set()

    office.jobs = office.worker(note)
    async with asyncio.timeout(WITHIN_S), office.jobs:
        await office.add("now")
        await noted.wait()


async def test_what_does_not_end_in_time_is_given_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(_: Mapping[str, Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("tutti.platform.jobs.jobs.STOP_WITHIN_S", 0.01)
    slow = office.worker(endless)
    async with asyncio.timeout(WITHIN_S), slow:
        await office.add("film")
        slow.wake()
        await begun.wait()
    (standing,) = await office.jobs.standing("note")
    assert (standing.state, standing.attempts) == ("waiting", 0)
    assert await office.jobs.run_due() == 1
    assert office.done == ["film"]


async def test_what_is_nearly_done_at_the_end_is_done(office: Office) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def nearly(payload: Mapping[str, Any]) -> None:
        begun.set()
        await end.wait()
        office.done.append(payload["what"])

    slow = office.worker(nearly)
    async with asyncio.timeout(WITHIN_S):
        async with slow:
            await office.add("mail")
            slow.wake()
            await begun.wait()
            end.set()
    assert office.done == ["mail"]
    assert await office.states() == [("done", None)]


# -- kill -9

STEPS = ("adding", "added", "taking", "begun", "worked", "ending", "ended")
VICTIM = Path(__file__).with_name("jobs_victim.py")


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_is_done_if_it_was_asked_for(
    url: str | Path, tmp_path: Path, step: str
) -> None:
    database = Database(url)
    await database.open()
    effects = tmp_path / "effects"
    effects.touch()
    victim = await asyncio.create_subprocess_exec(
        sys.executable, VICTIM, str(url), effects, step,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    async with asyncio.timeout(60.0):
        assert await victim.wait() == -signal.SIGKILL
    before = effects.read_text().count("done")

    async def work(_: Mapping[str, Any]) -> None:
        with effects.open("a") as file:
            file.write("done\n")

    clock = Hands()
    clock.turn(LEASE_MS)
    jobs = Jobs(database, clock, random.Random(2).randbytes)
    jobs.handle("note", work)
    await jobs.run_due()
    await jobs.run_due()
    times = effects.read_text().count("done")
    states = [one.state for one in await jobs.standing("note")]
    await database.aclose()
    assert states == ([] if step == "adding" else ["done"])
    assert before == (1 if step in ("worked", "ending", "ended") else 0)
    assert times == {"adding": 0, "worked": 2, "ending": 2}.get(step, 1)
