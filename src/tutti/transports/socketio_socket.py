"""One client in one Socket.IO namespace: what an application sends to, and whom it hears from."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Protocol

from tutti.service.frames import Frame
from tutti.transports import socketio_packets as packets
from tutti.transports.engineio_roles import Opening
from tutti.transports.socketio_packets import Acknowledgement, Event

if TYPE_CHECKING:
    from tutti.transports.socketio import SocketSession

MAX_HELD_EVENTS: Final = 32  # events that came before the namespace was accepted
MAX_HELD_BYTES: Final = 256 << 10


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

    @property
    def rtt_ms(self) -> float:
        """Heartbeats are rare and so is what they tell: the smallest round trip stands for the latest."""
        return 2 * self.half_rtt_ms

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
            (self._engine.outlet or self._engine.send)(frame)

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
