"""WebSockets under uvicorn's `ws=` hook: an upgrade request becomes a channel, its bytes become messages.

Everything happens in the event loop's callbacks, one after another: no task, no queue. A channel's methods are never
called inside one another, except that `opened` may already find text waiting behind it. `closed` is the last of them.
Who ends it decides the code that `closed` hears: the client's own, or ours (the service's `close`, 1002, 1007 and
1009 for a broken stream, 1011 for our bug, 1012 at shutdown, 1013 for a consumer too slow), or 1006 for a line lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct
from typing import Final, Protocol, cast

import structlog
from uvicorn.server import ServerState

from tutti.service.frames import Frame
from tutti.service.timers import TimerWheel
from tutti.transports import wsframes
from tutti.transports.handshake import Handshake, Rejected, acceptance, check, read_request, rejection
from tutti.transports.outbox import LIMIT, Outbox, Tick, Traffic
from tutti.transports.wsframes import Broken, Deaf, Reader

__all__ = (
    "Accepted",
    "Channel",
    "Handshake",
    "Heartbeat",
    "Rejected",
    "Route",
    "Traffic",
    "WebSocket",
    "protocol",
)

log = structlog.get_logger()

CLOSE_S: Final = 5.0  # how long a client may take to answer our close frame
LINGER_S: Final = 2.0  # how long the last bytes may take to leave once there is nothing more to hear
MOST_STAMPS: Final = 8  # pings whose pongs are still waited for, to measure round trips

_STAMP: Final = Struct("!d")


class Channel(Protocol):
    """What runs on an accepted WebSocket. Every method returns at once; they are called one at a time."""

    def opened(self, socket: WebSocket) -> None:
        """The client has been answered: it may be sent to from now on."""
        ...

    def text(self, data: bytes) -> None:
        """A whole text message, checked to be UTF-8 and not decoded."""
        ...

    def binary(self, data: bytes) -> None:
        """A whole binary message."""
        ...

    def closed(self, code: int, reason: str) -> None:
        """The connection is over. Called once, after everything else, whoever ended it."""
        ...


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Ping every `every_s`, and give up on a client from which nothing at all has come `timeout_s` after a ping.

    `round_trip` hears how long each ping and its pong took, in seconds. Only then are pings stamped, and so that
    something is known soon, `burst` of them are sent `burst_every_s` apart when the connection opens.
    """

    every_s: float
    timeout_s: float = 20.0
    round_trip: Callable[[float], None] | None = None
    burst: int = 0
    burst_every_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Accepted:
    """A channel, the subprotocol chosen for it out of those that the client offered, and its own limits in bytes.

    `headers`: more of the answer to the upgrade.
    """

    channel: Channel
    subprotocol: str | None = None
    max_payload: int | None = None  # of one message; None: the server's
    max_unread: int = LIMIT
    heartbeat: Heartbeat | None = None  # None: the server's
    headers: tuple[tuple[str, str], ...] = ()


Route = Callable[[Handshake], Channel | Accepted | Rejected]


class Timers(Protocol):
    """Where deadlines are set: a `TimerWheel`, or the event loop itself."""

    def after(self, delay_s: float, call: Callable[[], None]) -> Cancellable: ...


class Cancellable(Protocol):
    def cancel(self) -> None: ...


