"""A hand-turned world for the engine: a clock, a wheel, sockets and requests that remember what they were told."""

from __future__ import annotations

from collections.abc import Callable

from tutti.service.frames import Frame
from tutti.service.timers import TimerWheel
from tutti.transports.engineio import EngineServer, EngineSession, EngineSettings, Opening, Refusal
from tutti.transports.engineio_roles import Conversation


class Clock:
    """Seconds, moved by hand; the wheel turns along, slot by slot."""

    def __init__(self, slot_s: float = 0.1) -> None:
        self.now_s = 1000.0
        self.wheel = TimerWheel(self.now_s, slot_s=slot_s)

    def __call__(self) -> float:
        return self.now_s

    def forward(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s = min(self.now_s + self.wheel.slot_s, until_s)
            self.wheel.turn(self.now_s)


class Wire:
    """An accepted WebSocket: what was sent (text and attachments, in order) and whether it is closed."""

    client = "192.0.2.7"

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.frames: list[Frame] = []
        self.closed_with: tuple[int, str] | None = None
        self.reading = True

    def send(self, frame: Frame) -> None:
        if self.closed_with is None:
            self.frames.append(frame)
            self.sent.append(frame.text)
            self.sent.extend(getattr(frame, "attachments", ()))

    def close(self, code: int, reason: str) -> None:
        self.closed_with = self.closed_with or (code, reason)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def alive(self) -> bool:
        return self.closed_with is None

    def is_reading(self) -> bool:
        return self.reading

    def take(self) -> list[bytes]:
        sent, self.sent = self.sent, []
        return sent


class Request:
    """An HTTP request: None until answered, then the status and the body."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []

    def answer(self, status: int, body: bytes) -> None:
        self.answers.append((status, body))

    @property
    def answered(self) -> tuple[int, bytes] | None:
        assert len(self.answers) < 2, "a request is answered once"
        return self.answers[0] if self.answers else None


class Recorder:
    """A conversation that remembers; `on_message` is what it does besides."""

    def __init__(self, session: EngineSession) -> None:
        self.session = session
        self.heard: list[bytes | tuple[str, bytes]] = []
        self.ends: list[str] = []
        self.on_message: Callable[[bytes], None] = lambda _text: None

    def message(self, text: bytes) -> None:
        self.heard.append(text)
        self.on_message(text)

    def binary(self, data: bytes) -> None:
        self.heard.append(("binary", data))

    def closed(self, reason: str) -> None:
        self.ends.append(reason)


class Engine:
    """An `EngineServer` with recorders for conversations, driven as a client would drive it."""

    def __init__(
        self,
        settings: EngineSettings | None = None,
        converse: Callable[[EngineSession], Conversation] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.recorders: list[Recorder] = []
        self.ids = 0
        self.server = EngineServer(
            converse or self._record,
            wheel=self.clock.wheel,
            clock=self.clock,
            new_id=self._new_id,
            settings=settings,
        )

    def open_polling(self, client: str = "192.0.2.7") -> EngineSession:
        request = Request()
        session = self.server.create(Opening(client, {}, {}))
        assert isinstance(session, EngineSession)
        session.begin(request)
        assert request.answered is not None
        assert request.answered[0] == 200
        return session

    def open_websocket(self, client: str = "192.0.2.7") -> tuple[EngineSession, Wire]:
        channel = self.server.connect(Opening(client, {}, {}), {"EIO": "4", "transport": "websocket"})
        assert isinstance(channel, EngineSession)
        wire = Wire()
        channel.opened(wire)
        return channel, wire

    def heard(self) -> Recorder:
        return self.recorders[-1]

    def knows(self, session: EngineSession) -> bool:
        found = self.server.find({"EIO": "4", "transport": "polling", "sid": session.sid})
        assert isinstance(found, EngineSession | Refusal)
        return found is session

    def _record(self, session: EngineSession) -> Recorder:
        self.recorders.append(Recorder(session))
        return self.recorders[-1]

    def _new_id(self) -> str:
        self.ids += 1
        return f"id{self.ids}"


def get(session: EngineSession) -> Request:
    request = Request()
    session.poll(request)
    return request


def post(session: EngineSession, body: bytes) -> Request:
    request = Request()
    refusal = session.begin_post()
    if refusal is None:
        session.posted(request, body)
    else:
        request.answer(refusal.status, refusal.body)
    return request
