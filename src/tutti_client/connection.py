"""A room's connection: says hello, resumes where it was, keeps the clock, asks commands, and comes back when it is lost.

`run` is the only task, and owns whatever it starts. Nothing waits without a deadline: not the handshake, the welcome,
an answer or the goodbye. While it is lost the room and the clock stay as they were known, so whoever follows goes on.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from tutti_client import endings, wire
from tutti_client import room as rooms
from tutti_client.clock import Clock, Probe
from tutti_client.endings import End, Ended, Outcome
from tutti_client.room import Room
from tutti_client.spoken import Hello, Leave, Ping, Position, Spoken, frame

SUBPROTOCOL: Final = Subprotocol("tutti.v1")
OPEN_WITHIN_S: Final = 8.0
WELCOME_WITHIN_S: Final = 10.0
ANSWER_WITHIN_S: Final = 10.0
PONG_WITHIN_S: Final = 5.0
SILENCE_S: Final = 5.0
GOODBYE_WITHIN_S: Final = 1.0
LONGEST_FRAME: Final = 8 * 1024 * 1024
FIRST_DELAY_S: Final = 0.25
LONGEST_DELAY_S: Final = 5.0


class State(Enum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Waits:
    """The connection was lost, and another try comes after this."""

    why: str
    retry_in_s: float


class Refusal(Exception):
    """Understood and declined; nothing changed."""

    def __init__(self, code: str, message: str, *, may_retry: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.may_retry = may_retry


class Disconnected(Exception):
    """Whether the command was heard is not known."""


News = wire.Heard | State | Waits


def local_ms() -> float:
    return time.monotonic_ns() / 1e6


class Connection:
    """`hear` is told of every message after it was applied to `room` and `clock`, and of every change of `state`."""

    def __init__(
        self,
        url: str,
        hello: Hello,
        *,
        now: Callable[[], float] = local_ms,
        hear: Callable[[News], None] = lambda _: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.room: Room | None = None
        self.clock = Clock.initial()
        self.state = State.CONNECTING
        self._url = url
        self._hello = hello
        self._now = now
        self._hear = hear
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._refs = itertools.count(1)
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._probes: dict[int, float] = {}
        self._answered = asyncio.Event()
        self._resuming = False
        self._refusal: wire.Refused | None = None
        self._drain_s: float | None = None
        self._leaving = asyncio.Event()

    async def run(self) -> Ended:
        """Be connected until that has ended for good."""
        tries = 0
        while True:
            self._become(State.CONNECTING)
            outcome = await self._attempt()
            tries = 1 if self.state is State.CONNECTED else tries + 1
            self._abandon()
            if self._leaving.is_set():
                outcome = endings.ended(End.LEFT)
            if isinstance(outcome, Ended):
                self._become(State.ENDED)
                return outcome
            self._become(State.LOST)
            delay_s = self._delay_s(tries)
            self._hear(Waits(outcome.message, delay_s))
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._leaving.wait()

    def room_ms(self, at_local_ms: float | None = None) -> float:
        return self.clock.room_ms(self._now() if at_local_ms is None else at_local_ms)

    def local_at(self, room_ms: float) -> float:
        """When the local clock will show what is this room time."""
        now = self._now()
        return now + (room_ms - self.clock.room_ms(now))

    async def ask(self, sentence: Spoken) -> int:
        """Do this; the number after which it is done. Raises `Refusal`, or `Disconnected` when no answer came."""
        ref = next(self._refs)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[ref] = answer
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._send(frame(sentence, ref))
                return await answer
        except TimeoutError:
            raise Disconnected("no answer came") from None
        finally:
            self._asked.pop(ref, None)

    async def tell(self, sentence: Spoken) -> None:
        """Say this if there is a connection; nobody answers."""
        with suppress(Disconnected, TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._send(frame(sentence))

    async def leave(self) -> None:
        """`run` ends then."""
        self._leaving.set()
        if self._socket is None:
            return
        with suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(GOODBYE_WITHIN_S):
                await self._socket.send(frame(Leave()))
                await self._socket.close()

    async def _attempt(self) -> Outcome:
        """One connection: how everything ended, or why this one did."""
        try:
            async with connect(
                self._url,
                subprotocols=[SUBPROTOCOL],
                compression=None,
                open_timeout=OPEN_WITHIN_S,
                close_timeout=GOODBYE_WITHIN_S,
                ping_interval=SILENCE_S,
                ping_timeout=SILENCE_S,
                max_size=LONGEST_FRAME,
            ) as socket:
                if socket.subprotocol != SUBPROTOCOL:
                    return self._unless_known(endings.ended(End.NO_SERVER))
                return await self._attend(socket)
        except InvalidStatus as problem:
            return self._unless_known(endings.of_status(problem.response.status_code))
        except (InvalidHandshake, InvalidURI):
            return self._unless_known(endings.ended(End.NO_SERVER))
        except TimeoutError:
            return endings.Lost("the server does not answer")
        except OSError as problem:
            return endings.Lost(f"the server cannot be reached ({problem.strerror or problem})")

    async def _attend(self, socket: ClientConnection) -> Outcome:
        self._socket = socket
        why: str | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                probing = tasks.create_task(self._probe(socket))
                try:
                    await self._listen(socket)
                finally:
                    probing.cancel()
        except* ConnectionClosed:
            pass
        except* wire.Unreadable as problems:
            why = f"the server said what cannot be understood ({problems.exceptions[0]})"
        except* TimeoutError:
            why = "the server does not answer"
        if why is not None:
            return endings.Lost(why)
        refusal, self._refusal = self._refusal, None
        return endings.of_close(socket.close_code, refusal)

    async def _listen(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(WELCOME_WITHIN_S):
            await socket.send(frame(self._hello_again()))
            while self.state is not State.CONNECTED:
                await self._take(await socket.recv())
        while True:
            await self._take(await socket.recv())

    async def _take(self, text: str | bytes) -> None:
        received_ms = self._now()
        message = wire.heard(text)
        match message:
            case wire.Pong():
                self._time(message, received_ms)
            case wire.Welcome():
                self.room = rooms.entered(message, self.room)
                self._resuming = False
                self._become(State.CONNECTED)
            case wire.Event() | wire.Unknown():
                await self._happened(message)
            case wire.Status():
                self.room = rooms.told(self.room, message) if self.room is not None else None
            case wire.Ack() | wire.Refused() | wire.Malformed():
                self._answer(message)
            case wire.Draining(reconnect_in_ms=delay_ms):
                self._drain_s = delay_ms / 1000
            case wire.Reacted():
                pass
        self._hear(message)

    async def _happened(self, event: wire.Event | wire.Unknown) -> None:
        if self.room is None or self._resuming:
            return
        try:
            self.room = rooms.changed(self.room, event)
        except rooms.Gap:
            self._resuming = True
            await self._send(frame(self._hello_again()))

    def _answer(self, message: wire.Ack | wire.Refused | wire.Malformed) -> None:
        waiting = self._asked.get(message.ref) if isinstance(message.ref, int) else None
        if waiting is None or waiting.done():
            if isinstance(message, wire.Refused):
                self._refusal = message
            return
        match message:
            case wire.Ack(seq=seq):
                waiting.set_result(seq)
            case wire.Refused(code=code, message=sentence, may_retry=may_retry):
                waiting.set_exception(Refusal(code, sentence, may_retry=may_retry))
            case wire.Malformed(message=sentence):
                waiting.set_exception(Refusal("malformed", sentence, may_retry=False))

    async def _probe(self, socket: ClientConnection) -> None:
        """Ask the time as often as the clock wants to be told."""
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(self.clock.next_probe_in_ms(self._now()) / 1000)
                ref = next(self._refs)
                self._answered.clear()
                self._probes = {ref: self._now()}
                await socket.send(frame(Ping(ref)))
                with suppress(TimeoutError):
                    async with asyncio.timeout(PONG_WITHIN_S):
                        await self._answered.wait()

    def _time(self, pong: wire.Pong, received_ms: float) -> None:
        sent_ms = self._probes.pop(pong.ref, None) if isinstance(pong.ref, int) else None
        if sent_ms is None:
            return
        self.clock = self.clock.observe(Probe(sent_ms, received_ms, pong.at))
        self._answered.set()

    def _hello_again(self) -> Hello:
        room = self.room
        resume = Position(room.epoch, room.seq) if room is not None else None
        mine = self._hello
        who = mine.id if room is None or mine.token is not None else room.me
        return Hello(mine.name, who, mine.token, resume, mine.capabilities)

    async def _send(self, text: str) -> None:
        if self._socket is None or self.state is not State.CONNECTED:
            raise Disconnected("there is no connection")
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            raise Disconnected("the connection was lost") from None

    def _unless_known(self, outcome: Outcome) -> Outcome:
        """Where a room was before, a proxy or another program may be all that is there for a moment."""
        if isinstance(outcome, Ended) and outcome.why is End.NO_SERVER and self.room is not None:
            return endings.Lost("another program answers in the server's place")
        return outcome

    def _delay_s(self, tries: int) -> float:
        drain_s, self._drain_s = self._drain_s, None
        if drain_s is not None:
            return drain_s
        most_s: float = min(FIRST_DELAY_S * 2 ** min(tries - 1, 10), LONGEST_DELAY_S)
        return most_s * (0.5 + self._chance() / 2)

    def _abandon(self) -> None:
        self._socket = None
        self._probes.clear()
        self._resuming = False
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(Disconnected("the connection was lost"))

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._hear(state)