def protocol(
    route: Route,
    *,
    max_payload: int = 1_000_000,
    heartbeat_s: float | None = None,
    heartbeat_timeout_s: float = 20.0,
    wheel: TimerWheel | None = None,
    traffic: Traffic | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> type[asyncio.Protocol]:
    """What `uvicorn.Config(ws=…)` wants, for all connections of one server.

    `max_payload`: bytes of one message, fragments together. `heartbeat_s`: ping this often, and give up on a client
    from which nothing at all has come `heartbeat_timeout_s` after a ping. Without a wheel the event loop keeps time.
    `clock`, in seconds, measures round trips: the loop's own is not fine enough.
    """
    endpoint = _Endpoint(
        route,
        wheel,
        traffic or Traffic(),
        clock,
        max_payload=max_payload,
        heartbeat=None if heartbeat_s is None else Heartbeat(heartbeat_s, heartbeat_timeout_s),
    )
    return cast(type[asyncio.Protocol], endpoint)  # uvicorn only ever calls it


class _State(Enum):
    CONNECTING = auto()
    OPEN = auto()
    CLOSING = auto()  # our close frame is sent, and the client's is awaited
    OVER = auto()  # the channel has been told; the transport is on its way out


class WebSocket(asyncio.Protocol):
    """One connection; once accepted, the `Peer` that its channel sends to. `client`: the address without its port."""

    __slots__ = (
        "_bursts", "_channel", "_connections", "_endpoint", "_feed", "_goodbye", "_heard", "_heartbeat", "_outbox",
        "_reader", "_stamps", "_state", "_timer", "_transport", "client", "send", "send_now",
    )  # fmt: skip

    send: Callable[[Frame], None]
    send_now: Callable[[bytes], None]
    """Write a whole frame ahead of what waits for the end of the tick."""

    def __init__(self, endpoint: _Endpoint, connections: set[object]) -> None:
        self._endpoint = endpoint
        self._connections = connections
        self._state = _State.CONNECTING
        self._feed: Callable[[bytes], None] = self._open
        self._goodbye = (wsframes.ABNORMAL, "")
        self._heard = False
        self._channel: Channel | None = None
        self._timer: Cancellable | None = None
        self._heartbeat: Heartbeat | None = None
        self._bursts = 0
        self._stamps: list[float] | None = None

    # -- for the channel

    def close(self, code: int, reason: str) -> None:
        """Send what is queued, then close with this code. Messages that still come are not delivered."""
        if self._state is not _State.OPEN:
            return
        self._state = _State.CLOSING
        self._goodbye = (code, reason)
        self._reader.messages = _DEAF
        self._outbox.finish(wsframes.close_frame(code, reason))
        self._arm(CLOSE_S, self._transport.abort)
        self.resume_reading()

    def pause_reading(self) -> None:
        """Deliver nothing more, not even what has been read already, until `resume_reading`."""
        if self._state is _State.OPEN:
            self._reader.halted = True
            self._stamps = None  # what is not read tells nothing of the way here
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._state in (_State.OPEN, _State.CLOSING) and self._reader.halted:
            self._reader.halted = False
            self._transport.resume_reading()
            self._endpoint.loop.call_soon(self.data_received, b"")  # what was read before the pause

    # -- for the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        try:
            self._feed(data)
        except Broken as broken:
            self._fail(broken.code, broken.reason)
        except Exception:
            log.exception("websocket.channel_failed")
            self._fail(wsframes.INTERNAL_ERROR, "internal error")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._connections.discard(self)
        self._disarm()
        if self._state is _State.CONNECTING:
            return
        self._outbox.drop()
        self._over(*self._goodbye)

    def pause_writing(self) -> None:
        if self._state is not _State.CONNECTING:
            self._outbox.paused = True

    def resume_writing(self) -> None:
        if self._state is not _State.CONNECTING:
            self._outbox.paused = False

    def shutdown(self) -> None:
        """uvicorn is stopping. It waits until every connection is gone."""
        self.close(wsframes.SERVICE_RESTART, "service restart")

    # -- opening

    def _open(self, head: bytes) -> None:
        peer = self._transport.get_extra_info("peername")
        self.client = str(peer[0]) if isinstance(peer, tuple) else ""
        handshake = read_request(head, self.client)
        answer = check(handshake) or self._endpoint.ask(handshake)
        if isinstance(answer, Rejected):
            self._transport.write(rejection(answer))
            self._ignore_input()
            self._transport.close()
            self._arm(LINGER_S, self._transport.abort)
            return
        self._transport.write(acceptance(handshake, answer.subprotocol, answer.headers))
        self._accept(answer)

    def _accept(self, accepted: Accepted) -> None:
        endpoint, channel = self._endpoint, accepted.channel
        max_payload = endpoint.max_payload if accepted.max_payload is None else accepted.max_payload
        self._outbox = Outbox(self._transport, endpoint.tick, self._too_slow, accepted.max_unread)
        self.send, self.send_now = self._outbox.send, self._outbox.send_now
        self._reader = Reader(channel, self, max_payload)
        self._feed = self._reader.feed
        self._channel = channel
        self._state = _State.OPEN
        self._heartbeat = heartbeat = accepted.heartbeat or endpoint.heartbeat
        self._bursts = 0 if heartbeat is None else heartbeat.burst
        if heartbeat is not None:
            self._arm(heartbeat.burst_every_s if self._bursts else heartbeat.every_s, self._ping)
        endpoint.traffic.opened += 1
        channel.opened(self)

    # -- control frames

    def control(self, opcode: int, payload: bytes) -> None:
        """What the reader found between the messages."""
        if opcode == wsframes.CLOSE:
            self._close_received(payload)
        elif opcode == wsframes.PING:
            self._outbox.send_now(wsframes.control_frame(wsframes.PONG, payload))
        elif self._stamps:
            self._pong(self._stamps, payload)

    def _close_received(self, payload: bytes) -> None:
        received = wsframes.read_close(payload)
        if self._state is _State.OPEN:
            self._goodbye = received
            self._outbox.finish(wsframes.control_frame(wsframes.CLOSE, payload))
        self._ignore_input()
        self._transport.close()
        self._arm(LINGER_S, self._transport.abort)
        self._over(*self._goodbye)

    def _ping(self) -> None:
        heartbeat = self._heartbeat
        if heartbeat is None:
            return
        self._heard = False
        stamp = b"" if heartbeat.round_trip is None else self._stamped()
        self._outbox.send_now(wsframes.control_frame(wsframes.PING, stamp))
        if self._state is not _State.OPEN:
            return
        if self._bursts > 1:
            self._bursts -= 1
            self._arm(heartbeat.burst_every_s, self._ping)
        else:
            self._bursts = 0
            self._arm(heartbeat.timeout_s, self._expect_life)

    def _stamped(self) -> bytes:
        stamp = self._endpoint.clock()
        self._stamps = [*(self._stamps or ())[1 - MOST_STAMPS :], stamp]
        return _STAMP.pack(stamp)

    def _pong(self, stamps: list[float], payload: bytes) -> None:
        """A pong counts if it carries a stamp that we sent, and no pong has answered yet, nor a later one."""
        stamp = _STAMP.unpack(payload)[0] if len(payload) == _STAMP.size else None
        if stamp not in stamps:
            return
        self._stamps = stamps[stamps.index(stamp) + 1 :] or None
        if self._heartbeat is not None and self._heartbeat.round_trip is not None:
            self._heartbeat.round_trip(self._endpoint.clock() - stamp)

    def _expect_life(self) -> None:
        heartbeat = self._heartbeat
        if heartbeat is not None and (self._heard or self._reader.halted):  # who is held back cannot be heard
            self._arm(max(heartbeat.every_s - heartbeat.timeout_s, 0.0), self._ping)
        else:
            self._goodbye = (wsframes.ABNORMAL, "no sign of life")
            self._transport.abort()

    # -- ending

    def _fail(self, code: int, reason: str) -> None:
        """Say what is wrong and hang up (§7.1.7). Input is read and thrown away, or a reset would overtake our words."""
        if self._state is not _State.OPEN:
            self._ignore_input()
            self._transport.abort()
            return
        self._outbox.finish(wsframes.close_frame(code, reason))
        self._ignore_input()
        self._half_close()
        self._arm(LINGER_S, self._transport.abort)
        self._over(code, reason)

    def _half_close(self) -> None:
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.resume_reading()
            self._transport.write_eof()
        else:
            self._transport.close()

    def _too_slow(self) -> None:
        """The outbox is closed. Should the client read on after all, it finds the reason behind what it left."""
        reason = "too slow"
        self._transport.write(wsframes.close_frame(wsframes.TRY_AGAIN_LATER, reason))
        self._ignore_input()
        self._transport.close()
        self._arm(LINGER_S, self._transport.abort)
        self._over(wsframes.TRY_AGAIN_LATER, reason)

    def _ignore_input(self) -> None:
        if self._state is not _State.CONNECTING:
            self._reader.halted = True
            self._reader.messages = _DEAF
        self._feed = _ignore

    def _over(self, code: int, reason: str) -> None:
        self._state = _State.OVER
        channel, self._channel = self._channel, None
        if channel is None:
            return
        self._reader.messages = _DEAF
        try:
            channel.closed(code, reason)
        except Exception:
            log.exception("websocket.channel_failed")

    # -- time

    def _arm(self, delay_s: float, call: Callable[[], None]) -> None:
        """A connection has one timer: it beats while open, and is the deadline of whatever ends it."""
        self._disarm()
        self._timer = self._endpoint.timers.after(delay_s, call)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Endpoint:
    """What all connections of one server share. Calling it makes a connection."""

    def __init__(
        self,
        route: Route,
        wheel: TimerWheel | None,
        traffic: Traffic,
        clock: Callable[[], float],
        *,
        max_payload: int,
        heartbeat: Heartbeat | None,
    ) -> None:
        self.clock = clock
        self.max_payload = max_payload
        self.heartbeat = heartbeat
        self.traffic = traffic
        self.loop: asyncio.AbstractEventLoop
        self.tick: Tick
        self.timers: Timers
        self._route = route
        self._wheel = wheel
        self._known_loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, server_state: ServerState, **_config: object) -> WebSocket:
        loop = asyncio.get_running_loop()
        if loop is not self._known_loop:
            self.loop = self._known_loop = loop
            self.tick = Tick(loop.call_soon, self.traffic)
            self.timers = _LoopTimers(loop) if self._wheel is None else self._wheel
        return WebSocket(self, cast(set[object], server_state.connections))

    def ask(self, handshake: Handshake) -> Accepted | Rejected:
        """The route's answer; a route that fails is our bug, and the client hears 500."""
        try:
            answer = self._route(handshake)
            if isinstance(answer, Accepted) and answer.subprotocol not in (None, *handshake.subprotocols):
                raise ValueError("a subprotocol was chosen that the client did not offer")
        except Exception:
            log.exception("websocket.route_failed", path=handshake.path)
            return Rejected(500, b"Internal Server Error")
        return answer if isinstance(answer, Accepted | Rejected) else Accepted(answer)


class _LoopTimers:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def after(self, delay_s: float, call: Callable[[], None]) -> Cancellable:
        return self._loop.call_later(delay_s, call)


_DEAF: Final = Deaf()


def _ignore(_data: bytes) -> None:
    """What comes after the end."""
