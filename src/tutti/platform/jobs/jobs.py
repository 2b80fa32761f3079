"""Jobs as features see them: added in their own transaction, done by whatever node has time.

A job is done at least once: a handler that is killed half-way is called again, with the same payload, and so must do
no harm when it is called twice. It ends done, or failed with a reason that a person may read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Self

import structlog
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from tutti.platform.jobs.ledger import LEASE_MS, Ledger, Standing, Taken
from tutti.platform.jobs.models import LONGEST_KEY, LONGEST_KIND
from tutti.platform.rows import RandomBytes, Sql, WallMs
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.jobs")

Work = Callable[[Mapping[str, Any]], Awaitable[None]]

AT_ONCE = 8
LOOK_EVERY_S = 5.0
"""Another node may have added something."""
RENEW_EVERY_S = LEASE_MS / 3000
STOP_WITHIN_S = 5.0
INTERNAL = "Something went wrong here; it will be looked at."


class Failed(Exception):
    """It cannot be done, now or later. The text is for a person."""


class NotNow(Exception):
    """It may work later. The text is for a person, should it never work."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class Jobs:
    """Use as `async with jobs:` once all handlers are there. Without that jobs are kept, and `run_due` does them."""

    def __init__(self, sql: Sql, wall_ms: WallMs, random: RandomBytes) -> None:
        self._sql = sql
        self._ledger = Ledger(wall_ms, random)
        self._wall_ms = wall_ms
        self._handlers: dict[str, Work] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def handle(self, kind: str, work: Work) -> None:
        """Who does what is of this kind. Raise `Failed` or `NotNow` if it cannot be done; `Unavailable` is the latter."""
        assert kind not in self._handlers, f"two do {kind}"
        assert len(kind) <= LONGEST_KIND
        self._handlers[kind] = work

    async def add(
        self,
        db: AsyncSession,
        kind: str,
        payload: Mapping[str, Any],
        *,
        at_ms: float | None = None,
        key: str | None = None,
    ) -> None:
        """Kept with all else in this transaction, and done after it, not before `at_ms`.

        `key`: replaces the one of this kind and key that waits, if there is one. `payload` is JSON.
        """
        assert key is None or len(key) <= LONGEST_KEY
        await self._ledger.add(db, kind, payload, at_ms=at_ms, key=key)
        event.listen(db.sync_session, "after_commit", self._committed, once=True)

    async def cancel(self, db: AsyncSession, kind: str, key: str) -> bool:
        """It is not begun any more; one that runs is stopped soon. False: there was none."""
        return await self._ledger.cancel(db, kind, key)

    async def standing(self, kind: str) -> tuple[Standing, ...]:
        """What became of them; the ended ones for a week."""
        async with self._sql.reading() as db:
            return await self._ledger.standing(db, kind)

    async def forget(self) -> None:
        async with self._sql.writing() as db:
            await self._ledger.forget(db)

    def wake(self) -> None:
        """Something may be due."""
        self._news.set()

    async def run_due(self) -> int:
        """Do all that is due now, and what that makes due; how many were begun."""
        begun = 0
        while taken := await self._take():
            begun += len(taken)
            await asyncio.gather(*(self._begin(one) for one in taken), return_exceptions=True)
        return begun

    async def renew(self) -> None:
        """Keep what runs. What was cancelled, or is somebody else's by now, is stopped."""
        leases = tuple(self._running)
        if not leases:
            return
        async with self._sql.writing() as db:
            ours = await self._ledger.renew(db, leases)
        for lease in leases:
            if lease not in ours and (task := self._running.get(lease)) is not None:
                task.cancel("lost")

    async def __aenter__(self) -> Self:
        self._tasks = (asyncio.create_task(self._follow()), asyncio.create_task(self._keep()))
        return self

    async def __aexit__(self, *exception: object) -> None:
        """What runs has a moment to end; what does not end is given back, for the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        under_way = tuple(self._running.values())
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel("stopping")
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            self._news.clear()
            wait_s = LOOK_EVERY_S
            try:
                if len(self._running) < AT_ONCE:
                    for one in await self._take(AT_ONCE - len(self._running)):
                        self._begin(one).add_done_callback(lambda _: self.wake())
                    wait_s = await self._until_due_s()
            except Unavailable as problem:
                log.warning("jobs.not_looked_at", problem=str(problem))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait_s)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            with suppress(Unavailable):  # next time; a lease outlives two of these
                await self.renew()

    async def _until_due_s(self) -> float:
        async with self._sql.reading() as db:
            due_ms = await self._ledger.next_due_ms(db, self._handlers)
        ahead_ms = 0.0 if due_ms is None else due_ms - self._wall_ms()
        # What is due and was not taken waits for one of its key: that one's end is news.
        return LOOK_EVERY_S if ahead_ms <= 0 else min(ahead_ms / 1000, LOOK_EVERY_S)

    async def _take(self, most: int = AT_ONCE) -> tuple[Taken, ...]:
        async with self._sql.reading() as db:
            due_ms = await self._ledger.next_due_ms(db, self._handlers)
        if due_ms is None or due_ms > self._wall_ms():
            return ()
        async with self._sql.writing() as db:
            return await self._ledger.take(db, self._handlers, most)

    def _begin(self, taken: Taken) -> asyncio.Task[None]:
        task = asyncio.create_task(self._run(taken))
        self._running[taken.lease] = task
        task.add_done_callback(lambda _: self._running.pop(taken.lease, None))
        return task

    async def _run(self, taken: Taken) -> None:
        try:
            await self._ended(taken, await self._attempt(taken))
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(taken))
            raise
        except Unavailable as problem:  # its lease ends, and it is done again
            log.warning("job.not_kept", kind=taken.kind, problem=str(problem))

    async def _attempt(self, taken: Taken) -> Failed | NotNow | None:
        try:
            await self._handlers[taken.kind](taken.payload)
        except (Failed, NotNow) as problem:
            return problem
        except Unavailable as problem:
            return NotNow(str(problem))
        except Exception as failure:
            log.error("bug", job=taken.kind, exc_info=failure)
            return NotNow(INTERNAL)
        return None

    async def _ended(self, taken: Taken, outcome: Failed | NotNow | None) -> None:
        try:
            await self._keep_outcome(taken, outcome)
        except IntegrityError:  # a later one of its key was added in the same moment: now it is seen
            await self._keep_outcome(taken, outcome)

    async def _keep_outcome(self, taken: Taken, outcome: Failed | NotNow | None) -> None:
        again_ms: float | None = None
        async with self._sql.writing() as db:
            match outcome:
                case None:
                    await self._ledger.done(db, taken)
                case Failed():
                    await self._ledger.failed(db, taken, str(outcome))
                case NotNow():
                    after_ms = None if outcome.after_s is None else outcome.after_s * 1000
                    again_ms = await self._ledger.later(db, taken, str(outcome), after_ms)
        if again_ms is not None:
            log.warning("job.not_now", kind=taken.kind, reason=str(outcome), again_in_s=again_ms / 1000)
        elif outcome is not None:
            log.warning("job.failed", kind=taken.kind, reason=str(outcome))

    async def _give_back(self, taken: Taken) -> None:
        with suppress(Unavailable, IntegrityError):  # its lease ends by itself
            async with self._sql.writing() as db:
                await self._ledger.give_back(db, taken)

    def _committed(self, _: Session) -> None:
        self.wake()
