"""The Socket.IO v5 server: namespaces over one Engine.IO session, each with a `Socket` of its own.

Sans-I/O like the layer below. Whatever the protocol calls invalid closes the whole connection, as its document says;
a namespace that the application refuses or leaves closes only itself. Source: the Socket.IO protocol, 5th revision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tutti.service.timers import Timer, TimerWheel
from tutti.transports import socketio_packets as packets
from tutti.transports.engineio_session import EngineSession
from tutti.transports.socketio_packets import (
    Acknowledgement,
    Connect,
    Disconnect,
    Event,
    Incomplete,
    PacketError,
)
from tutti.transports.socketio_socket import Handler, Socket

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


__all__ = [
    "MAX_CONNECTS",
    "Handler",
    "Namespace",
    "Socket",
    "SocketServer",
    "SocketSession",
    "SocketSettings",
]
