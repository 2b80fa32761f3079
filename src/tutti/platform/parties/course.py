"""A party from its making to its end: what its host decides, and what its clock does. Works in the caller's transaction.

A party that is planned reminds its people a quarter of an hour before, and starts on time by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.parties import reading
from tutti.platform.parties.acting import HOSTS, MODERATORS, acting, facts, locked
from tutti.platform.parties.models import CODE_LENGTH, Participant, Party
from tutti.platform.parties.ports import Plans, Tells
from tutti.platform.parties.schemas import (
    OVER,
    STARTED,
    Facts,
    NewParty,
    Problem,
    Rules,
    Video,
    Visibility,
    Wrong,
)
from tutti.platform.rows import RandomBytes, WallMs, new_id

START: Final = "party.start"
REMIND: Final = "party.remind"
REMIND_BEFORE_MS: Final = 15 * 60_000
LATE_MS: Final = 60_000
"""A time that is over by less than this is now."""
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of room codes: without look-alikes."""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What is UNSET stays."""

    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    visibility: Visibility | msgspec.UnsetType = msgspec.UNSET
    scheduled_for_ms: int | msgspec.UnsetType | None = msgspec.UNSET
    max_participants: int | msgspec.UnsetType = msgspec.UNSET
    rules: Rules | msgspec.UnsetType = msgspec.UNSET
    video: Video | msgspec.UnsetType | None = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Course:
    wall_ms: WallMs
    random: RandomBytes
    plans: Plans | None = None
    tells: Tells | None = None

    async def create(self, db: AsyncSession, host: str, new: NewParty) -> Facts | Problem:
        now = int(self.wall_ms())
        if await db.get(User, host) is None:
            return Problem(Wrong.NOBODY)
        if _is_past(new.scheduled_for_ms, now):
            return Problem(Wrong.PAST, "scheduled_for")
        party = Party(
            id=new_id(now, self.random),
            host_id=host,
            title=new.title,
            description=new.description,
            room_code=await self._free_code(db),
            visibility=new.visibility,
            status="scheduled",
            scheduled_for_ms=new.scheduled_for_ms,
            created_at_ms=now,
            updated_at_ms=now,
            max_participants=new.max_participants,
            participant_count=1,
            settings=_text(new.rules),
            video=None if new.video is None else _text(new.video),
            position_ms=0,
            playing=False,
        )
        db.add(party)
        await db.flush()
        db.add(
            Participant(
                party_id=party.id, user_id=host, role="host", status="approved", party_at_ms=now, since_ms=now
            )
        )
        await self._plan(db, party)
        return facts(party)

    async def edit(self, db: AsyncSession, user: str, party_id: str, edit: Edit) -> Facts | Problem:
        allowed = await acting(db, user, party_id, HOSTS, self.wall_ms())
        if isinstance(allowed, Problem):
            return allowed
        party, now = allowed.party, int(self.wall_ms())
        when = edit.scheduled_for_ms
        if when is not msgspec.UNSET and when != party.scheduled_for_ms:
            if party.status != "scheduled":
                return Problem(Wrong.FIXED, "scheduled_for")
            if _is_past(when, now):
                return Problem(Wrong.PAST, "scheduled_for")
            party.scheduled_for_ms = when
            await self._plan(db, party)
        if not isinstance(edit.max_participants, msgspec.UnsetType):
            party.max_participants = max(edit.max_participants, party.participant_count)
        for name in ("title", "description", "visibility"):
            value = getattr(edit, name)
            if value is not msgspec.UNSET:
                setattr(party, name, value)
        if edit.rules is not msgspec.UNSET:
            if edit.rules.allow_participant_control != facts(party).rules.allow_participant_control:
                return Problem(Wrong.FIXED, "allow_participant_control")
            party.settings = _text(edit.rules)
        if edit.video is not msgspec.UNSET:
            party.video = None if edit.video is None else _text(edit.video)
        party.updated_at_ms = now
        return facts(party)

    async def start(self, db: AsyncSession, user: str, party_id: str) -> Facts | Problem:
        """Started already: nothing changes."""
        allowed = await acting(db, user, party_id, HOSTS, self.wall_ms())
        return allowed if isinstance(allowed, Problem) else await self._start(db, allowed.party)

    async def end(self, db: AsyncSession, user: str, party_id: str) -> Facts | Problem:
        """Ended already: nothing changes. One that never started is cancelled."""
        allowed = await acting(db, user, party_id, HOSTS, self.wall_ms(), over=True)
        if isinstance(allowed, Problem):
            return allowed
        status = "ended" if allowed.party.status in STARTED else "cancelled"
        return await self._over(db, allowed.party, status)

    async def may_control(self, db: AsyncSession, user: str, party_id: str) -> Facts | Problem:
        """Whether they may move the film: those who run the party, or everybody where it is so."""
        found = await reading.visible(db, user, party_id, self.wall_ms())
        if isinstance(found, Problem):
            return found
        party = found.party
        everybody = party.rules.allow_participant_control
        if found.standing != "approved" or not (everybody or found.role in MODERATORS):
            return Problem(Wrong.NOT_ALLOWED)
        if party.status in OVER:
            return Problem(Wrong.OVER)
        return party if party.status in STARTED else Problem(Wrong.NOT_STARTED)

    # -- by themselves

    async def start_on_time(self, db: AsyncSession, party_id: str) -> Facts | None:
        """None: there is nothing to start now."""
        party = await locked(db, party_id)
        due = (
            party is not None
            and party.scheduled_for_ms is not None
            and party.scheduled_for_ms <= self.wall_ms()
        )
        if party is None or party.status != "scheduled" or not due:
            return None
        return await self._start(db, party)

    async def remind(self, db: AsyncSession, party_id: str) -> None:
        party = await locked(db, party_id)
        if party is None or party.status != "scheduled" or self.tells is None:
            return
        await self._tell(db, "party_reminder", party, f"“{party.title}” starts in 15 minutes.", None)

    async def closed(self, db: AsyncSession, room_code: str, *, expired: bool = False) -> str | None:
        """Its room is over. The id of a party that is over with it; or that is still to come, and needs another room."""
        party = await locked(db, room_code)
        if party is None or party.status in OVER:
            return None
        if expired and party.status == "scheduled" and (party.scheduled_for_ms or 0) > self.wall_ms():
            return party.id  # nobody was there for long
        await self._over(db, party, "ended" if party.status in STARTED else "cancelled")
        return party.id

    async def synced(
        self, db: AsyncSession, room_code: str, *, playing: bool, position_ms: float, moved: bool
    ) -> str | None:
        """What its room does now. `moved`: since somebody first wished something to be played there.

        The party's id, if its status is another one now.
        """
        party = await locked(db, room_code)
        if party is None or party.status in OVER:
            return None
        party.playing, party.position_ms = playing, int(position_ms)
        party.synced_at_ms = int(self.wall_ms())
        before = party.status
        if before in STARTED and moved:
            party.status = "live" if playing else "paused"
        return None if party.status == before else party.id

    async def _start(self, db: AsyncSession, party: Party) -> Facts:
        if party.status == "scheduled":
            now = int(self.wall_ms())
            party.status, party.started_at_ms, party.updated_at_ms = "live", now, now
            await self._unplan(db, party)
            await self._tell(db, "party_started", party, f"“{party.title}” has started.", party.host_id)
        return facts(party)

    async def _over(self, db: AsyncSession, party: Party, status: str) -> Facts:
        if party.status not in OVER:
            now = int(self.wall_ms())
            party.status, party.ended_at_ms, party.updated_at_ms, party.playing = status, now, now, False
            await self._unplan(db, party)
        return facts(party)

    async def _plan(self, db: AsyncSession, party: Party) -> None:
        await self._unplan(db, party)
        at_ms = party.scheduled_for_ms
        if at_ms is None or self.plans is None:
            return
        payload = {"party": party.id}
        await self.plans.add(db, START, payload, at_ms=at_ms, key=party.id)
        if at_ms - REMIND_BEFORE_MS > self.wall_ms():
            await self.plans.add(db, REMIND, payload, at_ms=at_ms - REMIND_BEFORE_MS, key=party.id)

    async def _unplan(self, db: AsyncSession, party: Party) -> None:
        if self.plans is not None:
            await self.plans.cancel(db, START, party.id)
            await self.plans.cancel(db, REMIND, party.id)

    async def _tell(
        self, db: AsyncSession, type_: str, party: Party, message: str, actor: str | None
    ) -> None:
        """Everybody in the party but `actor`."""
        if self.tells is None:
            return
        users = [one.who.id for one in await reading.people(db, party.id) if one.who.id != actor]
        data = {"party_id": party.id, "room_code": party.room_code}
        key = f"{type_}:{party.id}"
        await self.tells.tell_all(db, users, type_, party.title, message, data, actor=actor, key=key)

    async def _free_code(self, db: AsyncSession) -> str:
        while True:
            code = "".join(ALPHABET[byte % len(ALPHABET)] for byte in self.random(CODE_LENGTH))
            if await db.scalar(select(Party.id).where(Party.room_code == code)) is None:
                return code


def _is_past(at_ms: int | None, now_ms: int) -> bool:
    return at_ms is not None and at_ms < now_ms - LATE_MS


def _text(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()
