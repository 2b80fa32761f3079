"""REST: guide 000's create session and join, over keep-alive connections; requests per second of the server's CPU.

Half of the requests create a session, the other half join the one just made. Tutti keeps each in SQLite before it
answers; Express has a map in memory.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from bench import Unmeasured, options, process, programs
from bench.compare import interleaved
from bench.http_load import Caller, drive, post
from bench.report import Figure, conclude

CONNECTIONS = 64


class Counter:
    """A server, and the callers who create and join sessions there until enough are made."""

    def __init__(self, server: process.Server) -> None:
        self.server = server
        self.wall_s = 0.0
        self.requests = 0
        self._left = 0
        self._made = 0

    def requests_per_core_s(self, sessions: int) -> float:
        self._left = sessions
        callers = [Caller(self.server, self._hear) for _ in range(CONNECTIONS)]
        cpu, wall = self.server.cpu_s(), time.perf_counter()
        for caller in callers:
            request = self._create()
            if request is not None:
                caller.ask(request)
        drive(callers)
        cpu_s = self.server.cpu_s() - cpu
        self.wall_s += time.perf_counter() - wall
        self.requests += 2 * sessions
        for caller in callers:  # servers close connections that rest while another server has its turn
            caller.sock.close()
        return 2 * sessions / cpu_s

    def _hear(self, status: int, answer: Any) -> bytes | None:
        if status == 201:
            return self._join(answer["sessionId"])
        if status != 200:
            raise Unmeasured(f"{self.server.name} answered {status}: {answer}")
        return self._create()

    def _create(self) -> bytes | None:
        if not self._left:
            return None
        self._left -= 1
        self._made += 1
        host = f"host{self._made}"
        return post("/api/sessions", f"token-{host}", {"userId": host, "userName": "A Host"})

    def _join(self, session: str) -> bytes:
        guest = f"guest-of-{session}"
        path = f"/api/sessions/{session}/join"
        return post(path, f"token-{guest}", {"userId": guest, "userName": "A Guest"})


def measure(given: options.Options) -> list[Figure]:
    sessions, rounds = given.pick(3000, 300), given.pick(7, 2)
    subject, peer = given.program(), programs.express()
    with process.running(subject, peer) as servers:
        counters = [Counter(server) for server in servers]
        for counter in counters:
            counter.requests_per_core_s(sessions)
        result = interleaved(
            "requests",
            rounds,
            {one.server.name: partial(one.requests_per_core_s, sessions) for one in counters},
        )
        speeds = ", ".join(f"{one.server.name} {one.requests / one.wall_s:.0f}" for one in counters)
    print(f"\nrequests per second by the clock, {CONNECTIONS} connections: {speeds}")
    title = "create session + join over REST: requests per core-second"
    ratio = conclude(title, result, subject.name, peer.name)
    name = "REST create + join, against Express 5 in memory"
    return [Figure(name, ratio, "×", must=0.8, aim=1.5, higher_is_better=True)]


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
