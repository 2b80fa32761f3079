"""Nearby: a million live people in 200 cities, asked for 50 of them around somebody in the densest one, in this process.

The peer is Redis with the same people at the same places, the middles of their cells: GEOSEARCH within 10 km, nearest
first, and with ANY, which takes the first that it comes across. Then what a change of place costs with everybody told
who has to be, and what a live person takes in memory.
"""

from __future__ import annotations

import gc
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from random import Random

from bench import Unmeasured, install, options, process
from bench.compare import Comparison, interleaved, percentile
from bench.crowd import Crowd, crowd, names
from bench.redis import Redis
from bench.report import Figure, conclude
from tutti.core.geo import Cell, centre, name
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.values import NearbyEvent
from tutti.service.timers import TimerWheel

OURS, ANY, SORTED = "tutti, in process", "Redis, ANY", "Redis, sorted"
RADIUS_KM, LIMIT = 10, 50
SOCKETS = 2_000
SET_UP_S = 320
"""Simulated: long enough for the first to be looked at again by the shield while we measure."""
HEARTBEAT_S = 18
UPDATE_EVERY_S = 15
_BATCH = 5_000


class Hands:
    """A clock that the bench turns."""

    def __init__(self) -> None:
        self._now_ms = 1.7e12

    def now_ms(self) -> float:
        return self._now_ms

    def wall_ms(self, room_ms: float) -> float:
        return room_ms

    def turn(self, by_s: float) -> float:
        self._now_ms += by_s * 1000
        return self._now_ms / 1000


class NoRooms:
    async def open_listen(self, host: MemberId, guest: MemberId) -> RoomId | Refused:
        raise Unmeasured(f"nobody asked for a room, but {host} and {guest} get one")


