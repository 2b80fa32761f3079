"""The rows of jobs: added, taken on a lease, renewed, ended. Works in the caller's transaction.

Whoever takes a job has it until its lease ends, and keeps it by renewing. A process that dies renews nothing: another
takes the job then, so that each is done at least once. Of one kind and key one runs at a time, and one waits at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tutti.platform.jobs.models import DONE, FAILED, LONGEST_REASON, RUNNING, WAITING, Job
from tutti.platform.rows import RandomBytes, WallMs, new_id

LEASE_MS = 30_000
MOST_ATTEMPTS = 8
BACKOFF_MS = 10_000
LONGEST_BACKOFF_MS = 6 * 3_600_000
KEPT_MS = 7 * 86_400_000
"""How long an ended job can be looked at."""
DIED = "The server stopped each time while it did this."
REPLACED = "Replaced by a later one."


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that is ours until the lease ends. `attempts`: this one counted."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    lease: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A job as a person may see it."""

    kind: str
    key: str | None
    state: str
    attempts: int
    reason: str | None


class Ledger:
    def __init__(self, wall_ms: WallMs, random: RandomBytes) -> None:
        self._wall_ms = wall_ms
        self._random = random

    async def add(
        self, db: AsyncSession, kind: str, payload: Mapping[str, Any], *, at_ms: float | None, key: str | None
    ) -> None:
        now = self._now()
        values = {
            "id": new_id(now, self._random),
            "kind": kind,
            "key": key,
            "waiting_key": _waiting(kind, key),
            "payload": json.dumps(dict(payload)),
            "state": WAITING,
            "attempts": 0,
            "due_at_ms": now if at_ms is None else int(at_ms),
            "added_at_ms": now,
        }
        await db.execute(_replacing(db, values))

    async def cancel(self, db: AsyncSession, kind: str, key: str) -> bool:
        """Delete it. One that runs is stopped when it next renews its lease. False: there was none."""
        named = (Job.kind == kind, Job.key == key, Job.ended_at_ms.is_(None))
        gone = await db.scalars(delete(Job).where(*named).returning(Job.id))
        return bool(gone.all())

    async def take(self, db: AsyncSession, kinds: Iterable[str], most: int) -> tuple[Taken, ...]:
        """Those that are due, the longest due first. Others who take at the same time get others."""
        now = self._now()
        other = aliased(Job)
        runs = (
            select(other.id)
            .where(other.kind == Job.kind, other.key == Job.key, other.lease.is_not(None), other.id != Job.id)
            .where(other.due_at_ms > now)
        )
        due = (
            select(Job)
            .where(Job.due_at_ms <= now, Job.kind.in_(tuple(kinds)), ~runs.exists())
            .order_by(Job.due_at_ms, Job.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        taken = []
        for job in (await db.scalars(due)).all():
            if job.lease is not None and await self._given_up(db, job):
                continue
            job.lease = new_id(now, self._random)
            job.state, job.waiting_key = RUNNING, None
            job.due_at_ms = now + LEASE_MS
            job.attempts += 1
            taken.append(Taken(job.id, job.kind, json.loads(job.payload), job.lease, job.attempts))
        return tuple(taken)

    async def renew(self, db: AsyncSession, leases: Iterable[str]) -> frozenset[str]:
        """The leases that still are ours."""
        renewed = (
            update(Job)
            .where(Job.lease.in_(tuple(leases)))
            .values(due_at_ms=self._now() + LEASE_MS)
            .returning(Job.lease)
        )
        return frozenset(lease for lease in (await db.scalars(renewed)).all() if lease is not None)

    async def done(self, db: AsyncSession, taken: Taken) -> None:
        if (job := await _ours(db, taken)) is not None:
            self._end(job, DONE, None)

    async def failed(self, db: AsyncSession, taken: Taken, reason: str) -> None:
        if (job := await _ours(db, taken)) is not None:
            self._end(job, FAILED, reason)

    async def later(
        self, db: AsyncSession, taken: Taken, reason: str, after_ms: float | None
    ) -> float | None:
        """Try again, longer after each time. None: that was the last time. Else after how long."""
        job = await _ours(db, taken)
        if job is None:
            return None
        if job.attempts >= MOST_ATTEMPTS:
            self._end(job, FAILED, reason)
            return None
        if await _superseded(db, job):
            self._end(job, DONE, REPLACED)
            return None
        wait_ms = max(backoff_ms(job.attempts), after_ms or 0.0)
        _wait(job, self._now() + int(wait_ms), reason)
        return wait_ms

    async def give_back(self, db: AsyncSession, taken: Taken) -> None:
        """Unfinished, for no fault of its own: it may be taken at once, and this attempt does not count."""
        job = await _ours(db, taken)
        if job is None:
            return
        if await _superseded(db, job):
            self._end(job, DONE, REPLACED)
            return
        job.attempts -= 1
        _wait(job, self._now(), None)

    async def next_due_ms(self, db: AsyncSession, kinds: Iterable[str]) -> int | None:
        return await db.scalar(select(func.min(Job.due_at_ms)).where(Job.kind.in_(tuple(kinds))))

    async def standing(self, db: AsyncSession, kind: str) -> tuple[Standing, ...]:
        """All of a kind that are kept, the oldest first."""
        rows = (await db.scalars(select(Job).where(Job.kind == kind).order_by(Job.id))).all()
        return tuple(Standing(row.kind, row.key, row.state, row.attempts, row.reason) for row in rows)

    async def forget(self, db: AsyncSession) -> None:
        """Delete those that ended long ago; now and then."""
        await db.execute(delete(Job).where(Job.ended_at_ms < self._now() - KEPT_MS))

    async def _given_up(self, db: AsyncSession, job: Job) -> bool:
        """Whether one whose runner has died is not to be tried again."""
        if job.attempts >= MOST_ATTEMPTS:
            self._end(job, FAILED, DIED)
            return True
        if await _superseded(db, job):
            self._end(job, DONE, REPLACED)
            return True
        return False

    def _end(self, job: Job, state: str, reason: str | None) -> None:
        """What it was about is nobody's business any more."""
        job.state, job.reason = state, None if reason is None else reason[:LONGEST_REASON]
        job.ended_at_ms = self._now()
        job.due_at_ms = job.lease = job.waiting_key = None
        job.payload = "{}"

    def _now(self) -> int:
        return int(self._wall_ms())


def backoff_ms(attempts: int) -> float:
    """After the first attempt, the second, …"""
    return min(BACKOFF_MS * 3.0 ** (attempts - 1), LONGEST_BACKOFF_MS)


def _waiting(kind: str, key: str | None) -> str | None:
    return None if key is None else f"{kind}:{key}"


def _wait(job: Job, until_ms: int, reason: str | None) -> None:
    job.state, job.lease = WAITING, None
    job.waiting_key = _waiting(job.kind, job.key)
    job.due_at_ms = until_ms
    job.reason = None if reason is None else reason[:LONGEST_REASON]


async def _ours(db: AsyncSession, taken: Taken) -> Job | None:
    """None: it was cancelled, or its lease ended and somebody else has it."""
    return await db.scalar(select(Job).where(Job.id == taken.id, Job.lease == taken.lease).with_for_update())


async def _superseded(db: AsyncSession, job: Job) -> bool:
    """Whether a later one of its key waits."""
    key = _waiting(job.kind, job.key)
    return key is not None and (await db.scalar(select(Job.id).where(Job.waiting_key == key))) is not None


def _replacing(db: AsyncSession, values: Mapping[str, Any]) -> Insert:
    """Both databases know it, each in its own words to SQLAlchemy. The place in the row stays, all else is new."""
    if db.get_bind().dialect.name == "postgresql":
        asked = postgresql.insert(Job).values(**values)
        return asked.on_conflict_do_update(index_elements=["waiting_key"], set_=_renewed(values))
    said = sqlite.insert(Job).values(**values)
    return said.on_conflict_do_update(index_elements=["waiting_key"], set_=_renewed(values))


def _renewed(values: Mapping[str, Any]) -> dict[str, Any]:
    fresh = {name: values[name] for name in ("payload", "due_at_ms", "attempts", "added_at_ms")}
    return {**fresh, "reason": None}
