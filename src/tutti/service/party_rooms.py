"""How a party enters its room: opened when it has to be there, kept as the party says, and followed.

A party's host opens the room, and leaves it in the same turn: until people come it is empty, and nobody else can be its
host. What somebody wishes of a room that they are not in is wished in the same way: come, wish, go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from tutti.core import commands as c
from tutti.core.access import Access
from tutti.core.defaults import Control, Defaults, Expiry, HostLost
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.service.live_room import Accepted, Answer, LiveRoom
from tutti.service.ports import Clock, Unavailable
from tutti.service.rooms import Rooms

log = structlog.get_logger("tutti.party")

DIALECT: Final = "party"
LIVES_MS: Final = 30 * 86_400_000.0
GRACE_MS: Final = 20_000.0
SEAT_MS: Final = 60_000.0
SETTLED_S: Final = 0.3
"""So long after a room has begun to change, it is told what it does then."""
AGAIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a party's room has to be. `everybody_controls` and `media` count when it is opened."""

    room: RoomId
    name: str
    host: MemberId
    host_name: str
    capacity: int
    access: Access
    everybody_controls: bool = False
    chat_on: bool = True
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Doing:
    """What a party's room does now. `moved`: somebody has moved its timeline at all. `closed`: why it is over."""

    room: RoomId
    playing: bool
    position_ms: float
    moved: bool
    closed: CloseReason | None


class PartyRooms:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._told: dict[RoomId, tuple[object, ...]] = {}
        self._changing: dict[RoomId, Room] = {}
        self._tell: Callable[[Doing], Awaitable[None]] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def aclose(self) -> None:
        """Nothing is told from now on."""
        self._tell = None
        if self._telling:
            await asyncio.wait(self._telling)

    async def ensure(self, standing: Standing) -> Room | Refused:
        """The room is there, and lets in whom it should."""
        room = await self._rooms.look(standing.room)
        if isinstance(room, Refused):
            return await self._open(standing) if _is_missing(room) else room
        if room.defaults.dialect != DIALECT:
            return Refused(Reason.ROOM_EXISTS)
        if room.access == standing.access:
            return room
        return _room(await self._rooms.ask(standing.room, c.SetAccess(standing.access), None))

    async def settle(self, standing: Standing, *, media: bool) -> Room | Refused:
        """As `ensure`; and what its host wants of it now is done, `media` too if that was changed."""
        room = await self.ensure(standing)
        if isinstance(room, Refused):
            return room
        wishes: list[c.Command] = []
        if room.capacity != standing.capacity:
            wishes.append(c.SetCapacity(standing.capacity))
        if room.chat_on != standing.chat_on:
            wishes.append(c.SwitchChat(standing.chat_on))
        if media and standing.media is not None:
            wishes.append(_change(standing.media))
        if not wishes:
            return room
        return _room(await self.act(standing.room, standing.host, standing.host_name, *wishes))

    async def close(self, room: RoomId) -> None:
        """The party is over. A room that is not there is over already; one that cannot be closed now is tried again."""
        answer = await self._rooms.ask(room, c.Expire(CloseReason.HOST_ENDED), None)
        if isinstance(answer, Refused) and answer.reason.may_retry:
            self._rooms.wheel.after(AGAIN_S, lambda: self._rooms.spawn(self.close(room)))

    async def look(self, room: RoomId) -> Room | Refused:
        return await self._rooms.look(room)

    async def act(self, room: RoomId, who: MemberId, name: str, *wishes: c.Command) -> Answer:
        """What somebody wishes; the answer to the last of it."""
        live = await self._rooms.live(room)
        if isinstance(live, Refused):
            return live
        here = live.state is not None and who in live.state.members
        asked = wishes if here else (c.Join(name), *wishes, c.Leave())
        answers = await _ask(live, who, *asked)
        if here:
            return answers[-1]
        return answers[0] if isinstance(answers[0], Refused) else answers[-2]

    async def leave(self, room: RoomId, who: MemberId) -> None:
        live = await self._rooms.live(room)
        if isinstance(live, LiveRoom) and live.state is not None and who in live.state.members:
            await _ask(live, who, c.Leave())

    @property
    def clock(self) -> Clock:
        return self._rooms.clock

    def now_ms(self) -> float:
        return self.clock.now_ms()

    def may_meet(self, one: MemberId, other: MemberId) -> bool:
        """Neither blocks the other."""
        return self._rooms.may_meet(one, other)

    async def online(self, room: RoomId) -> frozenset[MemberId]:
        """Who of its members is connected, here."""
        live = await self._rooms.live(room)
        if isinstance(live, Refused) or live.state is None:
            return frozenset()
        return frozenset(member for member in live.state.members if live.presence.is_here(member))

    def follow(self, tell: Callable[[Doing], Awaitable[None]]) -> None:
        """`tell` hears what parties' rooms do, a moment later, and again until it could keep that."""
        self._tell = tell
        self._rooms.followers.append(self._hear)

    def _hear(self, room: Room) -> None:
        """In the room's turn: only note it."""
        if room.defaults.dialect != DIALECT:
            return
        seen = (room.timeline, room.moved_by, room.closed)
        if self._told.get(room.id) == seen:
            return
        waits = room.id in self._changing
        self._changing[room.id] = room
        if not waits:
            self._rooms.wheel.after(SETTLED_S, lambda: self._rooms.spawn(self._passed_on(room.id)))

    async def _passed_on(self, room_id: RoomId) -> None:
        task = asyncio.create_task(self._pass_on(room_id))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        await task

    async def _pass_on(self, room_id: RoomId) -> None:
        room = self._changing.pop(room_id, None)
        if room is None or self._tell is None:
            return
        self._told[room_id] = (room.timeline, room.moved_by, room.closed)
        if room.closed is not None:
            self._told.pop(room_id)
        moved = room.moved_by is not None
        position_ms = room.position_at(self.now_ms())
        try:
            await self._tell(Doing(room_id, room.timeline.playing, position_ms, moved, room.closed))
        except Unavailable as problem:
            log.warning("party.not_followed", room=room_id, problem=str(problem))
            self._told.pop(room_id, None)
            self._rooms.wheel.after(AGAIN_S, lambda: self._hear_again(room))

    def _hear_again(self, room: Room) -> None:
        """What could not be told, as it is by now: it may have changed, and that may have been told."""

        def found(live: LiveRoom | Refused) -> None:
            now = None if isinstance(live, Refused) else live.state
            self._hear(now or room)

        self._rooms.find(room.id, found)

    async def _open(self, standing: Standing) -> Room | Refused:
        opens = c.Open(standing.name, standing.host_name, defaults(standing), standing.media)
        wishes = () if standing.chat_on else (c.SwitchChat(False),)
        found: asyncio.Future[LiveRoom | Refused] = asyncio.get_running_loop().create_future()
        asked: list[asyncio.Future[Answer]] = []

        def reached(live: LiveRoom | Refused) -> None:
            if isinstance(live, LiveRoom):  # at once: nobody comes in between
                joined = _asked(live, standing.host, c.Join(standing.host_name, opens=opens))
                limited = _asked(live, None, c.SetAccess(standing.access))
                rest = [_asked(live, standing.host, wish) for wish in (*wishes, c.Leave())]
                asked.extend((joined, limited, *rest))
            if not found.done():
                found.set_result(live)

        self._rooms.reach(standing.room, reached)
        live = await found
        if isinstance(live, Refused):
            return live
        answers = await asyncio.gather(*asked)
        refused = next((answer for answer in answers if isinstance(answer, Refused)), None)
        return refused or _room(answers[-1])


