"""The Engine.IO v4 server: sessions by id, who may open one, and the upgrade from long-polling to WebSocket.

Sans-I/O like the sessions: the polling application and the WebSocket route ask here and carry out the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from tutti.service.frames import Frame
from tutti.service.timers import TimerWheel
from tutti.transports import engineio_packets as packets
from tutti.transports.engineio_admission import (
    BAD_REQUEST,
    UNKNOWN_SID,
    UNKNOWN_TRANSPORT,
    UNSUPPORTED_VERSION,
    Admission,
    Caps,
    Refusal,
)
from tutti.transports.engineio_roles import Conversation, EngineSettings, Exchange, Opening, Socket
from tutti.transports.engineio_session import EngineSession

__all__ = (
    "Caps",
    "Conversation",
    "EngineServer",
    "EngineSession",
    "EngineSettings",
    "Exchange",
    "Opening",
    "Probe",
    "Refusal",
    "RequestHeaders",
    "opening",
)

TRANSPORTS: Final = frozenset(("polling", "websocket"))

_PROBE_PONG: Final = Frame(packets.PROBE_PONG)

# Of a request that stays in memory as long as its session, only what a conversation may want to know.
_KEPT_HEADERS: Final = ("authorization", "cookie", "origin", "user-agent")
_ENGINE_QUERY: Final = frozenset(("EIO", "transport", "sid", "t"))


class RequestHeaders(Protocol):
    """Headers by lowercase name."""

    def get(self, name: str, /) -> str | None: ...


def opening(client: str, query: Mapping[str, str], headers: RequestHeaders) -> Opening:
    """What is kept of the request that opens a session."""
    kept = {name: value for name in _KEPT_HEADERS if (value := headers.get(name)) is not None}
    asked = {name: value for name, value in query.items() if name not in _ENGINE_QUERY}
    return Opening(client, asked, kept)


class EngineServer:
    """Holds the sessions. `new_id` makes unguessable ids; `clock` is the one the wheel is turned by."""

    def __init__(
        self,
        converse: Callable[[EngineSession], Conversation],
        *,
        wheel: TimerWheel,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        settings: EngineSettings | None = None,
    ) -> None:
        self.settings = settings or EngineSettings()
        self.wheel = wheel
        self.clock = clock
        self.converse = converse
        self.sessions: dict[str, EngineSession] = {}
        self._new_id = new_id
        self.admission = Admission(self.settings.caps, clock)

    def find(self, query: Mapping[str, str]) -> EngineSession | Refusal | None:
        """The session a request belongs to; None if it asks for a new one."""
        if query.get("transport") not in TRANSPORTS:
            return UNKNOWN_TRANSPORT
        sid = query.get("sid")
        if sid:
            session = self.sessions.get(sid)
            if session is None:
                return UNKNOWN_SID
            if session.overdue:
                session.expire()
                return UNKNOWN_SID
        if query.get("EIO") != "4":
            return UNSUPPORTED_VERSION
        return session if sid else None

    def create(self, opening: Opening) -> EngineSession | Refusal:
        """A session to be opened at once, by `begin` over polling or as the channel of a WebSocket."""
        refusal = self.admission.refuse(opening.client)
        return refusal or EngineSession(self, self._new_id(), opening)

    def connect(self, opening: Opening, query: Mapping[str, str]) -> EngineSession | Probe | Refusal:
        """The channel for a WebSocket that asks to be let in, new or to upgrade."""
        found = self.find(query)
        if isinstance(found, Refusal):
            return found
        if query["transport"] != "websocket":
            return BAD_REQUEST
        if found is None:
            return self.create(opening)
        return Probe(found) if found.may_upgrade() else BAD_REQUEST

    def close(self, code: int, reason: str) -> None:
        """Close every session, as when the server goes away."""
        for session in list(self.sessions.values()):
            session.close(code, reason)

    def entered(self, session: EngineSession) -> None:
        self.sessions[session.sid] = session
        self.admission.enter(session.opening.client)

    def left(self, session: EngineSession) -> None:
        if self.sessions.pop(session.sid, None) is not None:
            self.admission.leave(session.opening.client)


class Probe:
    """The channel of a WebSocket that takes over a polling session: `2probe`, `3probe`, `5`, then its packets.

    Until the `5` the session goes on by polling, whatever becomes of this WebSocket.
    """

    __slots__ = ("_carrying", "_session", "_socket", "_timer", "answered")

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self._carrying = False
        self.answered = False

    def opened(self, socket: Socket) -> None:
        session = self._session
        self._socket = socket
        self._timer = session.after_upgrade_timeout(self._too_late)
        if session.may_upgrade():
            session.probed(self)
        else:  # another was quicker
            self.give_up(1002, "second upgrade")

    def text(self, data: bytes) -> None:
        if self._carrying:
            self._session.text(data)
        elif data == packets.PROBE_PING and not self.answered:
            self.answered = True
            self._socket.send(_PROBE_PONG)
            self._session.release_poll()
        elif data == packets.UPGRADE and self.answered and self._timer.pending:
            self._carrying = True
            self._timer.cancel()
            self._session.carry_on(self._socket)
        else:
            self.give_up(1002, "invalid upgrade")

    def binary(self, data: bytes) -> None:
        if self._carrying:
            self._session.binary(data)
        else:
            self.give_up(1002, "invalid upgrade")

    def closed(self, code: int, reason: str) -> None:
        if self._carrying:
            self._session.closed(code, reason)
        else:
            self.give_up(code, reason)

    def give_up(self, code: int, reason: str) -> None:
        self._timer.cancel()
        self._session.probe_gone(self)
        self._socket.close(code, reason)

    def _too_late(self) -> None:
        self.give_up(1002, "upgrade timeout")
