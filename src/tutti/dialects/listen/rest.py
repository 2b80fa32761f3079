"""Guide 000 over HTTP: `/api/sessions` and its errors. Handlers are thin; what is decided, a room decides."""

from __future__ import annotations

import structlog
from litestar import Router, delete, get, patch, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from tutti.core import commands as c
from tutti.core.defaults import Defaults
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Member
from tutti.dialects.listen import bodies, caller, problems, tracks
from tutti.dialects.listen.dialect import iso
from tutti.dialects.listen.problems import Asked, bearer, documented, or_declined
from tutti.service.dialect import Declined
from tutti.service.identity import MAX_ID
from tutti.service.limits import Buckets
from tutti.service.live_room import LiveRoom
from tutti.service.rooms import canonical, ended
from tutti.service.session import Hall

log = structlog.get_logger("tutti.listen")

PREFIX = "/api/sessions"
MAX_BODY = 16 * 1024


def router(hall: Hall, defaults: Defaults, catalogue: tracks.TrackFacts | None = None) -> Router:
    """`defaults`: of the sessions made here. `catalogue`: knows what tracks are called; None: nobody does."""
    return Router(
        PREFIX,
        route_handlers=[
            _create(hall, defaults),
            _join(hall),
            _set_offset(hall),
            _show(hall, catalogue),
            _end(hall),
            problems.only("/", "POST"),
            problems.only("/{session_id:str}", "DELETE"),
            problems.only("/{session_id:str}/join", "POST"),
            problems.only("/{session_id:str}/offset", "PATCH"),
            problems.only("/{session_id:str}/state", "GET"),
            problems.no_such_path,
        ],
        exception_handlers={
            Declined: problems.declined,
            HTTPException: problems.unreadable,
            UnicodeDecodeError: problems.undecodable,
            RecursionError: problems.undecodable,
            Exception: problems.bug,
        },
        request_max_body_size=MAX_BODY,
        tags=["listen"],
    )


def _create(hall: Hall, defaults: Defaults) -> HTTPRouteHandler:
    @post("/", summary="Create a session; you are its host", responses=documented(400, 401, 403, 429, 503))
    async def create_session(request: Asked, data: JSONBody[bodies.Person]) -> bodies.Created:
        token = bearer(request)
        who = or_declined(await caller.admitted(hall, None, token, MemberId(data.user_id)))
        _spend(hall, hall.people, who.id)
        _spend(hall, hall.founding, _address(request))
        opening = c.Open(data.user_name, data.user_name, defaults)
        answer = or_declined(await hall.rooms.found(lambda: hall.new_room_id("listen"), opening, who.id))
        room = answer.room
        _remember(hall, room, token, who.id)
        log.info("listen.created", room=room.id, member=who.id)
        wall_ms = hall.rooms.clock.wall_ms
        return bodies.Created(
            session_id=room.id,
            role="host",
            created_at=iso(wall_ms(room.opened_at_ms)),
            expires_at=iso(wall_ms(room.expires_at_ms)),
            host_token=hall.passes.issue(room.id, who.id),
        )

    return create_session


def _join(hall: Hall) -> HTTPRouteHandler:
    @post(
        "/{session_id:str}/join",
        status_code=200,
        summary="Join a session as a client",
        responses=documented(400, 401, 403, 404, 409, 410, 429, 503),
    )
    async def join_session(
        request: Asked, session_id: FromPath[str], data: JSONBody[bodies.Person]
    ) -> bodies.Joined:
        token = bearer(request)
        room_id = canonical(RoomId(session_id))
        who = or_declined(await caller.admitted(hall, room_id, token, MemberId(data.user_id)))
        _spend(hall, hall.people, who.id)
        await _found(hall, request, room_id)
        room = or_declined(await hall.rooms.ask(room_id, c.Join(data.user_name), who.id)).room
        member = room.members[who.id]
        _remember(hall, room, token, who.id)
        host = room.members.get(room.host) if room.host else None
        return bodies.Joined(
            session_id=room.id,
            role="host" if room.host == who.id else "client",
            host_name=host.name if host else None,
            joined_at=iso(hall.rooms.clock.wall_ms(member.joined_at_ms)),
            client_token=hall.passes.issue(room.id, who.id),
        )

    return join_session


