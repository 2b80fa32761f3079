"""Kill switch: how long after somebody goes offline the last of 2 000 live sockets around them has heard it.

Everybody is live in one cell, each with a socket of their own. One after the other goes offline, over HTTP or over the
socket in turn; the time runs from the request to the arrival at each of the others, with one clock, in the one process
that does both. Afterwards everybody left asks who is near: nobody who went offline may be among them.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench import Unmeasured, options, process, wire
from bench.client import OPENING_AT_ONCE, Client, Crowd
from bench.compare import percentile
from bench.report import Figure, print_table

CELL = "u09tvw"
ASKED = 50
_LEFT = b'42/realtime,["live:user_left"'


@dataclass
class Witness:
    """One person's socket: `live` once it is in its cell."""

    user: str
    client: Client
    live: bool = False


def measure(given: options.Options) -> list[Figure]:
    people = process.sockets(given.pick(2000, 60), servers=1)
    leaving = given.pick(40, 6)
    crowd = Crowd()
    with process.running(given.program()) as [server]:
        heard_at: list[float] = []
        witnesses = _all_live(crowd, server, people, lambda: heard_at.append(time.perf_counter()))
        crowd.settle()
        first_ms: list[float] = []
        last_ms: list[float] = []
        each_ms: list[float] = []
        for number in range(leaving):
            heard_at.clear()
            gone = witnesses.pop()
            began = _leave(gone, server.port, over_http=number % 2 == 0)
            crowd.pump_until(lambda: len(heard_at) >= len(witnesses), "telling everybody that one has left")
            times = [(at - began) * 1e3 for at in heard_at]
            first_ms.append(min(times))
            last_ms.append(max(times))
            each_ms += times
        _nobody_left_behind(server.port, witnesses, people - leaving)
        crowd.close()
    print(f"\n{people} people live in one cell, {leaving} of them go offline one by one")
    print_table(
        ("", "p50", "p99", "slowest"),
        [
            _row("first socket to hear", first_ms),
            _row("every socket", each_ms),
            _row("last socket to hear", last_ms),
        ],
    )
    name = f"kill switch: p99 until a socket has heard, {people} live"
    return [Figure(name, percentile(each_ms, 0.99), "ms", must=250, aim=50)]


def _row(what: str, times_ms: list[float]) -> tuple[str, ...]:
    return (
        what,
        *(f"{percentile(times_ms, share):.1f} ms" for share in (0.5, 0.99)),
        f"{max(times_ms):.1f} ms",
    )


def _all_live(crowd: Crowd, server: process.Server, people: int, left: Callable[[], None]) -> list[Witness]:
    witnesses: list[Witness] = []
    for number in range(people):
        witnesses.append(_enter(crowd, server, f"p{number}", left))
        crowd.pump_until(
            lambda: sum(not one.live for one in witnesses[-OPENING_AT_ONCE:]) < OPENING_AT_ONCE // 4,
            "letting people in",
        )
    crowd.pump_until(lambda: all(one.live for one in witnesses), "letting the last people in")
    return witnesses


def _enter(crowd: Crowd, server: process.Server, user: str, left: Callable[[], None]) -> Witness:
    def hear(text: bytes) -> None:
        if text.startswith(_LEFT):
            left()
        elif text.startswith(b"0{"):
            client.send(wire.masked(b"40/realtime," + json.dumps({"userId": user}).encode()))
        elif text.startswith(b'42/realtime,["connected"'):
            client.send(_event("user:go_live") + _event("user:update_location", {"geohash": CELL}))
        elif text.startswith(b'42/realtime,["error"'):
            raise Unmeasured(f"the server refused somebody: {text[:300]!r}")
        elif not witness.live and text.startswith(b'42/realtime,["live:nearby_users"'):
            witness.live = True

    client = Client(crowd, server, hear)
    witness = Witness(user, client)
    return witness


def _leave(one: Witness, port: int, *, over_http: bool) -> float:
    """When it was asked for. Over HTTP, the answer is waited for: by then the server has forgotten."""
    one.client.ended = lambda: None
    if not over_http:
        began = time.perf_counter()
        one.client.send(_event("user:go_offline"))
        return began
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.connect()
    began = time.perf_counter()
    connection.request("POST", "/api/v1/presence/offline", headers={"X-User-Id": one.user})
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise Unmeasured(f"going offline was answered with {status}")
    return began


def _nobody_left_behind(port: int, witnesses: list[Witness], expected: int) -> None:
    here = {one.user for one in witnesses}
    assert len(here) == expected
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for one in witnesses[:ASKED]:
        connection.request("GET", "/api/v1/location/nearby?limit=100", headers={"X-User-Id": one.user})
        seen = {user["userId"] for user in json.loads(connection.getresponse().read())["users"]}
        if not seen <= here:
            raise Unmeasured(f"somebody who is offline was still shown: {sorted(seen - here)}")
    connection.close()


def _event(name: str, said: object | None = None) -> bytes:
    arguments = [name] if said is None else [name, said]
    return wire.masked(b"42/realtime," + json.dumps(arguments, separators=(",", ":")).encode())


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
