"""Somebody in the room without a player, on the same machine as the server and not behind the bad network.

It gives the commands and writes down what the room's timeline was, on the monotonic clock. Room time is known to half of
the shortest round trip, a tenth of a millisecond here.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench import Unmeasured
from bench.sync.target import Anchor, Timeline

PROTOCOL = Subprotocol("tutti.v1")
PROBES = 40
ANSWER_TIMEOUT_S = 10.0
RETRY_S = 0.1
MEMBER_ID = "onlooker"


class Onlooker:
    """Connected when it is made, and again whenever the server is back."""

    def __init__(self, port: int, room: str) -> None:
        self.timeline = Timeline()
        self.joined: dict[str, float] = {}
        self.connections = 0
        self._url = f"ws://127.0.0.1:{port}/v1/rooms/{room}"
        self._refs = itertools.count(1)
        self._connection: ClientConnection | None = None
        self._ahead_ms: float | None = None  # of room time before the monotonic clock
        self._shortest_ms = float("inf")
        self._asked_ms: dict[str, float] = {}
        self._told: list[dict[str, Any]] = []
        self._moves = 0
        self._best_ms = 0.0
        self._problem = "no answer"
        self._news = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._stay, daemon=True)
        self._thread.start()
        self._wait(lambda: self._ahead_ms is not None, "the room does not answer")

    def command(self, **said: Any) -> float:
        """Say it, and return the instant from which the timeline that comes of it holds."""
        assert self._connection is not None
        with self._news:
            moves = self._moves
        self._connection.send(json.dumps(said | {"ref": next(self._refs)}))
        self._wait(lambda: self._moves > moves, f"nothing came of {said}")
        return self.timeline.latest

    def wait_for_connection(self, number: int) -> None:
        self._wait(lambda: self.connections >= number, "the server is not back")

    def local(self, room_ms: float) -> float:
        """Our time when it is that room time."""
        return room_ms - self._best_ms

    def leave(self) -> None:
        self._ends = True
        if self._connection is not None:
            self._connection.close()
        self._thread.join(ANSWER_TIMEOUT_S)

    def _stay(self) -> None:
        while not self._ends:
            with (
                contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError),
                connect(self._url, subprotocols=[PROTOCOL], compression=None, proxy=None) as connection,
            ):
                self._listen(connection)
            time.sleep(RETRY_S)

    def _listen(self, connection: ClientConnection) -> None:
        self._shortest_ms = float("inf")
        self._told = []
        self._ahead_ms = None
        connection.send(json.dumps({"type": "hello", "id": MEMBER_ID, "name": "Onlooker"}))
        for _ in range(PROBES):
            ref = f"probe {next(self._refs)}"
            self._asked_ms[ref] = now_ms()
            connection.send(json.dumps({"type": "ping", "ref": ref}))
            while self._hear(json.loads(connection.recv(ANSWER_TIMEOUT_S))) != ref:
                pass
        with self._news:
            self._ahead_ms = self._best_ms
            self._connection = connection
            self.connections += 1
            for told in self._told:
                self._take(told)
            self._news.notify_all()
        for frame in connection:
            self._hear(json.loads(frame))

    def _hear(self, told: dict[str, Any]) -> str | None:
        """The ref, if it is a pong."""
        heard_ms = now_ms()
        if told["type"] == "pong":
            asked_ms = self._asked_ms.pop(told["ref"])
            if heard_ms - asked_ms < self._shortest_ms:
                self._shortest_ms = heard_ms - asked_ms
                self._best_ms = told["at"] - (asked_ms + heard_ms) / 2
            return str(told["ref"])
        with self._news:
            if self._ahead_ms is None:
                self._told.append(told)  # until the clock is known
            else:
                self._take(told)
            self._news.notify_all()
        return None

    def _take(self, told: dict[str, Any]) -> None:
        room = told.get("room")
        timeline = room["timeline"] if isinstance(room, dict) else told.get("timeline")
        if isinstance(timeline, dict):
            self._moves += 1
            at = self.local(timeline["at"])
            since = max(at, now_ms()) if room else at  # a snapshot says nothing of what was before
            self.timeline.add(Anchor(since, at, timeline["position"], timeline["rate"] * timeline["playing"]))
        if told["type"] == "joined":
            self.joined[told["member"]["name"]] = self.local(told["at"])
        if told["type"] in {"refused", "malformed"}:
            self._problem = str(told)

    def _wait(self, until: Callable[[], bool], problem: str) -> None:
        with self._news:
            if not self._news.wait_for(until, ANSWER_TIMEOUT_S):
                raise Unmeasured(f"{problem}: {self._problem}")


def now_ms() -> float:
    return time.monotonic() * 1000
