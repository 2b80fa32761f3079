"""Nearby over HTTP: `GET /api/v1/location/nearby` with a JWT, by people of the densest city, a million being live.

For each server the saturation is found first: requests per second of the servers' core, with 16 connections that each
ask again at once. Then requests come at half of that rate, at random moments, whatever the server does; latency counts
from the moment a request is due. The peer is Express 5 with Redis GEOSEARCH, the same people at the same places: nearest
first as we answer, and with ANY. Our server is stopped (SIGSTOP) while a peer has the core.
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from bench import Unmeasured, install, options, process
from bench.compare import interleaved
from bench.crowd import Crowd, crowd, names
from bench.half_load import Subject, print_subjects
from bench.nearby_world import display_name
from bench.open_loop import Load
from bench.redis import Redis, redis_server
from bench.report import Figure, conclude
from tutti.core.geo import Cell, centre
from tutti.infra.tokens import JwtIdentity

OURS, SORTED, ANY = "tutti", "Express 5 + Redis, sorted", "Express 5 + Redis, ANY"
RADIUS_KM, LIMIT = 10, 50
ASKERS = 2_000
ARRIVED_WITHIN_S = 180.0
SETTLE_S = 4.0
SECRET = "of the bench, and long enough for it"
_BATCH = 5_000


def measure(given: options.Options) -> list[Figure]:
    people = given.pick(1_000_000, 20_000)
    step_s, duration_s, rounds = given.pick(2, 1), given.pick(5, 1), given.pick(5, 1)
    install.debian("redis-server")
    everybody = crowd(people)
    with process.running(tutti(people), redis_server()) as (ours, kept), peers(kept) as (first, any_):
        fill(kept.port, everybody)
        requests = asking(everybody)
        wait_for(ours, requests)
        check = partial(_checked, min(LIMIT, len(everybody.densest) // 50))
        subjects = [
            Subject(OURS, [ours], Load(ours, requests, check)),
            Subject(SORTED, [first, kept], Load(first, requests, check)),
            Subject(ANY, [any_, kept], Load(any_, requests, check)),
        ]
        gc.freeze()
        gc.disable()  # a collection in here would look like a slow server
        upkeep = _upkeep(ours)
        for one in subjects:
            _turn(ours, one, partial(one.saturate, step_s))
        probes = {one.name: partial(_turn, ours, one, partial(one.p99_ms, duration_s)) for one in subjects}
        result = interleaved("ms", rounds, probes)
        gc.enable()
    print(
        f"\n{people} live people over HTTP, {RADIUS_KM} km, {LIMIT} results, each server at half of its saturation"
    )
    print_subjects(subjects)
    print(f"keeping everybody live takes {upkeep:.0%} of a core, which is in the figures of {OURS}")
    conclude("p99 from when a request is due to the whole answer", result, OURS, SORTED)
    disturbed = not all(stretch.undisturbed for stretch in subjects[0].stretches)
    name = f"nearby over HTTP, p99 at half of saturation, {people} live"
    return [Figure(name, result.median(OURS), "ms", must=10, aim=5, disturbed=disturbed)]


def tutti(people: int) -> process.Program:
    """No limits, which a load test is there to meet, and so open mode: tokens like ours are verified all the same."""
    serve = ("serve", "--host", "127.0.0.1", "--port", "{port}", "--data", "{data}")
    return process.Program(
        "tutti nearby",
        (sys.executable, "-m", "bench.nearby_server", str(people), *serve),
        {"JWT_SECRET": SECRET, "TUTTI_LIMITS": "off", "TUTTI_LOG": "json"},
    )


@contextlib.contextmanager
def peers(kept: process.Server) -> Iterator[list[process.Server]]:
    command = install.node_program("nearby.mjs")
    programs = [
        process.Program(what, (*command, "{port}", str(kept.port), how), {"JWT_SECRET": SECRET})
        for what, how in (("Express nearby sorted", "ASC"), ("Express nearby ANY", "ANY"))
    ]
    with process.running(*programs) as servers:
        yield servers


def fill(port: int, everybody: Crowd) -> None:
    """Redis gets the middles of the cells, which is what Tutti publishes: nobody moves while this lasts."""
    redis = Redis(port)
    batch: list[tuple[str, ...]] = []
    for number, user in enumerate(names(len(everybody.cells))):
        latitude, longitude = centre(Cell(everybody.cells[number]))
        batch.append(("GEOADD", "people", f"{longitude:.7f}", f"{latitude:.7f}", user))
        batch.append(("HSET", "names", user, display_name(number)))
        if len(batch) >= _BATCH:
            redis.pipeline(batch)
            batch.clear()
    redis.pipeline(batch)
    redis.close()


def asking(everybody: Crowd) -> list[bytes]:
    """Requests of people in the densest city, each with a token of their own."""
    chosen = set(Random(5).sample(everybody.densest, min(ASKERS, len(everybody.densest))))
    tokens = JwtIdentity(SECRET.encode(), lambda: time.time() * 1000)
    return [
        _request(tokens.issue(user, display_name(number), 3600.0))
        for number, user in enumerate(names(len(everybody.cells)))
        if number in chosen
    ]


def _request(token: str) -> bytes:
    path = f"/api/v1/location/nearby?radiusKm={RADIUS_KM}&limit={LIMIT}"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def wait_for(server: process.Server, requests: list[bytes]) -> None:
    """Until everybody has arrived: the server says of those who have not that they are not live."""
    header = requests[-1].decode().split("Authorization: ")[1].strip()
    path = requests[-1].decode().split(" ")[1]
    deadline = time.monotonic() + ARRIVED_WITHIN_S
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ARRIVED_WITHIN_S)
        connection.request("GET", path, headers={"Authorization": header})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status == 200:
            print(f"an answer has {len(body)} bytes, {len(json.loads(body)['users'])} people", flush=True)
            return
        time.sleep(0.5)
    raise Unmeasured(f"not everybody was live after {ARRIVED_WITHIN_S:.0f} s: {body[:300]!r}")


def _checked(expected: int, answer: bytes) -> None:
    if not answer.startswith(b"HTTP/1.1 200") or answer.count(b'"userId"') < expected:
        raise Unmeasured(f"an answer that is none: {answer[:400]!r}")


def _upkeep(server: process.Server) -> float:
    time.sleep(SETTLE_S)
    before, began = server.cpu_s(), time.perf_counter()
    time.sleep(SETTLE_S)
    return (server.cpu_s() - before) / (time.perf_counter() - began)


def _turn(ours: process.Server, one: Subject, probe: Callable[[], float]) -> float:
    """A peer has the core for itself."""
    if one.name == OURS:
        return probe()
    os.kill(ours.pid, signal.SIGSTOP)
    try:
        return probe()
    finally:
        os.kill(ours.pid, signal.SIGCONT)
