"""Recordings over HTTP, for whoever was host or co-host while they were made: listed, and downloaded or played in place.

`Authorization: Bearer` is the meeting's `resumeToken`, or in closed mode one's own token. Players cannot send that
header, so a link may carry it as `?token=`. Whoever is not entitled learns nothing, not even whether there is anything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.roster import Role
from tutti.dialects.meet.errors import code
from tutti.service.dialect import Declined
from tutti.service.hall import Hall
from tutti.service.identity import MAX_ID
from tutti.service.passes import is_pass
from tutti.service.ports import RecordingKept, Shelf
from tutti.service.rooms import canonical

PREFIX = "/api/meet/rooms"
RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
CHUNK = 256 * 1024

Asked = Request[Any, Any, Any]


class Problem(msgspec.Struct, frozen=True):
    """As over the socket: the guide's codes, and NOT_FOUND."""

    code: str
    message: str


class File(msgspec.Struct, frozen=True, rename="camel"):
    """`url` is relative to the server. `unfinished`: being written now, or its recorder died; it plays all the same."""

    name: str
    url: str
    media_type: str
    size: int
    unfinished: bool


class Recording(msgspec.Struct, frozen=True, rename="camel"):
    """Times in milliseconds since 1970. `combined`: waiting, running, done or failed, and then `reason` says why."""

    recording_id: str
    start_time: float
    stopped_at: float | None
    started_by: str | None
    combined: str
    progress: float | None
    reason: str | None
    files: tuple[File, ...]


class Recordings(msgspec.Struct, frozen=True):
    recordings: tuple[Recording, ...]


class NoSuchFile(Exception):
    """There is no file by this name, in a recording that the asker may have."""


def router(hall: Hall, shelf: Shelf) -> Router:
    return Router(
        PREFIX,
        route_handlers=[_list(hall, shelf), _download(hall, shelf)],
        exception_handlers={Declined: _declined, NoSuchFile: _no_such_file},
        tags=["meet"],
    )


def _list(hall: Hall, shelf: Shelf) -> HTTPRouteHandler:
    @get("/{room_id:str}/recordings", summary="Recordings of a meeting that you may have")
    async def list_recordings(request: Asked, room_id: FromPath[str]) -> Recordings:
        room = canonical(RoomId(room_id))
        who = await _asking(hall, request, room)
        moderates = await _moderates(hall, room, who)
        kept = await asyncio.to_thread(shelf.of, room)
        allowed = tuple(one for one in kept if moderates or who in shelf.owners(room, one.id))
        if not allowed and not moderates:
            raise Declined(Refused(Reason.NOT_ALLOWED))
        return Recordings(tuple(_shown(room, one) for one in allowed))

    return list_recordings


def _download(hall: Hall, shelf: Shelf) -> HTTPRouteHandler:
    @get(
        "/{room_id:str}/recordings/{recording:str}/files/{name:str}",
        summary="One file of a recording, or a range of it",
    )
    async def download(
        request: Asked, room_id: FromPath[str], recording: FromPath[str], name: FromPath[str]
    ) -> Response[Any]:
        room = canonical(RoomId(room_id))
        who = await _asking(hall, request, room)
        if who not in shelf.owners(room, recording) and not await _moderates(hall, room, who):
            raise Declined(Refused(Reason.NOT_ALLOWED))
        path = shelf.file(room, recording, name)
        if path is None:
            raise NoSuchFile
        return await _ranged(path, request.headers.get("range"))

    return download


async def _asking(hall: Hall, request: Asked, room: RoomId) -> MemberId:
    """Whoever the token is of. In open mode tokens that are not passes prove nothing, and are not believed here."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else request.query_params.get("token")
    if is_pass(given) and len(room) <= MAX_ID and hall.passes.recording(room, given) is None:
        holder = hall.passes.holder(room, given)
        if holder is not None:
            return holder
    if not hall.gate.closed or is_pass(given):
        raise Declined(Refused(Reason.UNAUTHENTICATED))
    principal = await hall.verify(given, request.client.host if request.client else "")
    if isinstance(principal, Refused):
        raise Declined(principal)
    return principal.id


async def _moderates(hall: Hall, room: RoomId, who: MemberId) -> bool:
    """Whether they are host or co-host in it now."""
    found = await hall.rooms.look(room)
    if isinstance(found, Refused):
        return False
    member = found.members.get(who)
    return member is not None and member.role in (Role.HOST, Role.MODERATOR)


def _shown(room: RoomId, kept: RecordingKept) -> Recording:
    base = f"{PREFIX}/{room}/recordings/{kept.id}/files"
    return Recording(
        recording_id=kept.id,
        start_time=kept.started_at_ms,
        stopped_at=kept.ended_at_ms,
        started_by=kept.started_by,
        combined=kept.combined,
        progress=kept.progress,
        reason=kept.reason,
        files=tuple(
            File(one.name, f"{base}/{one.name}", one.media_type, one.size, one.unfinished)
            for one in kept.files
        ),
    )


async def _ranged(path: Path, asked: str | None) -> Response[Any]:
    """RFC 9110 section 14: one range; anything else is answered with the whole file."""
    size = (await asyncio.to_thread(path.stat)).st_size
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{path.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    media_type = "video/webm" if path.suffix == ".webm" else "application/jsonl"
    found = _span(asked, size)
    if found is None:
        headers["Content-Length"] = str(size)
        return Stream(_read(path, 0, size), headers=headers, media_type=media_type)
    first, last = found
    if first > last:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(b"", status_code=416, headers=headers, media_type=media_type)
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last + 1 - first)}
    return Stream(_read(path, first, last + 1), status_code=206, headers=headers, media_type=media_type)


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """First and last octet; first after last: there is nothing in it; None: no range was asked for."""
    given = RANGE.fullmatch(asked or "")
    if given is None or not (given[1] or given[2]) or len(given[0]) > 40:
        return None
    if not given[1]:
        wanted = int(given[2])
        return (max(0, size - wanted), size - 1) if wanted else (size, size - 1)
    last = min(int(given[2]), size - 1) if given[2] else size - 1
    if given[2] and int(given[2]) < int(given[1]):
        return None
    return int(given[1]), last


async def _read(path: Path, at: int, end: int) -> AsyncIterator[bytes]:
    """In pieces, off the loop. A file that is being written is as long as it was when it was asked for."""
    with await asyncio.to_thread(path.open, "rb") as file:
        file.seek(at)
        while at < end and (piece := await asyncio.to_thread(file.read, min(CHUNK, end - at))):
            at += len(piece)
            yield piece


STATUS: Final = {Reason.UNAUTHENTICATED: 401, Reason.NOT_ALLOWED: 403, Reason.RATE_LIMITED: 429}


def _declined(_: Asked, problem: Declined) -> Response[Problem]:
    reason = problem.refused.reason
    status = STATUS.get(reason, 503)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(Problem(code(reason), problem.refused.sentence), status_code=status, headers=headers)


def _no_such_file(_: Asked, __: NoSuchFile) -> Response[Problem]:
    return Response(Problem("NOT_FOUND", "There is no such file in this recording"), status_code=404)
