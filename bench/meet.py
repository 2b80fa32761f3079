"""Meetings: what passing on a signalling message costs, how soon somebody is in, and how many rooms a core carries.

relay: rooms of four, everybody sends to the next, one message a segment; the next wave goes when all have arrived. CPU
µs of the server per message, of 1.8 KB (offers) and 200 B (candidates). join: from `join` to `peers`, on connections
that are open already, four to a room, one a few ms after the other. rooms: everybody sends one candidate a second and a
ping every 25 s, all at moments of their own; the share of the core, and from it how many rooms would take 60 % of one.
"""

from __future__ import annotations

import json
import random
import time
from functools import partial

from bench import Unmeasured, meet_frames, options, process, programs, wire
from bench.client import OPENING_AT_ONCE, Client, Crowd
from bench.compare import interleaved, percentile
from bench.report import Figure, conclude

PEERS = 4
SIZES = {"1.8 KB": 1_800, "200 B": 200}
SHARE = 0.6
PING_EVERY_S = 25.0
JOINS_A_SECOND = 100
MAY_WAIT = 0.01
"""Of the time in which somebody joins; beyond it others' work is what is measured."""
PING = wire.masked(b'{"event":"ping"}')
_CANDIDATE = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0"
_SDP_LINE = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"


class Peer:
    """Somebody in a meeting; `heard` counts what others sent."""

    def __init__(self, crowd: Crowd, server: process.Server, room: str, number: int) -> None:
        self.id = f"peer_{number}"
        self.room = room
        self.heard = 0
        self.peers_at: float | None = None
        self.opened = False
        self.client = Client(crowd, server, self._hear, f"/room/{room}/websocket".encode())

    def join(self) -> None:
        self.client.send(_said("join", peerId=self.id, username=f"Person {self.id}"))

    def signal(self, kind: str, target: str, size: int) -> bytes:
        return wire.masked(signalling_message(kind, self.id, target, size))

    def _hear(self, text: bytes) -> None:
        if text.startswith((b'{"event":"offer"', b'{"event":"candidate"')):
            self.heard += 1
        elif text.startswith(b'{"event":"peers"'):
            self.peers_at = time.perf_counter()
        elif text.startswith(b'{"event":"error"'):
            raise Unmeasured(f"refused: {text[:300]!r}")


