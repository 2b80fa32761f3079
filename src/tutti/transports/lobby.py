"""Socket.IO's main namespace: one session a socket, whichever dialect each of its events belongs to.

The guides' clients share `/`; their event names are disjoint, so that a name tells the dialect. A socket that must
prove who it is, and has not said so when it connected, has ten seconds to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

import msgspec
import structlog

from tutti.core.refusals import Refused
from tutti.service.dialect import Dialect
from tutti.service.frames import Frame
from tutti.service.metrics import Tally
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.session import Hall, Session
from tutti.service.timers import Timer
from tutti.transports.socketio import Socket
from tutti.transports.socketio_packets import Event, event_frame

log = structlog.get_logger("tutti.socketio")

SIGN_IN_WITHIN_S = 10.0
MAX_TOKEN = 8_192


class _Auth(msgspec.Struct):
    token: str | None = None


_auth = msgspec.json.Decoder(_Auth)


class SocketDialect(Dialect, Protocol):
    """A dialect spoken over Socket.IO. `events`: the names a client may send."""

    events: frozenset[str]


class Lobby:
    """The application at a namespace."""

    def __init__(self, hall: Hall, dialects: Iterable[SocketDialect]) -> None:
        self.hall = hall
        self.by_event: Mapping[str, tuple[Dialect, Tally]] = {
            name: (dialect, self._tally(dialect, name)) for dialect in dialects for name in dialect.events
        }

    def connect(self, socket: Socket, auth: bytes | None) -> None:
        token = _token(auth)
        if token is not None and self.hall.gate.closed and not is_pass(token):
            self.hall.rooms.spawn(self._verify(socket, token))
        else:
            self._accept(socket, token, None)

    def _tally(self, dialect: Dialect, name: str) -> Tally:
        return self.hall.rooms.metrics.events_in.setdefault((dialect.name, name), Tally())

    async def _verify(self, socket: Socket, token: str) -> None:
        principal = await self.hall.verify(token, socket.client)
        if isinstance(principal, Refused):
            refusal = {"code": principal.reason.code.upper()}
            socket.refuse(principal.sentence, msgspec.json.encode(refusal))
        else:
            self._accept(socket, token, principal)

    def _accept(self, socket: Socket, token: str | None, principal: Principal | None) -> None:
        handler = _Handler(self, socket, token, principal)
        self.hall.rooms.metrics.connections += 1
        log.info("socket.connected", socket=socket.id, client=socket.client)
        socket.accept(handler)


class _Handler:
    """One socket's events, on their way to its session."""

    __slots__ = ("_deadline", "_lobby", "_session", "_socket")

    def __init__(self, lobby: Lobby, socket: Socket, token: str | None, principal: Principal | None) -> None:
        self._lobby = lobby
        self._socket = socket
        self._session = Session(lobby.hall, socket, token=token, principal=principal)
        self._deadline: Timer | None = None
        if lobby.hall.gate.closed and principal is None:
            self._deadline = lobby.hall.rooms.wheel.after(SIGN_IN_WITHIN_S, self._too_late)

    def event(self, event: Event) -> None:
        known = self._lobby.by_event.get(event.name)
        if known is None:
            self._lobby.hall.rooms.metrics.malformed["unknown event"] += 1
            if not self._session.too_fast(self._lobby.hall.rooms.clock.now_ms()):
                self._socket.send(_unknown(event.name))
            return
        dialect, tally = known
        tally.count += 1
        reply = partial(self._socket.acknowledge, event.ack) if event.ack is not None else None
        self._session.hear(dialect, event.name, event.args, reply)

    def closed(self, reason: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._lobby.hall.rooms.metrics.connections -= 1
        log.debug("socket.closed", socket=self._socket.id, reason=reason)
        self._session.closed()

    def _too_late(self) -> None:
        if not self._session.signed_in:
            self._socket.close(1008, "sign in first")


def _unknown(name: str) -> Frame:
    problem = {"code": "UNKNOWN_EVENT", "message": f"Nobody here knows the event {name[:64]!r}"}
    return event_frame("error", msgspec.json.encode(problem))


def _token(auth: bytes | None) -> str | None:
    """The token that a client connects with; anything that is not one counts as none."""
    if auth is None or len(auth) > 2 * MAX_TOKEN:
        return None
    try:
        token = _auth.decode(auth).token
    except msgspec.DecodeError:
        return None
    token = (token or "").removeprefix("Bearer ").strip()
    return token if token and len(token) <= MAX_TOKEN else None
