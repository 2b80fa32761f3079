"""An Engine.IO v4 session as a synchronous state machine.

Nothing here waits, reads a clock of its own or owns a task. HTTP requests come in as `Exchange`s to be answered,
WebSockets as channels; heartbeats and deadlines hang on the timer wheel. A session is carried by long-polling
(`_socket` is None) until a WebSocket takes it over, never back. Source: the Engine.IO protocol, 4th revision.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import structlog

from tutti.service.frames import Frame
from tutti.service.timers import Timer
from tutti.transports import engineio_packets as packets
from tutti.transports.engineio_admission import BAD_REQUEST, UNKNOWN_SID, Refusal
from tutti.transports.engineio_packets import Binary, Packet, PacketError
from tutti.transports.engineio_roles import Conversation, Exchange, Home, Opening, Probing, Socket

log = structlog.get_logger(__name__)

OK: Final = b"ok"


class _State(Enum):
    OPEN = auto()
    CLOSING = auto()  # over for the conversation; the goodbye waits for the client's next poll
    CLOSED = auto()


# Bound once: looking a member up costs 0.1 µs on Python 3.11, and these are asked for with every packet.
_OPEN: Final = _State.OPEN
_CLOSING: Final = _State.CLOSING
_CLOSED: Final = _State.CLOSED


_PING: Final = Frame(packets.PING)
_CLOSE: Final = Frame(packets.CLOSE)


class EngineSession:
    """One client. It is the `Peer` to send to, and the channel of a WebSocket that opened it."""

    __slots__ = (
        "_awaiting_pong",
        "_beat",
        "_conversation",
        "_draining",
        "_inbox",
        "_outbox",
        "_paused",
        "_pinged_s",
        "_poll",
        "_post",
        "_posting",
        "_probe",
        "_server",
        "_socket",
        "_state",
        "_waiting_bytes",
        "opening",
        "outlet",
        "rtt_s",
        "sid",
    )

    def __init__(self, server: Home, sid: str, opening: Opening) -> None:
        self.sid = sid
        self.opening = opening
        self._server = server
        self._state = _OPEN
        self._socket: Socket | None = None
        self.outlet: Callable[[Frame], None] | None = None
        """How to send once this is a WebSocket, for whoever sends to thousands and spares each a call."""
        self._probe: Probing | None = None
        self._poll: Exchange | None = None  # the GET that waits
        self._post: Exchange | None = None  # the POST whose packets wait in the inbox
        self._posting = False  # a POST is being read or waits
        self._outbox: list[Frame] | None = None
        self._waiting_bytes = 0
        self._inbox: deque[Packet] | None = None  # not None: paused, or being drained
        self._paused = False
        self._draining = False
        self._awaiting_pong = False
        self._pinged_s = 0.0
        self.rtt_s: float | None = None
        """The smallest round trip of a ping so far."""
        self._beat: Timer
        self._conversation: Conversation

    # -- what the conversation does

    @property
    def open(self) -> bool:
        return self._state is _OPEN

    @property
    def transport(self) -> str:
        return "polling" if self._socket is None else "websocket"

    def send(self, frame: Frame) -> None:
        """Send a frame whose text is an Engine.IO packet already (it begins with `4`), or a `BinaryFrame`."""
        socket = self._socket
        if socket is not None:
            socket.send(frame)
        elif self._state is _OPEN:
            self._queue(frame)

    def close(self, code: int, reason: str) -> None:
        """End the session once what is queued has left. `code`: the WebSocket close code, where there is one."""
        if self._state is not _OPEN:
            return
        if self._socket is not None or self._poll is not None:
            self._end(code, reason)
            return
        self._state = _CLOSING
        self._outbox = [*(self._outbox or ()), _CLOSE]
        self._beat.cancel()
        self._beat = self._server.wheel.after(self._server.settings.ping_timeout_s, self._discard)
        self._tell_closed(code, reason)

    def pause(self) -> None:
        """Deliver nothing more until `resume`: what arrives waits, and so does whoever sends it."""
        if self._paused or self._state is not _OPEN:
            return
        self._paused = True
        if self._inbox is None:
            self._inbox = deque()
        if self._socket is not None:
            self._socket.pause_reading()

    def resume(self) -> None:
        if not self._paused:
            return
        self._paused = False
        if self._state is not _OPEN:
            return
        if self._awaiting_pong:  # the pong could not be read while paused: let it have its time again
            self._beat.cancel()
            self._beat = self._server.wheel.after(self._server.settings.ping_timeout_s, self._ping)
        if not self._draining:
            self._drain()
        if self._socket is not None and not self._paused:
            self._socket.resume_reading()

    # -- long-polling

    def begin(self, exchange: Exchange) -> None:
        """Open over long-polling: the answer is the open packet, and whatever the conversation says at once."""
        self._outbox = [self._open_frame("websocket")]
        self._begin()
        self.poll(exchange)

    def poll(self, exchange: Exchange) -> None:
        """A GET: answered as soon as there is something to say."""
        if self._socket is not None or self._state is _CLOSED:
            exchange.answer(BAD_REQUEST.status, BAD_REQUEST.body)
        elif self._poll is not None:
            exchange.answer(BAD_REQUEST.status, BAD_REQUEST.body)
            self._end(1002, "transport error")
        elif self._outbox:
            exchange.answer(200, self._take_outbox())
            if self._state is _CLOSING:
                self._discard()
        elif self._probe is not None and self._probe.answered:
            exchange.answer(200, packets.NOOP)
        else:
            self._poll = exchange

    def poll_lost(self, exchange: Exchange) -> None:
        """The client gave up its GET before it was answered; what it may have missed cannot be told apart."""
        if self._poll is exchange:
            self._poll = None
            self._end(1001, "transport close")

    def begin_post(self) -> Refusal | None:
        """A POST begins to arrive: only one may at a time. `posted` or `post_lost` follows if it is let in."""
        if self._state is not _OPEN:
            return UNKNOWN_SID
        if self._socket is not None:
            return BAD_REQUEST
        if self._posting:
            self._end(1002, "transport error")
            return BAD_REQUEST
        self._posting = True
        return None

    def posted(self, exchange: Exchange, body: bytes) -> None:
        """The whole body of a POST: all of its packets are delivered before it is answered, or none."""
        self._posting = False
        if self._state is not _OPEN or self._socket is not None:
            exchange.answer(BAD_REQUEST.status, BAD_REQUEST.body)
            return
        try:
            arrived = packets.decode_payload(body)
        except PacketError:
            exchange.answer(BAD_REQUEST.status, BAD_REQUEST.body)
            self._end(1002, "parse error")
            return
        self._posting = True
        self._post = exchange
        self._inbox = self._inbox or deque()
        self._inbox.extend(arrived)
        if not self._draining:
            self._drain()

    def post_lost(self) -> None:
        """The POST was given up, or too long, before it was whole: its packets are lost, so the order is."""
        self._posting = False
        self._end(1001, "transport close")

    # -- WebSocket (the channel's methods)

    def opened(self, socket: Socket) -> None:
        """Open over this WebSocket, with no polling before it."""
        self._socket = socket
        self.outlet = socket.send
        socket.send(self._open_frame())
        self._begin()

    def text(self, data: bytes) -> None:
        if self._inbox is not None:
            self._inbox.append(data)
        else:
            self._receive(data)

    def binary(self, data: bytes) -> None:
        if self._inbox is not None:
            self._inbox.append(Binary(data))
        else:
            self._receive_binary(data)

    def closed(self, _code: int, _reason: str) -> None:
        self._end(1000, "transport close")

    # -- upgrade (called by the `Probing` WebSocket)

    def may_upgrade(self) -> bool:
        return self._state is _OPEN and self._socket is None and self._probe is None

    def probed(self, probe: Probing) -> None:
        self._probe = probe

    def probe_gone(self, probe: Probing) -> None:
        if self._probe is probe:
            self._probe = None

    def after_upgrade_timeout(self, call: Callable[[], None]) -> Timer:
        return self._server.wheel.after(self._server.settings.upgrade_timeout_s, call)

    def release_poll(self) -> None:
        """End the waiting GET, so that the client can let go of long-polling."""
        self._answer_poll(packets.NOOP)

    def carry_on(self, socket: Socket) -> None:
        """From now on this WebSocket carries the session, beginning with what waits."""
        self._probe = None
        self._answer_poll(packets.NOOP)
        self._socket = socket
        self.outlet = socket.send
        waiting, self._outbox, self._waiting_bytes = self._outbox or (), None, 0
        for frame in waiting:
            socket.send(frame)
        if self._paused:
            socket.pause_reading()

    # -- heartbeat

    @property
    def overdue(self) -> bool:
        """Its pong is late, though the wheel may not have come round to it yet."""
        return self._awaiting_pong and not self._paused and self._server.clock() >= self._beat.due_s

    def expire(self) -> None:
        self._end(1001, "ping timeout")

    def _ping(self) -> None:
        server = self._server
        if self._paused:
            self._beat = server.wheel.after(server.settings.ping_interval_s, self._ping)
            return
        if self._awaiting_pong:
            self.expire()
            return
        # The wheel rounds up, by a slot at the most: the client's time to answer is not to grow by that.
        late_s = min(server.clock() - self._beat.due_s, server.wheel.slot_s)
        self._awaiting_pong = True
        self._pinged_s = server.clock()
        self._beat = server.wheel.after(server.settings.ping_timeout_s - late_s, self._ping)
        self.send(_PING)

    def _pong(self) -> None:
        if self._awaiting_pong:
            self._awaiting_pong = False
            rtt_s = self._server.clock() - self._pinged_s
            self.rtt_s = rtt_s if self.rtt_s is None else min(self.rtt_s, rtt_s)
            self._beat.cancel()
            self._beat = self._server.wheel.after(self._server.settings.ping_interval_s, self._ping)

    # -- in

    def _receive(self, packet: bytes) -> None:
        if self._state is not _OPEN:
            return
        kind = packet[:1]
        if kind == packets.MESSAGE:
            try:
                self._conversation.message(packet[1:])
            except Exception:
                self._fail()
        elif kind == packets.PONG:
            self._pong()
        elif kind == packets.CLOSE:
            self._answer_poll(packets.NOOP)
            self._end(1000, "transport close")
        elif kind != packets.NOOP:  # a client neither opens nor pings, and upgrades elsewhere
            self._end(1002, "parse error")

    def _receive_binary(self, data: bytes) -> None:
        if self._state is not _OPEN:
            return
        try:
            self._conversation.binary(data)
        except Exception:
            self._fail()

    def _drain(self) -> None:
        inbox = self._inbox
        self._draining = True
        while inbox and not self._paused and self._state is _OPEN:
            packet = inbox.popleft()
            if isinstance(packet, Binary):
                self._receive_binary(packet.data)
            else:
                self._receive(packet)
        self._draining = False
        if not self._paused:
            self._inbox = None
            self._answer_post()
        if self._outbox and self._poll is not None:
            self._answer_poll(self._take_outbox())

    # -- out

    def _queue(self, frame: Frame) -> None:
        self._waiting_bytes += packets.weight(frame)
        if self._waiting_bytes > self._server.settings.max_buffered:
            self._end(1013, "too slow")
            return
        if self._outbox is None:
            self._outbox = [frame]
        else:
            self._outbox.append(frame)
        if self._poll is not None and not self._draining:
            self._answer_poll(self._take_outbox())

    def _take_outbox(self) -> bytes:
        waiting, self._outbox, self._waiting_bytes = self._outbox or (), None, 0
        return packets.encode_payload(waiting)

    def _answer_poll(self, body: bytes) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.answer(200, body)

    def _answer_post(self) -> None:
        post, self._post = self._post, None
        if post is not None:
            self._posting = False
            post.answer(200, OK)

    # -- beginning and end

    def _open_frame(self, *upgrades: str) -> Frame:
        settings = self._server.settings
        handshake = packets.Handshake(
            sid=self.sid,
            upgrades=upgrades,
            ping_interval=round(settings.ping_interval_s * 1000),
            ping_timeout=round(settings.ping_timeout_s * 1000),
            max_payload=settings.max_payload,
        )
        return Frame(packets.encode_open(handshake))

    def _begin(self) -> None:
        server = self._server
        settings = server.settings
        first_s = settings.ping_interval_s if settings.first_ping_s is None else settings.first_ping_s
        self._beat = server.wheel.after(first_s, self._ping)
        server.entered(self)
        self._conversation = server.converse(self)

    def _fail(self) -> None:
        log.exception("conversation.failed", client=self.opening.client)
        self._end(1011, "internal error")

    def _end(self, code: int, reason: str) -> None:
        if self._state is _CLOSED:
            return
        told = self._state is _CLOSING
        self._discard()
        if self._poll is not None:
            self._outbox = [*(self._outbox or ()), _CLOSE]
            self._answer_poll(self._take_outbox())
        self._outbox = None
        if self._socket is not None:
            self._socket.close(code, reason)
        if not told:
            self._tell_closed(code, reason)

    def _tell_closed(self, code: int, reason: str) -> None:
        self._inbox = None
        self._answer_post()
        if self._probe is not None:
            self._probe.give_up(code, reason)
        try:
            self._conversation.closed(reason)
        except Exception:
            log.exception("conversation.failed", client=self.opening.client)

    def _discard(self) -> None:
        self._state = _CLOSED
        self._beat.cancel()
        self._server.left(self)
