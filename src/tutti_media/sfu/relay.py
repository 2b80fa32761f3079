"""All rooms of this process, their one clock, and what the server tells of them and is told: lines of JSON.

in: `{"do": "enter", "room", "member", "username", "offers"}`, `{"do": "leave", "room", "member"}`,
`{"do": "close", "room"}`, `{"do": "signal", "room", "from", "to", "frame"}`.
out: `{"say": "ready", "port"}`, `{"say": "alive"}` once a second, `{"say": "signal", "room", "to", "frame"}`,
`{"say": "failed", "room", "member"}`, and `{"say": "entered", "room", "member"}` for every "enter": what is said of a
member before that is about what it had before.
A `frame` is as on the wire of guide 004: `{event, data}`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import structlog
from aiortc.rtcdtlstransport import RTCCertificate

from tutti_media.sfu.port import Port
from tutti_media.sfu.room import Data, Room

log = structlog.get_logger("tutti.sfu")

TICK_S, REPORT_TICKS = 0.025, 40


class Relay:
    """`put` takes a line for the server. Run it beside whatever calls `hear` with its lines."""

    def __init__(self, port: Port, put: Callable[[bytes], None]) -> None:
        self._port = port
        self._put = put
        self._certificate = RTCCertificate.generateCertificate()
        self._rooms: dict[str, Room] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        self._say({"say": "ready", "port": self._port.number})
        ticks = 0
        try:
            while True:
                await asyncio.sleep(TICK_S)
                ticks += 1
                if ticks % REPORT_TICKS == 0:
                    self._say({"say": "alive"})
                for room in tuple(self._rooms.values()):
                    self._guard(room.tick, time.monotonic())
                    if ticks % REPORT_TICKS == 0:
                        self._guard(room.report, time.monotonic())
        finally:
            await asyncio.gather(*(room.close() for room in self._rooms.values()))

    def hear(self, line: bytes) -> None:
        """What is no sentence of ours is logged, and passed over."""
        try:
            said = json.loads(line)
            self._do(said)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.exception("bug")

    def tell(self, room: str, to: str, event: str, data: Data) -> None:
        self._say({"say": "signal", "room": room, "to": to, "frame": {"event": event, "data": data}})

    def failed(self, room: str, member: str) -> None:
        self._say({"say": "failed", "room": room, "member": member})

    def _do(self, said: dict[str, Any]) -> None:
        name, member = said["room"], said.get("member", "")
        room = self._rooms.get(name)
        match said["do"]:
            case "enter":
                if room is None:
                    room = self._rooms[name] = Room(name, self._port, self._certificate, self)
                self._say({"say": "entered", "room": name, "member": member})
                room.enter(member, said.get("username"), offers=said["offers"])
            case "leave" if room is not None:
                room.leave(member)
            case "signal" if room is not None:
                frame = said["frame"]
                room.signal(frame["event"], said["from"], said["to"], frame["data"])
            case "close" if room is not None:
                del self._rooms[name]
                self._end(room)
            case _:
                return

    def _end(self, room: Room) -> None:
        for member in tuple(room.people):
            room.leave(member)

    def _guard(self, work: Callable[[float], None], now_s: float) -> None:
        """One room's trouble is not the others'."""
        try:
            work(now_s)
        except Exception:
            log.exception("bug")

    def _say(self, line: Data) -> None:
        self._put(json.dumps(line).encode() + b"\n")
