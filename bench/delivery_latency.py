"""Delivery latency: how long a seek takes to reach the ten people of its room, with 5 000 people connected.

First the saturation is found: the highest rate of actions at which deliveries keep up. Then, at half of it, the time
from a member's `send` to each member's `recv` is taken with one clock, in the one process that does both. Actions come
at random moments (Poisson) and never wait for an answer; what the generator itself is late by is printed beside.
"""

from __future__ import annotations

import gc
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench import options, process, programs, wire
from bench.client import Client, Crowd, Seat, enter_all
from bench.compare import interleaved, percentile
from bench.report import Figure, conclude, print_table
from bench.rooms import ADMIN, make_rooms

USERS = (ADMIN, *(f"u{number}" for number in range(1, 10)))
STEP_S = 20
RING = 4000  # positions a room goes through before it starts again: more than can ever be under way
DRAIN_S = 0.25
SEARCH_STEPS = 6
MORE_TRIES = 12
WAITED_AT_MOST = 0.1
LATE_AT_MOST_MS = 5.0

_POSITION = re.compile(rb'"currentTime":([0-9.]+)')


@dataclass(frozen=True)
class Stretch:
    """What a stretch at one offered rate showed. `waited`: the share of time for which others had the server's core."""

    actions_per_s: float
    latencies_ms: list[float]
    late_ms: list[float]
    kept_up: bool
    waited: float
    cpu_s_per_action: float

    @property
    def undisturbed(self) -> bool:
        return self.waited < WAITED_AT_MOST and percentile(self.late_ms, 0.99) < LATE_AT_MOST_MS


class RoomOfTen:
    """A room whose seeks are told apart by their position. Everybody speaks in turn."""

    def __init__(self, room: str, clients: list[Client], delivered: Callable[[float], None]) -> None:
        self._clients = clients
        self._templates = [wire.playback_template(room, user, "seek") for user in USERS]
        self._sent_at = [0.0] * RING
        self._count = 0
        self._delivered = delivered
        for client in clients:
            client.hear = self._hear

    def seek(self) -> None:
        number, speaker = self._count % RING, self._count % len(USERS)
        self._count += 1
        frame = wire.masked(self._templates[speaker] % (b"%d" % ((number + 1) * STEP_S)))
        self._sent_at[number] = time.perf_counter()
        self._clients[speaker].send(frame)

    def _hear(self, text: bytes) -> None:
        if not text.startswith(b'42["playback_updated"'):
            return
        now = time.perf_counter()
        position = _POSITION.search(text)
        assert position is not None
        number = round(float(position[1])) // STEP_S - 1
        self._delivered((now - self._sent_at[number]) * 1e3)


class Talk:
    """A server with everybody in rooms of ten."""

    def __init__(self, server: process.Server, crowd: Crowd, rooms: int) -> None:
        self.server = server
        self._crowd = crowd
        self._chance = random.Random(server.name)
        self._latencies_ms: list[float] = []
        made = make_rooms(server.port, rooms)
        clients = enter_all(crowd, server, [Seat(room, user) for room in made for user in USERS])
        self._rooms = [
            RoomOfTen(room, clients[first : first + len(USERS)], self._latencies_ms.append)
            for room, first in zip(made, range(0, len(clients), len(USERS)), strict=True)
        ]
        self.saturation = 0.0
        self.disturbed = 0

    def stretch(self, actions_per_s: float, duration_s: float) -> Stretch:
        """Try this rate, again if other programs had the machine meanwhile: then it says nothing about the server."""
        tried = self._try(actions_per_s, duration_s)
        while not tried.undisturbed and self.disturbed < MORE_TRIES:
            self.disturbed += 1
            self._crowd.rest(1.0)
            tried = self._try(actions_per_s, duration_s)
        return tried

    def _try(self, actions_per_s: float, duration_s: float) -> Stretch:
        """Offer actions at this rate for so long, then wait for what is still under way."""
        self._latencies_ms.clear()
        cpu, waited = self.server.cpu_s(), self.server.kept_waiting_s()
        late_ms = self._offer(actions_per_s, duration_s)
        expected = len(late_ms) * len(USERS)
        time_left = time.perf_counter() + DRAIN_S
        while len(self._latencies_ms) < expected and time.perf_counter() < time_left:
            self._crowd.pump(0.01)
        kept_up = len(self._latencies_ms) == expected
        self._crowd.pump_until(lambda: len(self._latencies_ms) == expected, f"{self.server.name} delivering")
        cost = (self.server.cpu_s() - cpu) / len(late_ms)
        waited = (self.server.kept_waiting_s() - waited) / duration_s
        return Stretch(actions_per_s, list(self._latencies_ms), late_ms, kept_up, waited, cost)

    def find_saturation(self, step_s: float) -> None:
        """Guess from the cost of an action at a gentle rate, then halve the interval in which the limit must lie."""
        gentle = self.stretch(len(self._rooms), step_s)
        low, high = 0.5 / gentle.cpu_s_per_action, 2.5 / gentle.cpu_s_per_action
        while not self.stretch(low, step_s).kept_up:
            low, high = low / 2, low
        for _ in range(SEARCH_STEPS):
            middle = (low * high) ** 0.5
            if self.stretch(middle, step_s).kept_up:
                low = middle
            else:
                high = middle
        self.saturation = low

    def at_half(self, duration_s: float) -> Stretch:
        return self.stretch(self.saturation / 2, duration_s)

    def _offer(self, actions_per_s: float, duration_s: float) -> list[float]:
        """Send each action when it is due, however late the last deliveries are; by how much each was late."""
        late_ms: list[float] = []
        due = time.perf_counter()
        end = due + duration_s
        while due < end:
            while (now := time.perf_counter()) >= due:
                self._rooms[self._chance.randrange(len(self._rooms))].seek()
                late_ms.append((now - due) * 1e3)
                due += self._chance.expovariate(actions_per_s)
            self._crowd.pump(0.001 if due - now > 0.002 else 0)
        return late_ms


