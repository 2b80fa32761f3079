"""Fan-out: one seek in a watch room of 1 000 members, in CPU µs of the server per message delivered.

The sender waits until everybody has one action before it sends the next, so that nothing is coalesced by accident.
With `--coalesce` it sends eight actions in one segment instead, so that eight messages wait for every member.
"""

from __future__ import annotations

from functools import partial

from bench import Unmeasured, options, process, programs, wire
from bench.client import Client, Crowd, Seat, enter_all
from bench.compare import interleaved
from bench.report import Figure, conclude
from bench.rooms import ADMIN, make_rooms
from bench.tally import Tally

MARKER = b'42["playback_updated"'
NEAR_S, FAR_S = 120.0, 4800.0
TOGETHER = 8


class FullRoom:
    """A server with everybody in one room, and the frames that make it speak."""

    def __init__(self, server: process.Server, crowd: Crowd, members: int, together: int) -> None:
        self.server = server
        room = make_rooms(server.port, 1)[0]
        users = [ADMIN, *(f"u{number}" for number in range(1, members))]
        self._clients = enter_all(crowd, server, [Seat(room, user) for user in users])
        there, back = (wire.playback(room, ADMIN, "seek", position) for position in (NEAR_S, FAR_S))
        self._bursts = [there, back] if together == 1 else [(there + back) * (together // 2)]
        self._together = together
        self._sent = 0

    def learn(self, members: int) -> None:
        """Everybody is in: see how many hear a burst (servers may or may not tell the sender), and warm up."""
        self._tally = Tally(self.server.name, self._clients, MARKER)
        self._speak()
        self._heard = self._tally.settle()
        if self._heard not in {self._together * members, self._together * (members - 1)}:
            raise Unmeasured(
                f"{self.server.name}: {self._heard} deliveries of {self._together} to {members} members"
            )
        for _ in range(10 if self._together == 1 else 2):
            self._speak_and_wait()

    def cpu_us_per_delivery(self, bursts: int) -> float:
        before = self.server.cpu_s()
        for _ in range(bursts):
            self._speak_and_wait()
        return (self.server.cpu_s() - before) / (bursts * self._heard) * 1e6

    def message_bytes(self) -> float:
        return self._tally.bytes / self._tally.count

    def _speak_and_wait(self) -> None:
        self._speak()
        self._tally.wait_for(self._tally.count + self._heard)

    def _speak(self) -> None:
        sender: Client = self._clients[0]
        sender.send(self._bursts[self._sent % len(self._bursts)])
        self._sent += 1


def measure(given: options.Options) -> list[Figure]:
    rounds = given.pick(7, 2)
    together = TOGETHER if given.coalesce else 1
    bursts = given.pick(96, 16) // (4 if given.coalesce else 1)
    subject, peer = given.program(), programs.node_socketio()
    context = [programs.node_ws(), programs.python_socketio(), programs.uvloop_floor(), programs.send_floor()]
    members = process.sockets(given.pick(1000, 100), servers=2 + len(context))
    crowd = Crowd()
    with process.running(subject, peer, *context) as servers:
        rooms = [FullRoom(server, crowd, members, together) for server in servers]
        crowd.settle()
        for room in rooms:
            room.learn(members)
        rated, others = rooms[:2], rooms[2:]
        probes = {room.server.name: partial(room.cpu_us_per_delivery, bursts) for room in rated}
        probes |= {room.server.name: partial(room.cpu_us_per_delivery, bursts // 4) for room in others}
        result = interleaved("µs", rounds, probes)
        sizes = ", ".join(f"{room.server.name} {room.message_bytes():.0f}" for room in rooms)
        crowd.close()
    print(f"\nbytes of one message on the wire: {sizes}")
    title = f"fan-out to {members} members, {together} at a time: CPU per delivered message"
    return [_figure(conclude(title, result, subject.name, peer.name), members, coalesce=given.coalesce)]


def _figure(ratio: float, members: int, *, coalesce: bool) -> Figure:
    if coalesce:
        return Figure(
            f"fan-out to {members}, 8 waiting per member, against Node socket.io",
            ratio,
            "×",
            must=0.2,
            aim=0.1,
        )
    return Figure(f"fan-out to {members}, against Node socket.io", ratio, "×", must=0.66, aim=0.55)


if __name__ == "__main__":
    options.run(measure, __doc__ or "", coalesce=True)
