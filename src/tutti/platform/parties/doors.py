"""Parties and their rooms, kept alike: what changes in the rows is told to the room, and the other way round.

That a party is different is told to those in it, and to those whom it was about, once it is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Final, Self
from urllib.parse import urlsplit

import structlog

from tutti.core.events import CloseReason
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Role as CoreRole
from tutti.platform.parties.parties import Parties
from tutti.platform.parties.schemas import OVER, House, Role, Video
from tutti.service.party_rooms import Doing, PartyRooms, Standing, access
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.party")

CORE: Final[Mapping[Role, CoreRole]] = {
    "host": CoreRole.HOST,
    "moderator": CoreRole.MODERATOR,
    "participant": CoreRole.MEMBER,
}
TURNS: Final = 64
AGAIN_S: Final = 5.0
_YOUTUBE: Final = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"))


class Doors:
    """Use as `async with doors:` where rooms may have changed while nobody looked.

    `news`: tells those of these people who are connected that this party is not what it was. It cannot fail.
    """

    def __init__(
        self, parties: Parties, rooms: PartyRooms, news: Callable[[Collection[str], str], None]
    ) -> None:
        self._parties = parties
        self.rooms = rooms
        self._news = news
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = tuple(asyncio.Lock() for _ in range(TURNS))
        rooms.follow(self.followed)

    async def __aenter__(self) -> Self:
        self._begin(self.restate())
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Nothing is written to rows any more: what rooms did since is seen at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.rooms.aclose()

    async def open(self, party_id: str) -> Room | Refused | None:
        """The party's room, there and as it has to be. None: there is no such party."""
        async with self._turn(party_id):
            house = await self._parties.house(party_id)
            if house is None:
                return None
            if house.party.status in OVER:
                return Refused(Reason.ROOM_CLOSED)
            return await self.rooms.ensure(standing(house))

    async def changed(
        self, party_id: str, *, settle: bool = False, media: bool = False, about: Collection[str] = ()
    ) -> None:
        """After a change was kept. `settle`: its host has changed what only a host may change in the room, too.

        `about`: whom it concerns, who may be in the party no more.
        """
        async with self._turn(party_id):
            house = await self._parties.house(party_id)
            if house is None:
                return
            told = await self._tell_room(house, settle=settle, media=media)
            self._news({*house.people, *house.waiting, *about}, party_id)
        if isinstance(told, Refused):
            log.warning("party.room_not_told", party=party_id, reason=told.reason.code)
            if told.reason.may_retry:
                self._begin(self._again(party_id))

    async def left(self, room_code: str, user: str) -> None:
        """They are in the party no more: nor in its room, whatever program they are in it with."""
        await self.rooms.leave(RoomId(room_code), MemberId(user))

    async def restate(self) -> None:
        """At the start: what a process that was killed may have left untold."""
        for party_id in await self._parties.open_ids():
            if not await self._closed_unseen(party_id):
                await self.changed(party_id)

    def parted(self, a: str, b: str) -> None:
        """One of them has blocked the other: neither is at the other's parties any more."""
        self._begin(self._part(a, b))

    async def followed(self, doing: Doing) -> None:
        course = self._parties.course
        if doing.closed is not None:
            changed = await self._parties.writing(
                lambda db: course.closed(db, doing.room, expired=doing.closed is CloseReason.EXPIRED)
            )
        else:
            changed = await self._parties.writing(
                lambda db: course.synced(
                    db, doing.room, playing=doing.playing, position_ms=doing.position_ms, moved=doing.moved
                )
            )
        if changed is not None:
            await self.changed(changed)

    async def start_on_time(self, payload: Mapping[str, Any]) -> None:
        """A job."""
        party_id = str(payload["party"])
        started = await self._parties.writing(lambda db: self._parties.course.start_on_time(db, party_id))
        if started is not None:
            await self.changed(party_id)

    async def remind(self, payload: Mapping[str, Any]) -> None:
        """A job."""
        party_id = str(payload["party"])
        await self._parties.writing(lambda db: self._parties.course.remind(db, party_id))

    async def _closed_unseen(self, party_id: str) -> bool:
        """Somebody ended it in its room, and the rows never heard: it is not opened anew, but over."""
        house = await self._parties.house(party_id)
        if house is None:
            return True
        room = RoomId(house.party.room_code)
        found = await self.rooms.look(room)
        if not isinstance(found, Refused) or found.reason is not Reason.ROOM_CLOSED:
            return False
        await self.followed(Doing(room, False, 0.0, moved=False, closed=CloseReason.HOST_ENDED))
        return True

    async def _part(self, a: str, b: str) -> None:
        for party_id in await self._parties.between(a, b):
            await self.changed(party_id, about=(a, b))

    async def _tell_room(self, house: House, *, settle: bool, media: bool) -> Room | Refused | None:
        if house.party.status in OVER:
            await self.rooms.close(RoomId(house.party.room_code))
            return None
        how = standing(house)
        return await (self.rooms.settle(how, media=media) if settle else self.rooms.ensure(how))

    async def _again(self, party_id: str) -> None:
        await asyncio.sleep(AGAIN_S)
        await self.changed(party_id)

    def _turn(self, party_id: str) -> asyncio.Lock:
        """One after another: what is read last is told last."""
        return self._turns[hash(party_id) % TURNS]

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Unavailable as problem:  # whoever comes to a party finds its room told then
        log.warning("parties.rooms_not_told", problem=str(problem))
    except Exception:
        log.exception("bug")


def standing(house: House) -> Standing:
    party, rules, film = house.party, house.party.rules, house.party.film
    listed = {
        user: CORE[role] for user, role in house.people.items() if house.invited_only or role != "participant"
    }  # whom the room lets in anyway it need not know
    return Standing(
        room=RoomId(party.room_code),
        name=party.title,
        host=MemberId(party.host_id),
        host_name=house.host.display_name,
        capacity=party.max_participants,
        everybody_controls=rules.allow_participant_control,
        chat_on=rules.allow_chat,
        media=None if film is None else media(film),
        access=access(listed, house.barred, invited_only=house.invited_only),
    )


def media(video: Video) -> Media:
    """In the words of the pages that show it."""
    duration_ms = None if video.duration is None else video.duration * 1000
    if video.url is None:
        return Media(
            video.id, video.provider or "library", "movie", title=video.title, duration_ms=duration_ms
        )
    host = urlsplit(video.url).hostname or ""
    provider = video.provider or ("youtube" if host in _YOUTUBE else "direct")
    return Media(video.url, provider, "movie", title=video.title, duration_ms=duration_ms)
