"""Guide 001's REST endpoints, `/auth/watch-together/…`: the same rooms and actions as over the socket."""

from __future__ import annotations

from typing import Self

import msgspec
from litestar import Router, get, post
from litestar.enums import HttpMethod
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.dialects.watch import spoken
from tutti.dialects.watch.actions import Action
from tutti.dialects.watch.defaults import NAME
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.fields import PersonName, UserId, trimmed
from tutti.dialects.watch.heard import CreateRoom, person
from tutti.dialects.watch.replies import (
    FAILURES,
    MAX_BODY,
    Asked,
    Failure,
    Moved,
    ProviderInfo,
    Stats,
    Success,
    no_such_path,
    only,
)
from tutti.service.dialect import Declined
from tutti.service.limits import Buckets
from tutti.service.live_room import Answer, LiveRoom
from tutti.service.ports import Principal
from tutti.service.session import Hall

PREFIX = "/auth/watch-together"
ROOM_POSTS = ("join", "leave", "playback", "sync", "transfer-admin", "kick-user")
MOST_LISTED = 100
MOST_COUNTED = 100_000


class Acting(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Who asks. May be left out where a token says it."""

    user_id: UserId | None = None


class Joining(msgspec.Struct, rename="camel", frozen=True, gc=False):
    user_id: UserId | None = None
    user_name: PersonName | None = None


class Playing(msgspec.Struct, rename="camel", frozen=True, gc=False):
    action: Action
    user_id: UserId | None = None


class Transferring(msgspec.Struct, rename="camel", frozen=True, gc=False):
    new_admin_id: UserId
    current_admin_id: UserId | None = None


class Kicking(msgspec.Struct, rename="camel", frozen=True, gc=False):
    user_id_to_kick: UserId
    admin_id: UserId | None = None


class Rest:
    """The handlers. `watch` says how things are shown, `hall` knows the rooms and who may enter."""

    def __init__(self, hall: Hall, watch: Watch) -> None:
        self._hall = hall
        self._rooms = hall.rooms
        self._watch = watch

    def __deepcopy__(self, memo: object) -> Self:
        """Litestar copies the handlers it is given; all of them serve the same rooms."""
        return self

    async def create(self, request: Asked, data: JSONBody[CreateRoom]) -> Success[spoken.RoomInfo]:
        """Make a room; whoever makes it is in it and is its admin."""
        who = await self._admit(request, data.admin_id)
        self._spend(self._hall.founding, _address(request))
        command = data.opening(self._watch.house, who.name)
        answer = await self._rooms.found(lambda: self._hall.new_room_id(NAME), command, who.id)
        return self._shown(_accepted(answer))

    async def join(
        self, request: Asked, room_id: FromPath[str], data: JSONBody[Joining]
    ) -> Success[spoken.RoomInfo]:
        """Join a room. Joining again changes nothing."""
        who = await self._admit(request, data.user_id)
        guesses, address, now_ms = self._hall.failed_joins, _address(request), self._rooms.clock.now_ms()
        if guesses is not None and (wait_s := guesses.is_dry(address, now_ms)):
            raise Declined(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))
        name = trimmed(data.user_name or who.name or who.id, "userName")
        answer = await self._rooms.ask(RoomId(room_id), c.Join(name), who.id)
        if guesses is not None and isinstance(answer, Refused) and answer.reason is Reason.ROOM_NOT_FOUND:
            guesses.take(address, now_ms)
        return self._shown(_accepted(answer))

    async def leave(
        self, request: Asked, room_id: FromPath[str], data: JSONBody[Acting]
    ) -> Success[spoken.RoomInfo]:
        """Leave a room. When the admin leaves, whoever has been there longest is admin."""
        who = await self._admit(request, data.user_id)
        return self._shown(await self._ask(room_id, c.Leave(), who))

    async def show(self, request: Asked, room_id: FromPath[str]) -> Success[spoken.RoomInfo]:
        """One room."""
        await self._verified(request)
        found = await self._rooms.look(RoomId(room_id))
        if isinstance(found, Refused):
            raise Declined(found)
        return self._shown(found)

    async def list_all(self, request: Asked) -> Success[list[spoken.RoomInfo]]:
        """The newest open rooms, at most 100, that were made through this interface."""
        await self._verified(request)
        rooms = await self._rooms.listed(NAME, MOST_LISTED)
        now_ms = self._rooms.clock.now_ms()
        return Success(data=[spoken.room_info(room, self._watch.clock, now_ms) for room in rooms])

    async def stats(self, request: Asked) -> Success[Stats]:
        """How many rooms and people there are."""
        await self._verified(request)
        total = len(await self._rooms.index.listed(NAME, MOST_COUNTED))
        rooms = [live.state for live in self._rooms.alive() if live.state and _is_ours(live.state)]
        peopled = [room for room in rooms if room.members]
        return Success(
            data=Stats(
                total_rooms=total,
                active_rooms=len(peopled),
                total_participants=sum(len(room.members) for room in peopled),
                playing_rooms=sum(room.timeline.playing for room in peopled),
            )
        )

    async def play(self, request: Asked, room_id: FromPath[str], data: JSONBody[Playing]) -> Success[Moved]:
        """Do a playback action: the same as over the socket. Answers where the film is now."""
        who = await self._admit(request, data.user_id)
        command = data.action.meaning(self._watch.house, self._rooms.clock.now_ms())
        room = await self._ask(room_id, command, who)
        await self._seen(room_id, who)
        now_ms = self._rooms.clock.now_ms()
        timestamp = spoken.epoch_ms(self._watch.clock, now_ms)
        return Success(data=Moved(spoken.state_of(room, now_ms), who.id, timestamp))

    async def sync(
        self, request: Asked, room_id: FromPath[str], data: JSONBody[Acting]
    ) -> Success[spoken.SyncResponse]:
        """Where everybody should be now."""
        who = await self._admit(request, data.user_id)
        room = await self._rooms.look(RoomId(room_id))
        if isinstance(room, Refused):
            raise Declined(room)
        if who.id not in room.members:
            raise Declined(Refused(Reason.NOT_A_MEMBER))
        await self._seen(room_id, who)
        return Success(data=self._watch.sync(room, self._rooms.clock.now_ms()))

    async def transfer(
        self, request: Asked, room_id: FromPath[str], data: JSONBody[Transferring]
    ) -> Success[spoken.RoomInfo]:
        """Make somebody else in the room its admin. Only the admin may."""
        who = await self._admit(request, data.current_admin_id)
        command = c.TransferHost(MemberId(data.new_admin_id))
        return self._shown(await self._ask(room_id, command, who))

    async def kick(
        self, request: Asked, room_id: FromPath[str], data: JSONBody[Kicking]
    ) -> Success[spoken.RoomInfo]:
        """Remove somebody, who cannot come back for five minutes. Only the admin may."""
        who = await self._admit(request, data.admin_id)
        return self._shown(await self._ask(room_id, c.Expel(MemberId(data.user_id_to_kick)), who))

    async def providers(self) -> Success[list[ProviderInfo]]:
        """Which providers there are. One that is not enabled can be chosen, but this server embeds nothing from it."""
        listed = self._watch.house.providers.listed()
        return Success(data=[ProviderInfo(p.id, p.name, p.base_url, p.template, p.enabled) for p in listed])

    async def _admit(self, request: Asked, claimed: str | None) -> Principal:
        who = await self._hall.gate.admit(NAME, _bearer(request), person(claimed))
        if isinstance(who, Refused):
            raise Declined(who)
        self._spend(self._hall.people, who.id)
        return who

    async def _verified(self, request: Asked) -> None:
        """Whoever only looks needs no name; where tokens are verified, a valid one."""
        if self._hall.gate.verifies(NAME):
            who = await self._hall.gate.verify(_bearer(request))
            if isinstance(who, Refused):
                raise Declined(who)

    def _spend(self, buckets: Buckets | None, key: str) -> None:
        wait_s = buckets.take(key, self._rooms.clock.now_ms()) if buckets is not None else 0.0
        if wait_s:
            raise Declined(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))

    async def _ask(self, room_id: str, command: c.Command, who: Principal) -> Room:
        return _accepted(await self._rooms.ask(RoomId(room_id), command, who.id))

    async def _seen(self, room_id: str, who: Principal) -> None:
        """Somebody who only ever uses HTTP is here as long as it does."""
        live = await self._rooms.live(RoomId(room_id))
        if isinstance(live, LiveRoom):
            live.presence.renewed(who.id)

    def _shown(self, room: Room) -> Success[spoken.RoomInfo]:
        return Success(data=spoken.room_info(room, self._watch.clock, self._rooms.clock.now_ms()))


def router(hall: Hall, watch: Watch) -> Router:
    """Everything under `/auth/watch-together`."""
    rest = Rest(hall, watch)
    return Router(
        PREFIX,
        route_handlers=[
            _post("/rooms", "Create a room", 201)(rest.create),
            _get("/rooms", "List rooms")(rest.list_all),
            _get("/rooms/{room_id:str}", "Show a room")(rest.show),
            _post("/rooms/{room_id:str}/join", "Join a room")(rest.join),
            _post("/rooms/{room_id:str}/leave", "Leave a room")(rest.leave),
            _post("/rooms/{room_id:str}/playback", "Do a playback action")(rest.play),
            _post("/rooms/{room_id:str}/sync", "Ask where the film is")(rest.sync),
            _post("/rooms/{room_id:str}/transfer-admin", "Pass the admin's seat on")(rest.transfer),
            _post("/rooms/{room_id:str}/kick-user", "Remove somebody")(rest.kick),
            _get("/stats", "Count rooms and people")(rest.stats),
            _get("/providers", "List providers")(rest.providers),
            only("/rooms", HttpMethod.GET, HttpMethod.POST),
            only("/rooms/{room_id:str}", HttpMethod.GET),
            *(only(f"/rooms/{{room_id:str}}/{what}", HttpMethod.POST) for what in ROOM_POSTS),
            only("/stats", HttpMethod.GET),
            only("/providers", HttpMethod.GET),
            no_such_path,
        ],
        exception_handlers=FAILURES,
        request_max_body_size=MAX_BODY,
        tags=["watch"],
    )


def _post(path: str, summary: str, status: int = 200) -> post:
    failures = _failures(400, 401, 403, 404, 409, 410, 429, 503)
    return post(path, summary=summary, status_code=status, responses=failures)


def _get(path: str, summary: str) -> get:
    return get(path, summary=summary, responses=_failures(401, 404, 410, 503))


def _failures(*statuses: int) -> dict[int, ResponseSpec]:
    return {status: ResponseSpec(Failure, generate_examples=False) for status in statuses}


def _accepted(answer: Answer) -> Room:
    if isinstance(answer, Refused):
        raise Declined(answer)
    return answer.room


def _is_ours(room: Room) -> bool:
    return room.closed is None and room.defaults.dialect == NAME


def _bearer(request: Asked) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _address(request: Asked) -> str:
    return request.client.host if request.client else ""
