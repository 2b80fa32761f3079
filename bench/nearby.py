"""Nearby: a million live people in 200 cities, asked for 50 of them around somebody in the densest one, in this process.

The peer is Redis with the same people at the same places, the middles of their cells: GEOSEARCH within 10 km, nearest
first, and with ANY, which takes the first that it comes across. Then what a change of place costs with everybody told
who has to be, and what a live person takes in memory.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from bench import Unmeasured, install, nearby_http, options, process
from bench.compare import Comparison, interleaved, percentile
from bench.crowd import crowd
from bench.nearby_world import HEARTBEAT_S, SOCKETS, World
from bench.redis import Redis, redis_server
from bench.report import Figure, conclude
from tutti.core.geo import Cell, centre, name

OURS, ANY, SORTED = "tutti, in process", "Redis, ANY", "Redis, sorted"
RADIUS_KM, LIMIT = 10, 50
UPDATE_EVERY_S = 15
_BATCH = 5_000


def measure(given: options.Options) -> list[Figure]:
    return [*measure_in_process(given), *nearby_http.measure(given)]


def measure_in_process(given: options.Options) -> list[Figure]:
    people = given.pick(1_000_000, 20_000)
    install.debian("redis-server")
    world = World(crowd(people))
    bytes_each = world.arrive()
    updates = given.pick(1_000_000, 20_000)
    lived, published = updates_per_s(world, updates), publications_per_s(world, given.pick(200_000, 10_000))
    print(f"{people} live people, {bytes_each:.0f} bytes each; {SOCKETS} sockets heard {world.told} events")
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
        Figure("memory per live person", bytes_each, "B", must=1024, aim=400),
    ]


def updates_per_s(world: World, updates: int) -> float:
    """Per second of CPU. Time passes as if everybody sent one every 15 s, and heartbeats are sent as well."""
    count = len(world.users)
    a_second = max(count // UPDATE_EVERY_S, 1)
    chosen = [world.random.randrange(count) for _ in range(updates)]
    places = [name(world.moved(number)) for number in chosen]
    before = time.process_time()
    for sent, (number, place) in enumerate(zip(chosen, places, strict=True)):
        world.nearby.update_location(world.users[number], place)
        if sent % a_second == 0:
            world.beat_next(count // HEARTBEAT_S)
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


PARTS = {"process": measure_in_process, "http": nearby_http.measure}


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False, parts=PARTS)
