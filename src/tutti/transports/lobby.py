"""Socket.IO's namespaces: one session a socket, whichever dialect each of its events belongs to.

The guides' clients share `/`; their event names are disjoint, so that a name tells the dialect. What is not about rooms
has a desk of its own beside them. A socket that must prove who it is, and has not said so when it connected, has ten
seconds to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec
import structlog

from tutti.core.refusals import Refused
from tutti.service.connection import Connection
from tutti.service.dialect import Dialect
from tutti.service.inbox import Reply
from tutti.service.metrics import Tally
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.session import Hall, Session
from tutti.service.timers import Timer
from tutti.transports.socketio import Socket
from tutti.transports.socketio_packets import Event

log = structlog.get_logger("tutti.socketio")

SIGN_IN_WITHIN_S = 10.0
MAX_TOKEN = 8_192
MAX_CLAIM = 128


class _Auth(msgspec.Struct, rename="camel"):
    token: str | None = None
    user_id: object = None


_auth = msgspec.json.Decoder(_Auth)


class SocketDialect(Dialect, Protocol):
    """A dialect spoken over Socket.IO. `events`: the names a client may send."""

    events: frozenset[str]


class Clerk(Protocol):
    """One socket's conversation at a desk."""

    @property
    def signed_in(self) -> bool:
        """Whether a token has told who this is."""
        ...

    def hear(self, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        """One event. Called one after the other; the answer may come later."""
        ...

    def closed(self) -> None:
        """The socket is gone. Said once."""
        ...


class Desk(Protocol):
    """What is spoken over Socket.IO and is not about a room.

    `events`: the names that are its own. `overheard`: names of others' that it wants to hear as well.
    """

    name: str
    events: frozenset[str]
    overheard: frozenset[str]

    def receive(
        self,
        connection: Connection,
        namespace: str,
        *,
        token: str | None,
        claimed: str | None,
        principal: Principal | None,
    ) -> Clerk:
        """Somebody is being let in; what is sent to them before this returns is not heard.

        `claimed`: who they say they are. `principal`: whose the token is, where it has been verified.
        """
        ...


class Lobby:
    """The application at a namespace."""

    def __init__(
        self, hall: Hall, dialects: Iterable[SocketDialect] = (), desks: Iterable[Desk] = ()
    ) -> None:
        self.hall = hall
        self.desks = tuple(desks)
        self.by_event: Mapping[str, tuple[Dialect, Tally]] = {
            name: (dialect, self._tally(dialect.name, name))
            for dialect in dialects
            for name in dialect.events
        }
        self.at_desk: Mapping[str, tuple[int, Tally]] = {
            name: (index, self._tally(desk.name, name))
            for index, desk in enumerate(self.desks)
            for name in desk.events | desk.overheard
        }

    def connect(self, socket: Socket, auth: bytes | None) -> None:
        token, claimed = _who(auth)
        if token is not None and self.hall.gate.closed and not is_pass(token):
            self.hall.rooms.spawn(self._verify(socket, token, claimed))
        else:
            self._accept(socket, token, claimed, None)

    def _tally(self, dialect: str, name: str) -> Tally:
        return self.hall.rooms.metrics.events_in.setdefault((dialect, name), Tally())

    async def _verify(self, socket: Socket, token: str, claimed: str | None) -> None:
        principal = await self.hall.verify(token, socket.client)
        if isinstance(principal, Refused):
            refusal = {"code": principal.reason.code.upper()}
            socket.refuse(principal.sentence, msgspec.json.encode(refusal))
        else:
            self._accept(socket, token, claimed, principal)

    def _accept(
        self, socket: Socket, token: str | None, claimed: str | None, principal: Principal | None
    ) -> None:
        handler = _Handler(self, socket, token, claimed, principal)
        self.hall.rooms.metrics.connections += 1
        log.info("socket.connected", socket=socket.id, client=socket.client)
        socket.accept(handler)


class _Handler:
    """One socket's events, on their way to its session or to a desk."""

    __slots__ = ("_clerks", "_deadline", "_lobby", "_session", "_socket")

    def __init__(
        self,
        lobby: Lobby,
        socket: Socket,
        token: str | None,
        claimed: str | None,
        principal: Principal | None,
    ) -> None:
        self._lobby = lobby
        self._socket = socket
        self._session = Session(lobby.hall, socket, token=token, principal=principal)
        self._clerks = [
            desk.receive(socket, socket.namespace, token=token, claimed=claimed, principal=principal)
            for desk in lobby.desks
        ]
        self._deadline: Timer | None = None
        if lobby.hall.gate.closed and principal is None:
            self._deadline = lobby.hall.rooms.wheel.after(SIGN_IN_WITHIN_S, self._too_late)

    def event(self, event: Event) -> None:
        reply = partial(self._socket.acknowledge, event.ack) if event.ack is not None else None
        known = self._lobby.by_event.get(event.name)
        if known is not None:
            dialect, tally = known
            tally.count += 1
            self._session.hear(dialect, event.name, event.args, reply)
            reply = None  # one answer is enough
        desk = self._lobby.at_desk.get(event.name)
        if desk is not None:
            index, tally = desk
            tally.count += 1
            self._clerks[index].hear(event.name, event.args, reply)
        elif known is None:
            self._nobody(event)

    def closed(self, reason: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._lobby.hall.rooms.metrics.connections -= 1
        log.debug("socket.closed", socket=self._socket.id, reason=reason)
        self._session.closed()
        for clerk in self._clerks:
            clerk.closed()

    def _nobody(self, event: Event) -> None:
        self._lobby.hall.rooms.metrics.malformed["unknown event"] += 1
        if not self._session.too_fast(self._lobby.hall.rooms.clock.now_ms()):
            problem = {
                "code": "UNKNOWN_EVENT",
                "message": f"Nobody here knows the event {event.name[:64]!r}",
            }
            self._socket.emit("error", msgspec.json.encode(problem))

    def _too_late(self) -> None:
        if not (self._session.signed_in or any(clerk.signed_in for clerk in self._clerks)):
            self._socket.close(1008, "sign in first")


def _who(auth: bytes | None) -> tuple[str | None, str | None]:
    """The token that a client connects with, and who it says it is; anything that is neither counts as none."""
    if auth is None or len(auth) > 2 * MAX_TOKEN:
        return None, None
    try:
        said = _auth.decode(auth)
    except msgspec.DecodeError:
        return None, None
    token = (said.token or "").removeprefix("Bearer ").strip()
    claimed = said.user_id if isinstance(said.user_id, str) else ""
    return (
        token if token and len(token) <= MAX_TOKEN else None,
        claimed if 0 < len(claimed) <= MAX_CLAIM and claimed.isprintable() else None,
    )