class World:
    """Everybody live, each on one device, with a name and a place; the memory that it took."""

    def __init__(self, people: Crowd) -> None:
        count = len(people.cells)
        self.crowd = people
        self.cells = array("q", people.cells)
        self.users: list[MemberId] = [MemberId("")] * count
        self.clock = Hands()
        self.wheel = TimerWheel(self.clock.now_ms() / 1000)
        self.random = Random(3)
        self.told = 0
        self.nearby = Nearby(
            self.clock, self.wheel, draw=Random(4).random, new_id=lambda: "", companions=NoRooms()
        )
        before = _pss_bytes()
        self._all_go_live()
        self.bytes_each = (_pss_bytes() - before) / count
        self._listen()

    def _all_go_live(self) -> None:
        count = len(self.users)
        every = max(count // SET_UP_S, 1)
        for number, user in enumerate(names(count)):
            who = self.users[number] = MemberId(user)
            self.nearby.go_live(who, f"device of {user}", name=f"Somebody {number % 1000:03}")
            self.nearby.update_location(who, name(Cell(self.cells[number])))
            if number % every == 0:
                self.pass_time(1)
            if number % (every * 40) == 0:
                self.beat(number)

    def _listen(self) -> None:
        def hear(_: NearbyEvent) -> None:
            self.told += 1

        for user in self.random.sample(self.users, min(SOCKETS, len(self.users))):
            self.nearby.subscribe(user, hear)

    def beat(self, count: int) -> None:
        for number in range(count):
            user = self.users[number]
            self.nearby.heartbeat(user, f"device of {user}")

    def pass_time(self, seconds: float) -> None:
        self.wheel.turn(self.clock.turn(seconds))

    def moved(self, number: int) -> Cell:
        """A place some cells on."""
        step = self.random.randint(-3, 3) * 32_768 + self.random.randint(-3, 3)
        return Cell(self.cells[number] + step)


def measure(given: options.Options) -> list[Figure]:
    people = given.pick(1_000_000, 20_000)
    install.debian("redis-server")
    world = World(crowd(people))
    updates = given.pick(1_000_000, 20_000)
    lived, published = updates_per_s(world, updates), publications_per_s(world, given.pick(200_000, 10_000))
    print(
        f"{people} live people, {world.bytes_each:.0f} bytes each; {SOCKETS} sockets heard {world.told} events"
    )
    gc.collect()
    comparison, redis_bytes = against_redis(world, given)
    conclude(f"nearby, p99: {people} live, {RADIUS_KM} km, {LIMIT} results", comparison, OURS, ANY)
    print(f"Redis keeps id and place only, in {redis_bytes:.0f} bytes each")
    return [
        Figure("nearby query, p99, densest city", comparison.median(OURS), "ms", must=1, aim=0.2),
        _times("nearby query against Redis ANY, p99", comparison.ratio(ANY, OURS), 5, 25),
        _times("nearby query against Redis sorted, p99", comparison.ratio(SORTED, OURS), 50, 500),
        _rate("location updates, each published and told", published, 50_000, 100_000),
        _rate("location updates as they come, heartbeats and shield included", lived, 50_000, 100_000),
        Figure("memory per live person", world.bytes_each, "B", must=1024, aim=400),
    ]


def updates_per_s(world: World, updates: int) -> float:
    """Per second of CPU. Time passes as if everybody sent one every 15 s, and heartbeats are sent as well."""
    count = len(world.users)
    a_second = max(count // UPDATE_EVERY_S, 1)
    chosen = [world.random.randrange(count) for _ in range(updates)]
    places = [name(world.moved(number)) for number in chosen]
    beating = iter(range(10**12))
    before = time.process_time()
    for sent, (number, place) in enumerate(zip(chosen, places, strict=True)):
        world.nearby.update_location(world.users[number], place)
        if sent % a_second == 0:
            for _ in range(count // HEARTBEAT_S):
                user = world.users[next(beating) % count]
                world.nearby.heartbeat(user, f"device of {user}")
            world.pass_time(1)
    return updates / (time.process_time() - before)


def publications_per_s(world: World, updates: int) -> float:
    """Per second of CPU, if every update were published: the index changes, and all who are around are told."""
    people = [
        world.nearby._people[user]
        for user in world.random.sample(world.users, min(updates, len(world.users)))
    ]
    steps = [world.random.choice((3, -3, 2 * 32_768, -2 * 32_768)) for _ in people]
    moves = [(one, Cell(one.published + by)) for one, by in zip(people, steps, strict=True) if one.published]
    before = time.process_time()
    for person, cell in moves:
        world.nearby._publish(person, cell)  # as the shield does when it is time
    return len(moves) / (time.process_time() - before)


def against_redis(world: World, given: options.Options) -> tuple[Comparison, float]:
    with process.running(redis_server()) as (server,):
        redis = Redis(server.port)
        empty = server.pss_kb()
        for start in range(0, len(world.users), _BATCH):
            redis.pipeline(
                _added(world, number) for number in range(start, min(start + _BATCH, len(world.users)))
            )
        each = (server.pss_kb() - empty) * 1024 / len(world.users)
        asked = {OURS: given.pick(2000, 200), ANY: given.pick(500, 100), SORTED: given.pick(100, 50)}
        ask: dict[str, Callable[[int], object]] = {
            OURS: lambda person: world.nearby.nearby(world.users[person], RADIUS_KM, LIMIT),
            ANY: lambda person: redis.ask(*_search(world, person, "ANY")),
            SORTED: lambda person: redis.ask(*_search(world, person, "ASC")),
        }
        probes = {what: _p99_ms(world, ask[what], times) for what, times in asked.items()}
        compared = interleaved("ms", given.pick(5, 1), probes)
        redis.close()
    return compared, each


def redis_server() -> process.Program:
    command = ("/usr/bin/redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--dir", "{data}")
    in_memory_only = ("--save", "", "--appendonly", "no")
    return process.Program("redis", (*command, *in_memory_only), speaks_http=False)


def _p99_ms(world: World, ask: Callable[[int], object], times: int) -> Callable[[], float]:
    def once(person: int) -> float:
        before = time.perf_counter()
        answer = ask(person)
        spent_s = time.perf_counter() - before
        if not isinstance(answer, tuple | list) or len(answer) < min(LIMIT, len(world.crowd.densest) // 50):
            raise Unmeasured(f"too few people were found: {answer!r:.200}")
        return spent_s * 1000

    return lambda: percentile(
        [once(person) for person in world.random.choices(world.crowd.densest, k=times)], 0.99
    )


def _added(world: World, number: int) -> tuple[str, ...]:
    latitude, longitude = centre(_published(world, number))
    return ("GEOADD", "people", f"{longitude:.7f}", f"{latitude:.7f}", world.users[number])


def _search(world: World, number: int, how: str) -> tuple[str, ...]:
    latitude, longitude = centre(_published(world, number))
    count = ("ASC", "COUNT", str(LIMIT)) if how == "ASC" else ("COUNT", str(LIMIT), "ANY")
    circle = ("FROMLONLAT", f"{longitude:.7f}", f"{latitude:.7f}", "BYRADIUS", str(RADIUS_KM), "km")
    return ("GEOSEARCH", "people", *circle, *count, "WITHDIST", "WITHCOORD")


def _published(world: World, number: int) -> Cell:
    """Where Tutti has them: the same data on both sides."""
    published = world.nearby._people[world.users[number]].published
    if published is None:
        raise Unmeasured("somebody live has no place")
    return published


def _times(what: str, measured: float, must: float, aim: float) -> Figure:
    return Figure(what, measured, "× better", must=must, aim=aim, higher_is_better=True)


def _rate(what: str, measured: float, must: float, aim: float) -> Figure:
    return Figure(what, measured, "per core-s", must=must, aim=aim, higher_is_better=True)


def _pss_bytes() -> int:
    gc.collect()
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise Unmeasured("this system does not tell a process's memory")


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