def defaults(standing: Standing) -> Defaults:
    return Defaults(
        dialect=DIALECT,
        capacity=standing.capacity,
        control=Control.EVERYBODY if standing.everybody_controls else Control.HOST,
        host_lost=HostLost.PASSES_ON,
        expiry=Expiry.FROM_LAST_ACTIVITY,
        lives_ms=LIVES_MS,
        grace_ms=GRACE_MS,
        host_grace_ms=GRACE_MS,
        correct_over_ms=1_000.0,
        seat_ms=SEAT_MS,
    )


def access(people: Mapping[str, Role], barred: frozenset[str], *, invited_only: bool) -> Access:
    return Access(
        invited_only=invited_only,
        people={MemberId(user): role for user, role in people.items()},
        barred=frozenset(map(MemberId, barred)),
    )


def _is_missing(refused: Refused) -> bool:
    return refused.reason in (Reason.ROOM_NOT_FOUND, Reason.ROOM_EXPIRED, Reason.ROOM_CLOSED)


def _room(answer: Answer) -> Room | Refused:
    return answer.room if isinstance(answer, Accepted) else answer


def _change(media: Media) -> c.ChangeMedia:
    return c.ChangeMedia(
        media.id,
        provider=media.provider,
        kind=media.kind,
        episode=media.episode,
        title=media.title,
        duration_ms=media.duration_ms,
        artist=media.artist,
    )


def _asked(live: LiveRoom, who: MemberId | None, command: c.Command) -> asyncio.Future[Answer]:
    answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def done(said: Answer) -> None:
        if not answer.done():
            answer.set_result(said)

    live.submit(command, who, done)
    return answer


async def _ask(live: LiveRoom, who: MemberId | None, *asked: c.Command) -> list[Answer]:
    """In one turn."""
    return list(await asyncio.gather(*(_asked(live, who, command) for command in asked)))
