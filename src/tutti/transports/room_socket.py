"""What all plain WebSockets to rooms share: who may open one, how many there are, and how far away each is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

import structlog

from tutti.service.dialect import Dialect
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.metrics import Tally
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import FORBIDDEN, Admission, Refusal
from tutti.transports.handshake import Handshake, Rejected
from tutti.transports.websocket import WebSocket

log = structlog.get_logger("tutti.socket")

ROUND_TRIPS: Final = 5
"""How many of the last round trips the worst is taken of."""


class RoomSocket:
    """The channel of one WebSocket, and the connection of the session on it."""

    __slots__ = ("_half_rtt_ms", "_rtts_ms", "_socket", "client", "close", "id", "send")

    send: Callable[[Frame], None]
    close: Callable[[int, str], None]

    def __init__(self, id_: str, client: str) -> None:
        self.id = id_
        self.client = client
        self._half_rtt_ms = 0.0
        self._rtts_ms: deque[float] = deque(maxlen=ROUND_TRIPS)
        self._socket: WebSocket

    @property
    def half_rtt_ms(self) -> float:
        """Half the smallest round trip seen; 0 while unknown."""
        return self._half_rtt_ms

    @property
    def rtt_ms(self) -> float:
        """The worst of the last few round trips; 0 while unknown."""
        return max(self._rtts_ms, default=0.0)

    def pause(self) -> None:
        self._socket.pause_reading()

    def resume(self) -> None:
        self._socket.resume_reading()

    def round_trip(self, took_s: float) -> None:
        took_ms = took_s * 1000
        self._rtts_ms.append(took_ms)
        half_ms = took_ms / 2
        self._half_rtt_ms = min(self._half_rtt_ms or half_ms, half_ms)

    def is_on(self, socket: WebSocket) -> None:
        """It may be sent to from now on."""
        self._socket = socket
        self.send, self.close = socket.send, socket.close
        log.debug("socket.connected", socket=self.id, client=self.client)

    def send_away(self) -> None:
        """The server goes."""
        raise NotImplementedError


S = TypeVar("S", bound=RoomSocket)


class RoomSockets(Generic[S]):
    """All connections in one dialect. `events`: what a client may say, by name."""

    def __init__(
        self,
        hall: Hall,
        dialect: Dialect,
        events: Iterable[str],
        *,
        cors: Cors,
        admission: Admission,
        new_id: Callable[[], str],
    ) -> None:
        self.hall = hall
        self.dialect = dialect
        self.open: set[S] = set()
        self.admission = admission
        self.new_id = new_id
        self._cors = cors
        tallies = hall.rooms.metrics.events_in
        self._tallies = {name: tallies.setdefault((dialect.name, name), Tally()) for name in events}

    def of_another_origin(self, request: Handshake) -> Rejected | None:
        """Browsers leave it to us to look at the origin."""
        headers = request.headers
        allowed = self._cors.allows(headers.get("origin"), headers.get("host"))
        return None if allowed else _rejected(FORBIDDEN)

    def one_too_many(self, request: Handshake) -> Rejected | None:
        refusal = self.admission.refuse(request.client)
        return None if refusal is None else _rejected(refusal)

    def entered(self, socket: S) -> None:
        self.open.add(socket)
        self.admission.enter(socket.client)
        self.hall.rooms.metrics.connections += 1

    def left(self, socket: S, code: int, reason: str) -> None:
        log.debug("socket.closed", socket=socket.id, code=code, reason=reason)
        if socket in self.open:
            self.open.discard(socket)
            self.admission.leave(socket.client)
            self.hall.rooms.metrics.connections -= 1

    def count(self, name: str) -> None:
        tally = self._tallies.get(name)
        if tally is not None:
            tally.count += 1


AnySockets = RoomSockets[Any]


def _rejected(refusal: Refusal) -> Rejected:
    return Rejected(refusal.status, refusal.body, (("Content-Type", "application/json"),))