def _set_offset(hall: Hall) -> HTTPRouteHandler:
    @patch(
        "/{session_id:str}/offset",
        summary="Say how much later or earlier than the host you want to be",
        responses=documented(400, 401, 403, 404, 410, 429, 503),
    )
    async def update_offset(
        request: Asked, session_id: FromPath[str], data: JSONBody[bodies.NewOffset]
    ) -> bodies.OffsetUpdated:
        token = bearer(request)
        room, _ = await _found(hall, request, RoomId(session_id))
        who = or_declined(await caller.client(hall, room, token))
        _spend(hall, hall.people, who)
        or_declined(await hall.rooms.ask(room.id, c.SetOffset(data.offset_ms), who))
        now = iso(hall.rooms.clock.wall_ms(hall.rooms.clock.now_ms()))
        return bodies.OffsetUpdated(room.id, _short(data.offset_ms), now)

    return update_offset


def _show(hall: Hall, catalogue: tracks.TrackFacts | None) -> HTTPRouteHandler:
    @get(
        "/{session_id:str}/state",
        summary="Who is here, what plays, and where it is now",
        responses=documented(401, 403, 404, 410, 429, 503),
    )
    async def session_state(request: Asked, session_id: FromPath[str]) -> bodies.State:
        token = bearer(request)
        who = or_declined(await caller.admitted(hall, canonical(RoomId(session_id)), token, None))
        _spend(hall, hall.people, who.id)
        room, live = await _found(hall, request, RoomId(session_id))
        facts = await tracks.facts(catalogue, room.media, token) if room.media else None
        host = room.members.get(room.host) if room.host else None
        clients = tuple(_client(member) for member in room.members.values() if member.id != room.host)
        return bodies.State(
            session_id=room.id,
            host=bodies.Host(host.id, host.name) if host else None,
            client=clients[0] if clients else None,
            clients=clients,
            current_track=_track(room, facts, hall.rooms.clock.now_ms()),
            last_sync=_last_sync(hall, room, live),
        )

    return session_state


def _end(hall: Hall) -> HTTPRouteHandler:
    @delete(
        "/{session_id:str}",
        status_code=204,
        summary="End the session; only its host may",
        responses=documented(401, 403, 404, 410, 429, 503),
    )
    async def end_session(request: Asked, session_id: FromPath[str]) -> None:
        token = bearer(request)
        room, _ = await _found(hall, request, RoomId(session_id))
        who = or_declined(await caller.host(hall, room, token))
        or_declined(await hall.rooms.ask(room.id, c.Close(), who))
        log.info("listen.ended", room=room.id, member=who)

    return end_session


async def _found(hall: Hall, request: Asked, room_id: RoomId) -> tuple[Room, LiveRoom]:
    """The session, open. Somebody who keeps asking for codes that are none is guessing, and has to wait."""
    guesses, address, now_ms = hall.failed_joins, _address(request), hall.rooms.clock.now_ms()
    if guesses is not None and (wait_s := guesses.is_dry(address, now_ms)):
        raise Declined(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))
    if len(room_id) > MAX_ID:
        raise Declined(Refused(Reason.ROOM_NOT_FOUND))
    live = await hall.rooms.live(room_id)
    if isinstance(live, Refused) or live.state is None:
        if guesses is not None:
            guesses.take(address, now_ms)
        raise Declined(live if isinstance(live, Refused) else Refused(Reason.ROOM_NOT_FOUND))
    over = ended(live.state)
    if over is not None:
        raise Declined(over)
    return live.state, live


def _spend(hall: Hall, buckets: Buckets | None, key: str) -> None:
    if buckets is not None and (wait_s := buckets.take(key, hall.rooms.clock.now_ms())):
        raise Declined(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))


def _remember(hall: Hall, room: Room, token: str, who: MemberId) -> None:
    if not hall.gate.verifies("listen"):
        hall.bearers.remember(room.id, token, who, as_host=room.host == who)


def _track(room: Room, facts: tracks.Facts | None, now_ms: float) -> bodies.Track | None:
    media = room.media
    if media is None:
        return None
    duration_ms = media.duration_ms
    if duration_ms is None and facts is not None:
        duration_ms = facts.duration_ms
    return bodies.Track(
        uri=media.id,
        name=media.title or (facts.name if facts else None),
        artist=media.artist or (facts.artists if facts else None),
        position=round(room.timeline.extrapolated_at(now_ms, duration_ms)),
        duration=None if duration_ms is None else round(duration_ms),
        is_playing=room.timeline.playing,
    )


def _last_sync(hall: Hall, room: Room, live: LiveRoom) -> str | None:
    seen_ms = live.helm.seen_ms(room.host) if room.host else None
    latest_ms = max(room.moved_at_ms if room.moved_by else 0.0, seen_ms or 0.0)
    return iso(hall.rooms.clock.wall_ms(latest_ms)) if latest_ms else None


def _client(member: Member) -> bodies.Client:
    return bodies.Client(member.id, member.name, _short(member.offset_ms))


def _short(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _address(request: Asked) -> str:
    return request.client.host if request.client else ""