def signalling_message(kind: str, sender: str, target: str, size: int) -> bytes:
    """As a browser says it, filled up to `size` bytes."""
    carried = "sdp" if kind == "offer" else "candidate"
    filling = "v=0\r\n" if kind == "offer" else _CANDIDATE
    data = {"peerId": sender, "targetPeerId": target, carried: filling}
    bare = len(_json({"event": kind, "data": data}))
    more = (_SDP_LINE * (size // len(_SDP_LINE) + 1) if kind == "offer" else " " * size)[
        : max(size - bare, 0)
    ]
    data[carried] = filling + more
    message = _json({"event": kind, "data": data})
    while len(message) > size and len(data[carried]) > len(filling):  # a line's end takes more room in JSON
        data[carried] = data[carried][: size - len(message)]
        message = _json({"event": kind, "data": data})
    return message


class Meetings:
    """A server with rooms of four."""

    def __init__(self, server: process.Server, crowd: Crowd, rooms: int) -> None:
        self.server = server
        self._crowd = crowd
        self.rooms = [self._room(number) for number in range(rooms)]
        self._wait_until_in()
        self.peers = [peer for room in self.rooms for peer in room]
        self._first_offers()

    def cpu_us_per_message(self, size: int, waves: int) -> float:
        kind = "offer" if size > 1_000 else "candidate"
        frames = [
            (peer, peer.signal(kind, room[(number + 1) % PEERS].id, size))
            for room in self.rooms
            for number, peer in enumerate(room)
        ]
        before = self.server.cpu_s()
        for _ in range(waves):
            self._wave(frames)
        return (self.server.cpu_s() - before) / (waves * len(frames)) * 1e6

    def share_of_core(self, duration_s: float, seed: int) -> tuple[float, float]:
        """CPU seconds a second; and messages that arrived, of those that were sent."""
        rng = random.Random(seed)
        frames = {
            peer: peer.signal("candidate", room[(number + 1) % PEERS].id, 200)
            for room in self.rooms
            for number, peer in enumerate(room)
        }
        heard = sum(peer.heard for peer in self.peers)
        schedule = [(rng.random(), 1.0, peer, frames[peer]) for peer in self.peers]
        schedule += [(rng.random() * PING_EVERY_S, PING_EVERY_S, peer, PING) for peer in self.peers]
        times = sorted(
            (first + n * every, at)
            for at, (first, every, _, _) in enumerate(schedule)
            for n in range(int((duration_s - first) // every) + 1 if first < duration_s else 0)
        )
        sent = sum(schedule[at][3] is not PING for _, at in times)
        before, started = self.server.cpu_s(), time.monotonic()
        for due_s, at in times:
            while (left := started + due_s - time.monotonic()) > 0:
                self._crowd.pump(left)
            schedule[at][2].client.send(schedule[at][3])
        self._crowd.rest(max(started + duration_s - time.monotonic(), 0.0))
        took = time.monotonic() - started
        share = (self.server.cpu_s() - before) / took
        self._crowd.settle(0.2)
        return share, (sum(peer.heard for peer in self.peers) - heard) / sent

    def _wait_until_in(self) -> None:
        last = [room[-1] for room in self.rooms]
        self._crowd.pump_until(lambda: all(peer.peers_at for peer in last), f"{self.server.name}: joining")
        self._crowd.settle(0.3)

    def _room(self, number: int) -> list[Peer]:
        """Everybody enters, one after the other, so that the first is the host."""
        peers = [Peer(self._crowd, self.server, f"room{number}", n) for n in range(PEERS)]
        for peer in peers:
            peer.join()
        if number % (OPENING_AT_ONCE // PEERS) == 0:
            self._crowd.pump_until(lambda: peers[-1].peers_at is not None, f"{self.server.name}: joining")
        return peers

    def _first_offers(self) -> None:
        """Candidates come after an offer."""
        frames = [
            (peer, peer.signal("offer", room[(number + 1) % PEERS].id, 300))
            for room in self.rooms
            for number, peer in enumerate(room)
        ]
        for at in range(0, len(frames), 500):
            self._wave(frames[at : at + 500])

    def _wave(self, frames: list[tuple[Peer, bytes]]) -> None:
        wanted = sum(peer.heard for peer in self.peers) + len(frames)
        for peer, frame in frames:
            peer.client.send(frame)
        while sum(peer.heard for peer in self.peers) < wanted:
            if not self._crowd.pump(10.0):
                raise Unmeasured(f"{self.server.name} lost a message")


def measure_relay(given: options.Options) -> list[Figure]:
    rooms, waves, rounds = given.pick(25, 5), given.pick(60, 10), given.pick(9, 2)
    subject, peer = given.program(), programs.node_meeting()
    figures = []
    with process.running(subject, peer) as servers:
        crowd = Crowd()
        meetings = [Meetings(server, crowd, rooms) for server in servers]
        for one in meetings:
            for size in SIZES.values():
                one.cpu_us_per_message(size, waves * 2)
        for name, size in SIZES.items():
            probes = {one.server.name: partial(one.cpu_us_per_message, size, waves) for one in meetings}
            result = interleaved("µs", rounds, probes)
            title = f"relay of one signalling message of {name}, {rooms} rooms of {PEERS}: CPU per message"
            ratio = conclude(title, result, subject.name, peer.name)
            must, aim = (0.9, 0.6) if size > 1_000 else (1.0, 0.7)
            figures.append(Figure(f"relay of {name}, against Node ws", ratio, "×", must=must, aim=aim))
        crowd.close()
    return figures


def measure_join(given: options.Options) -> list[Figure]:
    subject = given.program()
    rooms = process.sockets(given.pick(1_000, 50) * PEERS, servers=1) // PEERS
    with process.running(subject) as (server,):
        crowd = Crowd()
        peers = [_opened(crowd, server, f"room{room}", n) for n in range(PEERS) for room in range(rooms)]
        crowd.settle(0.3)
        waited_s, began = server.kept_waiting_s(), time.monotonic()
        took_ms = _joins_ms(crowd, peers)
        waited = (server.kept_waiting_s() - waited_s) / (time.monotonic() - began)
        crowd.close()
    newcomers, founders = took_ms[rooms:], took_ms[:rooms]
    for name, values in (("who opens the room", founders), ("who enters one", newcomers)):
        print(f"{name}: p50 {percentile(values, 0.5):.2f}, p99 {percentile(values, 0.99):.2f} ms")
    p99 = percentile(took_ms, 0.99)
    print(
        f"join → peers, {rooms} rooms of {PEERS}: p99 {p99:.2f} ms;"
        f" others kept the server waiting {waited:.1%} of the time",
        flush=True,
    )
    name = f"join → peers, p99, {rooms} rooms"
    return [Figure(name, p99, "ms", must=10, aim=5, disturbed=waited > MAY_WAIT)]


def _opened(crowd: Crowd, server: process.Server, room: str, number: int) -> Peer:
    crowd.pump(0)
    return Peer(crowd, server, room, number)


def _joins_ms(crowd: Crowd, peers: list[Peer]) -> list[float]:
    """All of them, at moments of their own."""
    rng = random.Random(4)
    due = time.perf_counter()
    joined_at: list[float] = []
    for peer in peers:
        due += rng.expovariate(JOINS_A_SECOND)
        while (left := due - time.perf_counter()) > 0:
            crowd.pump(left)
        joined_at.append(time.perf_counter())
        peer.join()
    crowd.pump_until(lambda: all(peer.peers_at for peer in peers), "the last ones' peers")
    return [((peer.peers_at or 0.0) - at) * 1000 for peer, at in zip(peers, joined_at, strict=True)]


def measure_rooms(given: options.Options) -> list[Figure]:
    subject = given.program()
    rooms = process.sockets(given.pick(2_000, 50) * PEERS, servers=1) // PEERS
    duration_s = given.pick(25, 5)
    with process.running(subject) as (server,):
        crowd = Crowd()
        meetings = Meetings(server, crowd, rooms)
        share, arrived = meetings.share_of_core(duration_s, 4)
        crowd.close()
    possible = rooms * SHARE / share
    print(
        f"{rooms} rooms of {PEERS}, one signalling message a second each, pings: {share:.1%} of the core,"
        f" {arrived:.2%} arrived; {SHARE:.0%} would be {possible:.0f} rooms",
        flush=True,
    )
    if arrived < 1:
        raise Unmeasured("messages were lost")
    return [
        Figure(
            f"rooms of {PEERS} in {SHARE:.0%} of a core ({rooms} measured)", possible, "rooms",
            must=1_000, aim=2_000, higher_is_better=True,
        )
    ]  # fmt: skip


PARTS: dict[str, options.Measure] = {
    "relay": measure_relay,
    "join": measure_join,
    "rooms": measure_rooms,
    "frames": meet_frames.measure,
}


def measure(given: options.Options) -> list[Figure]:
    """The ratio comes last."""
    return [
        *measure_join(given), *measure_rooms(given), *meet_frames.measure(given), *measure_relay(given)
    ]  # fmt: skip


def _said(event: str, **data: str) -> bytes:
    return wire.masked(_json({"event": event, "data": data}))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


if __name__ == "__main__":
    options.run(measure, __doc__ or "", parts=PARTS)