def measure(given: options.Options) -> list[Figure]:
    rooms = process.sockets(given.pick(5000, 200), servers=2) // len(USERS)
    rounds = given.pick(5, 1)
    step_s, duration_s = given.pick(3, 1), given.pick(6, 1)
    subject, peer = given.program(), programs.node_socketio()
    crowd = Crowd()
    with process.running(subject, peer) as servers:
        talks = [Talk(server, crowd, rooms) for server in servers]
        crowd.settle()
        gc.freeze()
        gc.disable()  # a collection in here would look like a slow server
        for talk in talks:
            talk.find_saturation(step_s)
        stretches: dict[str, list[Stretch]] = {talk.server.name: [] for talk in talks}
        probes = {
            talk.server.name: partial(_p99_ms, talk, duration_s, stretches[talk.server.name])
            for talk in talks
        }
        result = interleaved("ms", rounds, probes)
        gc.enable()
        crowd.close()
    print(
        f"\n{rooms * len(USERS)} connections in rooms of {len(USERS)}, each server at half of its own saturation"
    )
    print_table(_COLUMNS, [_row(talk, stretches[talk.server.name]) for talk in talks])
    conclude("p99 from send to receive", result, subject.name, peer.name)
    disturbed = not all(stretch.undisturbed for stretch in stretches[subject.name])
    name = f"p99 delivery at half of saturation, {rooms * len(USERS)} connected"
    return [Figure(name, result.median(subject.name), "ms", must=25, aim=10, disturbed=disturbed)]


_COLUMNS = (
    "server", "saturation", "measured at", "p50", "p99", "p99.9", "sent late by, p99", "CPU per action", "disturbed"
)  # fmt: skip


def _p99_ms(talk: Talk, duration_s: float, kept: list[Stretch]) -> float:
    kept.append(talk.at_half(duration_s))
    return percentile(kept[-1].latencies_ms, 0.99)


def _row(talk: Talk, stretches: list[Stretch]) -> tuple[str, ...]:
    latencies = [value for stretch in stretches for value in stretch.latencies_ms]
    late = [value for stretch in stretches for value in stretch.late_ms]
    shares = [f"{percentile(latencies, share):.2f} ms" for share in (0.5, 0.99, 0.999)]
    rate = len(USERS) * talk.saturation
    cost_us = median(stretch.cpu_s_per_action for stretch in stretches) * 1e6
    return (
        talk.server.name,
        f"{rate:.0f} deliveries/s",
        f"{rate / 2:.0f} deliveries/s",
        *shares,
        f"{percentile(late, 0.99):.2f} ms",
        f"{cost_us:.0f} µs",
        f"{talk.disturbed} times",
    )


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
