"""Whom an Engine.IO session deals with: what runs on it, what carries it, and the server it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from tutti.service.frames import Peer
from tutti.service.timers import TimerWheel
from tutti.transports.engineio_admission import Caps

if TYPE_CHECKING:
    from tutti.transports.engineio_session import EngineSession


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`max_payload`: bytes of one POST body or WebSocket message. `max_buffered`: bytes that wait for a poll.

    `first_ping_s`: when to send the first ping, which tells the round trip; None: after the first interval.
    """

    ping_interval_s: float = 25.0
    first_ping_s: float | None = None
    ping_timeout_s: float = 20.0
    upgrade_timeout_s: float = 10.0
    max_payload: int = 1_000_000
    max_buffered: int = 1 << 20
    caps: Caps = field(default_factory=Caps)


class Opening(msgspec.Struct, frozen=True, gc=False):
    """What the request that opened the session said: the peer's address, its query, and the headers we keep."""

    client: str
    query: dict[str, str]
    headers: dict[str, str]


class Conversation(Protocol):
    """What runs on a session. Its methods are called one after the other, never at the same time."""

    def message(self, text: bytes) -> None:
        """A text message: UTF-8, without Engine.IO's type byte."""
        ...

    def binary(self, data: bytes) -> None: ...

    def closed(self, reason: str) -> None:
        """The session is over, said exactly once; nothing is delivered after it."""
        ...


class Exchange(Protocol):
    """An HTTP request that waits for its answer."""

    def answer(self, status: int, body: bytes) -> None:
        """Respond. Called exactly once, unless the client went away first."""
        ...


class Socket(Peer, Protocol):
    """The WebSocket that carries a session."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Probing(Protocol):
    """A WebSocket that tries to take a session over from long-polling."""

    @property
    def answered(self) -> bool:
        """The client's probe has come and was answered: it is about to let go of long-polling."""
        ...

    def give_up(self, code: int, reason: str) -> None: ...


class Home(Protocol):
    """What a session needs of its server."""

    settings: EngineSettings
    wheel: TimerWheel
    clock: Callable[[], float]
    converse: Callable[[EngineSession], Conversation]

    def entered(self, session: EngineSession) -> None: ...

    def left(self, session: EngineSession) -> None: ...
