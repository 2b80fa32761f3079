"""The Socket.IO v5 server: namespaces over one Engine.IO session, each with a `Socket` of its own.

Sans-I/O like the layer below. Whatever the protocol calls invalid closes the whole connection, as its document says;
a namespace that the application refuses or leaves closes only itself. Source: the Socket.IO protocol, 5th revision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from tutti.service.frames import Frame
from tutti.service.timers import Timer, TimerWheel
from tutti.transports import socketio_packets as packets
from tutti.transports.engineio_session import EngineSession, Opening
from tutti.transports.socketio_packets import (
    Acknowledgement,
    Connect,
    Disconnect,
    Event,
    Incomplete,
    PacketError,
)

MAX_HELD_EVENTS: Final = 32  # events that came before the namespace was accepted
MAX_HELD_BYTES: Final = 256 << 10
MAX_CONNECTS: Final = 100  # to namespaces, in one connection's life: each begins with fresh limits


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """`connect_timeout_s`: how long a connection may be in no namespace. `max_attached`: bytes to one packet."""

    connect_timeout_s: float = 45.0
    max_attached: int = 4_000_000


class Namespace(Protocol):
    """What an application puts at a path."""

    def connect(self, socket: Socket, auth: bytes | None) -> None:
        """Somebody asks to enter; `auth` is a JSON object. Call `socket.accept` or `socket.refuse`, now or later."""
        ...


class Handler(Protocol):
    """What runs behind an accepted socket; called one event after the other."""

    def event(self, event: Event) -> None:
        """If `event.ack` is not None, an answer is expected: `socket.acknowledge(event.ack, …)`, once, any time."""
        ...

    def closed(self, reason: str) -> None:
        """The socket is over, said exactly once; also at once on `accept`, if it was over by then."""
        ...


class _State(Enum):
    PENDING = auto()
    CONNECTED = auto()
    LEFT = auto()  # disconnected by us; the client may not know yet
    CLOSED = auto()


# Bound once: looking a member up costs 0.1 µs on Python 3.11, and these are asked for with every packet.
_PENDING: Final = _State.PENDING
_CONNECTED: Final = _State.CONNECTED
_LEFT: Final = _State.LEFT
_CLOSED: Final = _State.CLOSED


class SocketServer:
    """Namespaces by path. `converse` is what an `EngineServer` calls for each of its sessions."""

    def __init__(
        self,
        namespaces: Mapping[str, Namespace],
        *,
        wheel: TimerWheel,
        new_id: Callable[[], str],
        settings: SocketSettings | None = None,
    ) -> None:
        self.namespaces = namespaces
        self.wheel = wheel
        self.new_id = new_id
        self.settings = settings or SocketSettings()

    def converse(self, session: EngineSession) -> SocketSession:
        return SocketSession(self, session)


class SocketSession:
    """The namespaces of one connection. Of each path it keeps the last socket, also one that we disconnected."""

    __slots__ = (
        "_arriving",
        "_attachments",
        "_attachments_bytes",
        "_connects",
        "_deadline",
        "_server",
        "_sockets",
        "engine",
    )

    def __init__(self, server: SocketServer, engine: EngineSession) -> None:
        self.engine = engine
        self._server = server
        self._sockets: dict[str, Socket] = {}
        self._arriving: Incomplete | None = None
        self._attachments: list[bytes] | None = None
        self._attachments_bytes = 0
        self._connects = 0
        self._deadline: Timer | None = None
        self._await_connect()

    # -- the conversation on the Engine.IO session

    def message(self, text: bytes) -> None:
        if self._arriving is not None:
            self._refuse_all()  # the attachments were to come first
            return
        try:
            packet = packets.decode(text)
        except PacketError:
            self._refuse_all()
            return
        if isinstance(packet, Event):
            socket = self._sockets.get(packet.namespace)
            if socket is None:
                self._refuse_all()
            else:
                socket.received(packet, len(text))
        else:
            self._other(packet)

    def binary(self, data: bytes) -> None:
        arriving = self._arriving
        if arriving is None or self._attachments is None:
            self._refuse_all()
            return
        self._attachments.append(data)
        self._attachments_bytes += len(data)
        if self._attachments_bytes > self._server.settings.max_attached:
            self._refuse_all()
        elif len(self._attachments) == arriving.missing:
            packet = arriving.complete(tuple(self._attachments))
            size = self._attachments_bytes
            self._arriving = self._attachments = None
            self._attachments_bytes = 0
            self._dispatch(packet, size)

    def closed(self, reason: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._arriving = self._attachments = None
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            socket.ended(reason)

    # -- what its sockets tell it

    def accepted(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def refused(self, socket: Socket) -> None:
        if self._sockets.get(socket.namespace) is socket:
            del self._sockets[socket.namespace]

    def left(self) -> None:
        """A namespace was left: a connection that is in none has so long again to enter one."""
        if self._deadline is None and self.engine.open and not self._connected():
            self._await_connect()

    # -- packets

    def _other(self, packet: Acknowledgement | Connect | Disconnect | Incomplete) -> None:
        match packet:
            case Connect():
                self._connect(packet)
            case Incomplete():
                if packet.packet.namespace in self._sockets:
                    self._arriving = packet
                    self._attachments = []
                else:
                    self._refuse_all()
            case Disconnect():
                socket = self._sockets.pop(packet.namespace, None)
                if socket is None:
                    self._refuse_all()
                else:
                    socket.ended("client namespace disconnect")
                    self.left()
            case Acknowledgement():
                self._dispatch(packet, 0)

    def _dispatch(self, packet: Event | Acknowledgement, size: int) -> None:
        socket = self._sockets.get(packet.namespace)
        if socket is None:
            self._refuse_all()
        elif isinstance(packet, Event):
            socket.received(packet, size)
        else:
            socket.answered(packet)

    def _connect(self, packet: Connect) -> None:
        self._connects += 1
        if self._connects > MAX_CONNECTS:
            self.engine.close(1008, "too many connects")
            return
        namespace = self._server.namespaces.get(packet.namespace)
        if namespace is None:
            self.engine.send(packets.connect_error_frame("Invalid namespace", packet.namespace))
            return
        before = self._sockets.get(packet.namespace)
        if before is not None and not before.replaceable:
            self._refuse_all()
            return
        socket = Socket(self, self._server.new_id(), packet.namespace)
        self._sockets[packet.namespace] = socket
        namespace.connect(socket, packet.auth)

    def _refuse_all(self) -> None:
        self.engine.close(1002, "parse error")

    # -- the deadline

    def _await_connect(self) -> None:
        self._deadline = self._server.wheel.after(self._server.settings.connect_timeout_s, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        if not self._connected():
            self.engine.close(1008, "connect timeout")

    def _connected(self) -> bool:
        return any(socket.connected for socket in self._sockets.values())


class Socket:
    """One client in one namespace, and the `Peer` to send to. `id` is not the Engine.IO session's, which is secret."""

    __slots__ = (
        "_answers",
        "_engine",
        "_handler",
        "_held",
        "_held_bytes",
        "_session",
        "_state",
        "id",
        "namespace",
    )

    def __init__(self, session: SocketSession, sid: str, namespace: str) -> None:
        self.id = sid
        self.namespace = namespace
        self._session = session
        self._engine = session.engine
        self._state = _PENDING
        self._handler: Handler | None = None  # there is one exactly while connected
        self._held: list[Event] | None = None
        self._held_bytes = 0
        self._answers: _Answers | None = None

    @property
    def connected(self) -> bool:
        return self._state is _CONNECTED

    @property
    def opening(self) -> Opening:
        """What the request that opened the connection said: query, some headers."""
        return self._engine.opening

    @property
    def client(self) -> str:
        """The peer's address."""
        return self._engine.opening.client

    @property
    def half_rtt_ms(self) -> float:
        """How long a frame takes to the client, as far as pings have told; 0 before the first."""
        return (self._engine.rtt_s or 0.0) * 500

    # -- the answer to a connect

    def accept(self, handler: Handler) -> None:
        """Let the client in. What it sent meanwhile is handled before this returns."""
        if self._state is not _PENDING:
            handler.closed("transport close")
            return
        self._state = _CONNECTED
        self._handler = handler
        self._session.accepted()
        self._engine.send(packets.connect_frame(self.id, self.namespace))
        held, self._held, self._held_bytes = self._held or (), None, 0
        for event in held:
            self.received(event, 0)

    def refuse(self, message: str, data: bytes | None = None) -> None:
        """Do not let the client in, and say why. `data`: JSON for programs, beside the message for people."""
        if self._state is not _PENDING:
            return
        self._state = _CLOSED
        self._held = None
        self._session.refused(self)
        self._engine.send(packets.connect_error_frame(message, self.namespace, data))

    # -- out

    def send(self, frame: Frame) -> None:
        """Send a frame made for this namespace (see `event_frame`). Not heard by a socket that is not connected."""
        if self._handler is not None:
            self._engine.send(frame)

    def emit(self, name: str, *args: bytes, attachments: tuple[bytes, ...] = ()) -> None:
        self.send(packets.event_frame(name, *args, namespace=self.namespace, attachments=attachments))

    def ask(
        self,
        name: str,
        *args: bytes,
        answer: Callable[[Acknowledgement], None],
        attachments: tuple[bytes, ...] = (),
    ) -> int:
        """Emit, and call `answer` when the client acknowledges; never, if it does not. Returns the id asked with."""
        if self._answers is None:
            self._answers = _Answers()
        ack = self._answers.expect(answer)
        self.send(
            packets.event_frame(name, *args, namespace=self.namespace, ack=ack, attachments=attachments)
        )
        return ack

    def forget(self, ack: int) -> None:
        """Do not wait for this answer any longer."""
        if self._answers is not None:
            self._answers.take(ack)

    def acknowledge(self, ack: int, *args: bytes, attachments: tuple[bytes, ...] = ()) -> None:
        self.send(packets.ack_frame(ack, *args, namespace=self.namespace, attachments=attachments))

    def disconnect(self) -> None:
        """Put the client out of this namespace. It does not come back by itself."""
        if self._state is not _CONNECTED:
            return
        self.send(packets.disconnect_frame(self.namespace))
        self._over(_LEFT, "server namespace disconnect")
        self._session.left()

    def close(self, code: int, reason: str) -> None:
        """Close the whole connection, all namespaces. The client comes back by itself."""
        self._engine.close(code, reason)

    def pause(self) -> None:
        """Handle nothing more from this connection until `resume`; the client is held back meanwhile."""
        self._engine.pause()

    def resume(self) -> None:
        self._engine.resume()

    # -- in (called by its session)

    @property
    def replaceable(self) -> bool:
        return self._state is _LEFT

    def received(self, event: Event, size: int) -> None:
        if self._handler is not None:
            self._handler.event(event)
        elif self._state is _PENDING:
            self._hold(event, size)

    def answered(self, acknowledgement: Acknowledgement) -> None:
        """An answer nobody waits for is no error: the one who waited may have given up."""
        if self._answers is not None and (answer := self._answers.take(acknowledgement.id)) is not None:
            answer(acknowledgement)

    def ended(self, reason: str) -> None:
        self._over(_CLOSED, reason)

    def _hold(self, event: Event, size: int) -> None:
        self._held = self._held or []
        self._held.append(event)
        self._held_bytes += size
        if len(self._held) > MAX_HELD_EVENTS or self._held_bytes > MAX_HELD_BYTES:
            self.close(1008, "too much before being let in")

    def _over(self, state: _State, reason: str) -> None:
        self._state = state
        self._held = self._answers = None
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.closed(reason)


class _Answers:
    """Who waits for which acknowledgement."""

    __slots__ = ("_next", "_waiting")

    def __init__(self) -> None:
        self._next = 0
        self._waiting: dict[int, Callable[[Acknowledgement], None]] = {}

    def expect(self, answer: Callable[[Acknowledgement], None]) -> int:
        ack = self._next
        self._next += 1
        self._waiting[ack] = answer
        return ack

    def take(self, ack: int) -> Callable[[Acknowledgement], None] | None:
        return self._waiting.pop(ack, None)
