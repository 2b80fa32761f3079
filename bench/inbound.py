"""Inbound: how many `updateTime` reports a core can take in per second, from guide 001's player in many small rooms.

Waves: every member sends one report, in a segment of its own, with its true position; the next wave comes when the
server has had a quarter more time than it needs. So no socket ever holds two frames, as in life, yet the core is busy.
"""

from __future__ import annotations

import time
from functools import partial

from bench import Unmeasured, options, process, programs, wire
from bench.client import Client, Crowd, Seat, enter_all
from bench.compare import interleaved
from bench.report import Figure, conclude
from bench.rooms import ADMIN, make_rooms

MEMBERS = 9  # and a silent admin: a full room of ten
SPARE = 1.25


class Reporter:
    """A member whose player reports where it is."""

    def __init__(self, client: Client, seat: Seat) -> None:
        self.client = client
        self._template = wire.playback_template(seat.room, seat.user, "updateTime")
        self.question = wire.event("sync_request", {"roomId": seat.room, "userId": seat.user})

    def report(self, position_s: float) -> bytes:
        return wire.masked(self._template % (b"%.6f" % position_s))


class Listening:
    """A server with many full rooms, all of them playing."""

    def __init__(self, server: process.Server, crowd: Crowd, rooms: int) -> None:
        self.server = server
        self._crowd = crowd
        made = make_rooms(server.port, rooms)
        admins = enter_all(crowd, server, [Seat(room, ADMIN) for room in made])
        seats = [Seat(room, f"u{number}") for room in made for number in range(MEMBERS)]
        clients = enter_all(crowd, server, seats)
        self._reporters = [Reporter(client, seat) for client, seat in zip(clients, seats, strict=True)]
        self._answers = 0
        for client in clients:
            client.hear = self._hear
        self._started = time.monotonic()
        for admin, room in zip(admins, made, strict=True):
            play = {"roomId": room, "action": {"type": "play", "data": {}}, "userId": ADMIN}
            admin.send(wire.event("playback_action", play))
        self._wave_s = 0.0

    def learn_pace(self) -> None:
        """Two stretches with ample time, the first as a warm-up: then we know how long a wave takes."""
        for _ in range(2):
            self._wave_s = len(self._reporters) * 100e-6
            self._wave_s = len(self._reporters) / self.events_per_core_s(10) * SPARE

    def events_per_core_s(self, waves: int) -> float:
        before = self.server.cpu_s()
        for _ in range(waves):
            self._wave()
        self._wait_until_heard()
        return (waves + 1) * len(self._reporters) / (self.server.cpu_s() - before)

    def _wave(self) -> None:
        due = time.monotonic() + self._wave_s
        position_s = due - self._started
        frames = [reporter.report(position_s) for reporter in self._reporters]
        while (left := due - time.monotonic()) > 0:
            self._crowd.pump(left)
        for reporter, frame in zip(self._reporters, frames, strict=True):
            reporter.client.send(frame)

    def _wait_until_heard(self) -> None:
        """A connection is served in order: who has its answer has had all its reports read. The question is an event."""
        self._answers = 0
        for reporter in self._reporters:
            reporter.client.send(reporter.question)
        everybody = len(self._reporters)
        self._crowd.pump_until(lambda: self._answers == everybody, f"{self.server.name} reading reports")

    def _hear(self, text: bytes) -> None:
        if text.startswith(b'42["sync_response"'):
            self._answers += 1
        elif text.startswith(b'42["error"'):
            raise Unmeasured(f"{self.server.name} refused a report: {text[:300]!r}")


def measure(given: options.Options) -> list[Figure]:
    rooms, waves, rounds = given.pick(100, 10), given.pick(60, 15), given.pick(7, 2)
    subject, peer = given.program(), programs.node_socketio()
    crowd = Crowd()
    with process.running(subject, peer) as servers:
        listening = [Listening(server, crowd, rooms) for server in servers]
        for one in listening:
            one.learn_pace()
        result = interleaved(
            "events", rounds, {one.server.name: partial(one.events_per_core_s, waves) for one in listening}
        )
        crowd.close()
    title = f"inbound reports from {rooms * MEMBERS} members of {rooms} rooms: events per core-second"
    conclude(title, result, subject.name, peer.name)
    measured = result.median(subject.name)
    name = "inbound decoded events per core-second"
    return [Figure(name, measured, "/s", must=60_000, aim=100_000, higher_is_better=True)]


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
