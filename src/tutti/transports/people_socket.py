"""`/ws/notifications/`: JSON WebSockets on which one person is told what is theirs.

As on all of guide 003's sockets, one is accepted before it is known who opens it, and closed with 4001 if that is nobody.
While it is being told what it missed, what is new waits behind that; what is in both is told once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
import structlog

from tutti.core.refusals import Reason, Refused
from tutti.platform.outbox.outbox import Kept, Missed, Outbox
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.limits import Bucket
from tutti.service.logins import Tenure
from tutti.service.people import Hub
from tutti.service.ports import Principal, Unavailable
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import FORBIDDEN, Admission, Refusal
from tutti.transports.handshake import Handshake, Rejected
from tutti.transports.party_socket import ERROR, PARTY_CODES, RESTART, UNAUTHENTICATED
from tutti.transports.token_param import token_of
from tutti.transports.websocket import Accepted, Heartbeat, WebSocket

log = structlog.get_logger("tutti.socket")

PATH: Final = "/ws/notifications"
MAX_MESSAGE: Final = 16 * 1024
BEAT_S: Final = 20.0
MOST_WAITING: Final = 16
"""Sentences that wait for the one before; beyond that it is not read from."""
LONGEST_ID: Final = 36
EXPIRED: Final = Refused(Reason.UNAUTHENTICATED, "Your token has expired; sign in again")


class _Head(msgspec.Struct, frozen=True, gc=False):
    type: str


_head = msgspec.json.Decoder(_Head)


class Line(Protocol):
    """The dialect: what it says is JSON. What waits raises `Unavailable`."""

    @property
    def name(self) -> str: ...

    @property
    def outbox(self) -> Outbox: ...

    async def welcome(self, user: str, since: str | None) -> tuple[bytes, Missed]:
        """Before anything else is told: this, and what was missed."""
        ...

    async def heard(self, user: str, data: bytes) -> bytes | None:
        """Done as asked; or what was wrong with it."""
        ...

    def token(self, data: bytes) -> str | None: ...

    def authenticated(self) -> bytes: ...

    def pong(self) -> bytes: ...

    def refusal(self, why: Refused) -> tuple[bytes, int, str]:
        """What is said, and how a socket is closed that is refused with this when it comes."""
        ...


class PeopleSockets:
    """All of these connections."""

    def __init__(
        self,
        hall: Hall,
        hub: Hub,
        line: Line,
        *,
        cors: Cors,
        admission: Admission,
        new_id: Callable[[], str],
    ) -> None:
        self.hall = hall
        self.hub = hub
        self.line = line
        self.admission = admission
        self.open: set[PeopleSocket] = set()
        self._cors = cors
        self._new_id = new_id

    def route(self, request: Handshake) -> Accepted | Rejected:
        """The channel for a WebSocket that asks to be let in."""
        headers = request.headers
        if not self._cors.allows(headers.get("origin"), headers.get("host")):
            return _rejected(FORBIDDEN)
        crowd = self.admission.refuse(request.client)
        if crowd is not None:
            return _rejected(crowd)
        shown = token_of(request)
        since = request.query.get("since") or None
        if since is not None and len(since) > LONGEST_ID:
            since = ""
        socket = PeopleSocket(self, self._new_id(), request.client, shown.token, since)
        return Accepted(
            socket, shown.subprotocol, max_payload=MAX_MESSAGE, heartbeat=Heartbeat(BEAT_S, BEAT_S)
        )


class PeopleSocket:
    """The channel of one WebSocket, and one person's ear. `since`: the last frame that it saw when it was here before."""

    __slots__ = (
        "_behind",
        "_bucket",
        "_busy",
        "_expires_ms",
        "_gone",
        "_home",
        "_since",
        "_socket",
        "_tenure",
        "_token",
        "_waiting",
        "_who",
        "client",
        "id",
    )

    def __init__(
        self, home: PeopleSockets, id_: str, client: str, token: str | None, since: str | None
    ) -> None:
        self.id = id_
        self.client = client
        self._home = home
        self._token = token
        self._since = since
        self._socket: WebSocket
        self._who: Principal | None = None
        self._tenure = Tenure(home.hall.logins, home.hall.rooms.wheel, self)
        self._expires_ms = float("inf")
        self._behind: list[tuple[Frame, str | None]] | None = []
        self._waiting: deque[bytes] = deque()
        self._busy = False
        self._gone = False
        limits = home.hall.rooms.limits
        self._bucket = (
            None if limits is None else Bucket(limits.per_connection, home.hall.rooms.clock.now_ms())
        )

    @property
    def busy(self) -> bool:
        """It is being let in, or what it said is being answered."""
        return not self._gone and (self._busy or self._behind is not None)

    # -- for the node

    def send_away(self) -> None:
        self.close(RESTART, "service restart")

    # -- for the hub

    def tell(self, frame: Frame, id_: str | None) -> bool:
        if self._behind is not None:
            self._behind.append((frame, id_))
            return False
        self._socket.send(frame)
        return True

    def close(self, code: int, reason: str) -> None:
        self._socket.close(PARTY_CODES.get(code, code), reason)

    # -- for the WebSocket

    def opened(self, socket: WebSocket) -> None:
        self._socket = socket
        home = self._home
        home.open.add(self)
        home.admission.enter(self.client)
        home.hall.rooms.metrics.connections += 1
        socket.pause_reading()
        home.hall.rooms.spawn(self._come_in())

    def text(self, data: bytes) -> None:
        if self._who is None:
            return
        wait_s = self._too_fast()
        if wait_s:
            self._say(self._home.line.refusal(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))[0])
            return
        self._waiting.append(data)
        if len(self._waiting) > MOST_WAITING:
            self._socket.pause_reading()
        if not self._busy:
            self._busy = True
            self._home.hall.rooms.spawn(self._heed())

    def binary(self, _data: bytes) -> None:
        self.text(b"")

    def closed(self, code: int, reason: str) -> None:
        self._gone = True
        self._tenure.end()
        home = self._home
        log.debug("socket.closed", socket=self.id, code=code, reason=reason)
        if self in home.open:
            home.open.discard(self)
            home.admission.leave(self.client)
            home.hall.rooms.metrics.connections -= 1
        if self._who is not None:
            home.hub.leave(self._who.id, self)

    # -- coming in

    async def _come_in(self) -> None:
        try:
            who = await self._home.hall.verify(self._token, self.client)
            if self._gone:
                return
            if isinstance(who, Refused):
                self._turn_away(who)
                return
            self._is(who)
            self._home.hub.enter(who.id, self)
            await self._catch_up(who)
        except Unavailable:
            self._turn_away(Refused(Reason.UNAVAILABLE))
        except Exception:
            self.close(ERROR, "internal error")
            raise

    async def _catch_up(self, who: Principal) -> None:
        welcome, missed = await self._home.line.welcome(who.id, self._since)
        if self._gone:
            return
        self._say(welcome)
        told = {kept.id for kept in missed.frames}
        behind = self._behind or []
        self._behind = None
        new = [(frame, id_) for frame, id_ in behind if id_ not in told]
        for frame in (*(kept.frame for kept in missed.frames), *(frame for frame, _ in new)):
            self._socket.send(frame)
        kept_too = [Kept(id_, frame) for frame, id_ in new if id_ is not None]
        self._home.line.outbox.handed((*missed.frames, *kept_too))
        self._socket.resume_reading()

    def _is(self, who: Principal) -> None:
        """From now on, until the token expires."""
        self._who = who
        lives_s: float | None = None
        self._expires_ms = float("inf")
        if who.expires_ms is not None:
            clock = self._home.hall.rooms.clock
            now_ms = clock.now_ms()
            self._expires_ms = now_ms + who.expires_ms - clock.wall_ms(now_ms)
            lives_s = (self._expires_ms - now_ms) / 1000
        self._tenure.begin(who.session, lives_s)

    def _turn_away(self, why: Refused) -> None:
        if not self._gone:
            line = self._home.line
            self._home.hall.rooms.metrics.refusals[line.name, why.reason.code] += 1
            said, code, reason = line.refusal(why)
            self._say(said)
            self._socket.close(code, reason)

    # -- sentences

    async def _heed(self) -> None:
        """One after another."""
        while self._waiting and not self._gone:
            try:
                said = await self._answer(self._waiting.popleft())
            except Unavailable:
                said = self._home.line.refusal(Refused(Reason.UNAVAILABLE))[0]
            except Exception:
                self.close(ERROR, "internal error")
                raise
            if said is not None:
                self._say(said)
        self._busy = False
        if not self._gone:
            self._socket.resume_reading()

    async def _answer(self, data: bytes) -> bytes | None:
        line, who = self._home.line, self._who
        assert who is not None
        match _type_of(data):
            case "ping":
                return line.pong()
            case "authenticate":
                return await self._sign_in(who, line.token(data))
            case _ if self._home.hall.rooms.clock.now_ms() >= self._expires_ms:
                return line.refusal(EXPIRED)[0]
            case _:
                return await line.heard(who.id, data)

    async def _sign_in(self, who: Principal, token: str | None) -> bytes | None:
        fresh = await self._home.hall.verify(token, self.client)
        if isinstance(fresh, Refused):
            return self._home.line.refusal(fresh)[0]
        if fresh.id != who.id:
            self._socket.close(UNAUTHENTICATED, "somebody else's token")
            return None
        if not self._gone:
            self._is(fresh)
        return self._home.line.authenticated()

    def _too_fast(self) -> float:
        limits = self._home.hall.rooms.limits
        if self._bucket is None or limits is None:
            return 0.0
        return self._bucket.take(limits.per_connection, self._home.hall.rooms.clock.now_ms())

    def _say(self, said: bytes) -> None:
        self._socket.send(Frame(said))


def _type_of(data: bytes) -> str:
    try:
        return _head.decode(data).type
    except (msgspec.MsgspecError, RecursionError):
        return ""  # the dialect says what is wrong with it


def _rejected(refusal: Refusal) -> Rejected:
    return Rejected(refusal.status, refusal.body, (("Content-Type", "application/json"),))
