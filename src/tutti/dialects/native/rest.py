"""Rooms over HTTP: `POST /v1/rooms` makes one, `GET /v1/rooms/{room}` shows one. All else is said on its WebSocket."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Annotated, Literal, TypeVar

import msgspec
import structlog
from litestar import Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from tutti.core import commands as c
from tutti.core.decide import MAX_CAPACITY
from tutti.core.defaults import Control
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.dialects.native import fields as f
from tutti.dialects.native import spoken
from tutti.dialects.native.defaults import CAPACITY, NAME, defaults
from tutti.dialects.native.errors import Problem
from tutti.dialects.native.replies import FAILURES, Asked, no_such_path, only
from tutti.dialects.native.wire import NewMedia
from tutti.service.dialect import Declined
from tutti.service.hall import Hall
from tutti.service.identity import MAX_ID, guest
from tutti.service.limits import Buckets
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.rooms import canonical

log = structlog.get_logger("tutti.native")

PREFIX = "/v1/rooms"
MAX_BODY = 16 * 1024

T = TypeVar("T")


class NewRoom(msgspec.Struct, frozen=True, rename="camel"):
    """A room and its host. In open mode without a `userId` or a token: a guest, named in the answer.

    `control`: who may move the timeline. `waitForAll`: wait up to five seconds until everybody's player is ready.
    """

    name: f.Name
    user_name: f.Name
    user_id: f.Id | None = None
    media: NewMedia | None = None
    control: Literal["everybody", "host"] = "everybody"
    capacity: Annotated[int, msgspec.Meta(ge=1, le=MAX_CAPACITY)] = CAPACITY
    wait_for_all: bool = False

    def opening(self) -> c.Open:
        return c.Open(
            f.trimmed(self.name, "name"),
            f.trimmed(self.user_name, "userName"),
            defaults(control=Control(self.control), capacity=self.capacity),
            None if self.media is None else self.media.media(),
        )


class MadeRoom(msgspec.Struct, frozen=True, rename="camel"):
    """`pass` is the host's token for this room; say it in `hello`. `page`: what to share. `now`: room time."""

    room: str
    name: str
    page: str
    user_id: str
    pass_: str = msgspec.field(name="pass")
    epoch: str
    now: float


def router(hall: Hall) -> Router:
    return Router(
        PREFIX,
        route_handlers=[
            _create(hall),
            _show(hall),
            only("/", "POST"),
            only("/{room_id:str}", "GET"),
            no_such_path,
        ],
        exception_handlers=FAILURES,
        request_max_body_size=MAX_BODY,
        tags=["native"],
    )


def _create(hall: Hall) -> HTTPRouteHandler:
    @post("/", summary="Make a room; you are its host", responses=_problems(400, 401, 403, 413, 429, 503))
    async def make_room(request: Asked, data: JSONBody[NewRoom]) -> MadeRoom:
        who = await _admitted(hall, request, None if data.user_id is None else MemberId(data.user_id))
        _spend(hall, hall.people, who.id)
        _spend(hall, hall.founding, _address(request))
        rooms = hall.rooms
        answer = _granted(await rooms.found(lambda: hall.new_room_id(NAME), data.opening(), who.id))
        if data.wait_for_all:
            answer = _granted(await rooms.ask(answer.room.id, c.SetWaiting(True), who.id))
        room = answer.room
        log.info("native.created", room=room.id, member=who.id)
        return MadeRoom(
            room=room.id,
            name=room.name,
            page=f"/r/{room.id}",
            user_id=who.id,
            pass_=hall.passes.issue(room.id, who.id),
            epoch=room.epoch,
            now=rooms.clock.now_ms(),
        )

    return make_room


def _show(hall: Hall) -> HTTPRouteHandler:
    @get("/{room_id:str}", summary="Show a room", responses=_problems(401, 404, 410, 429, 503))
    async def show_room(request: Asked, room_id: FromPath[str]) -> spoken.Snapshot:
        """What was said in the chat is shown to members only: to whoever sends their pass, or their own token."""
        who = await _looking(hall, request, RoomId(room_id))
        room = await _found(hall, request, RoomId(room_id))
        shown = spoken.snapshot(room)
        return shown if who in room.members else msgspec.structs.replace(shown, chat=[])

    return show_room


async def _admitted(hall: Hall, request: Asked, claimed: MemberId | None) -> Principal:
    token = _bearer(request)
    if claimed is None and token is None and not hall.gate.verifies(NAME):
        return Principal(guest(token_urlsafe(16)))
    return _granted(await hall.gate.admit(NAME, token, claimed))


async def _looking(hall: Hall, request: Asked, room_id: RoomId) -> MemberId | None:
    """Who wants to see this room: nobody in particular where nothing is verified, and no pass is shown."""
    token = _bearer(request)
    if is_pass(token):
        holder = hall.passes.holder(canonical(room_id), token)
        if holder is None:
            raise Declined(Refused(Reason.UNAUTHENTICATED, "This pass is not of this room"))
        return holder
    if not hall.gate.verifies(NAME):
        return None
    return _granted(await hall.verify(token, _address(request))).id


async def _found(hall: Hall, request: Asked, room_id: RoomId) -> Room:
    """The room, open. Somebody who keeps asking for rooms that there are not is guessing, and has to wait."""
    slow = hall.dry(hall.failed_asks, _address(request))
    if slow is not None:
        raise Declined(slow)
    found = Refused(Reason.ROOM_NOT_FOUND) if len(room_id) > MAX_ID else await hall.rooms.look(room_id)
    if isinstance(found, Refused):
        if found.reason is Reason.ROOM_NOT_FOUND:
            hall.taken(hall.failed_asks, _address(request))
        raise Declined(found)
    return found


def _granted(outcome: T | Refused) -> T:
    if isinstance(outcome, Refused):
        raise Declined(outcome)
    return outcome


def _spend(hall: Hall, buckets: Buckets | None, key: str) -> None:
    slow = hall.taken(buckets, key)
    if slow is not None:
        raise Declined(slow)


def _problems(*statuses: int) -> dict[int, ResponseSpec]:
    return {status: ResponseSpec(Problem, generate_examples=False) for status in statuses}


def _bearer(request: Asked) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _address(request: Asked) -> str:
    return request.client.host if request.client else ""
