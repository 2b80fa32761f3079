"""Joins: a whole visit over WebSocket, in CPU µs of the server per visit.

TCP connect, upgrade, Engine.IO open, Socket.IO CONNECT, `join_room`, `initial_state`, `leave_room`, disconnect, close.
Every visitor is new, to one of many small rooms where two others hear of it. In Tutti each visit is durable twice.
"""

from __future__ import annotations

from functools import partial

from bench import options, process, programs, wire
from bench.client import Client, Crowd, Seat, enter, enter_all
from bench.compare import interleaved
from bench.report import Figure, conclude
from bench.rooms import ADMIN, make_rooms

AT_ONCE = 32


class Visited:
    """A server with many small rooms, two residents in each."""

    def __init__(self, server: process.Server, crowd: Crowd, rooms: int) -> None:
        self.server = server
        self._crowd = crowd
        self._rooms = make_rooms(server.port, rooms)
        enter_all(crowd, server, [Seat(room, user) for room in self._rooms for user in (ADMIN, "resident")])
        self._begun = 0
        self._over = 0

    def cpu_us_per_visit(self, visits: int) -> float:
        before = self.server.cpu_s()
        last = self._begun + visits
        while self._over < last:
            while self._begun < last and self._begun - self._over < AT_ONCE:
                self._visit()
            self._crowd.pump(1.0)
        self._crowd.settle(0.2)
        return (self.server.cpu_s() - before) / visits * 1e6

    def _visit(self) -> None:
        seat = Seat(self._rooms[self._begun % len(self._rooms)], f"visitor{self._begun}")
        self._begun += 1
        enter(self._crowd, self.server, seat, partial(self._depart, seat))

    def _depart(self, seat: Seat, client: Client) -> None:
        client.ended = self._departed
        client.send(seat.leave())
        client.send(wire.DISCONNECT + wire.CLOSE)

    def _departed(self) -> None:
        self._over += 1


def measure(given: options.Options) -> list[Figure]:
    rooms, visits, rounds = given.pick(200, 40), given.pick(2000, 200), given.pick(7, 2)
    subject, peer, other = given.program(), programs.node_socketio(), programs.python_socketio()
    crowd = Crowd()
    with process.running(subject, peer, other) as servers:
        visited = [Visited(server, crowd, rooms) for server in servers]
        for one in visited:
            one.cpu_us_per_visit(visits // 2)
        result = interleaved(
            "µs", rounds, {one.server.name: partial(one.cpu_us_per_visit, visits) for one in visited}
        )
        crowd.close()
    title = f"whole visits, {rooms} rooms, {AT_ONCE} visitors at a time: CPU per visit"
    ratio = conclude(title, result, subject.name, peer.name)
    return [Figure("full Socket.IO joins, against Node socket.io in memory", ratio, "×", must=1.3, aim=0.8)]


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
