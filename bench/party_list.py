"""The list of one's parties: 20 of them over HTTP, with a JWT, from PostgreSQL, against Django REST framework.

Both have the same rows in databases of one PostgreSQL, which is on the generator's core and in nobody's figures.
"""

from __future__ import annotations

import gc
import http.client
import json
from functools import partial
from typing import Any

from bench import Unmeasured, options, postgres, process
from bench import party_servers as servers
from bench.compare import interleaved
from bench.half_load import Subject, print_subjects
from bench.open_loop import Load
from bench.party_rows import Rows, evening, fill_django, fill_tutti
from bench.report import Figure, conclude

SIZE = 20
EACH = 45
"""Parties that somebody takes part in, so that there is a page behind the first."""
OURS, THEIRS, STATELESS = "tutti", "Django REST framework", "the same, stateless"
TIMES = frozenset(("scheduled_for", "started_at", "ended_at", "created_at", "updated_at", "last_sync_at"))


def measure(given: options.Options) -> list[Figure]:
    rows = evening(given.pick(1_000, 100), given.pick(20_000, 1_000), EACH)
    with postgres.running() as database:
        ours_url, theirs_url = database.fresh(servers.TUTTIS), database.fresh(servers.DJANGOS)
        servers.make_tables(database)
        fill_django(theirs_url, rows)
        programs = (
            servers.tutti(database),
            servers.django_rest(database),
            servers.django_rest(database, stateless=True),
        )
        with process.running(*programs) as running:
            fill_tutti(ours_url, rows)
            return _measured(given, database, running, rows)


def _measured(
    given: options.Options, database: postgres.Postgres, running: list[process.Server], rows: Rows
) -> list[Figure]:
    step_s, duration_s, rounds = given.pick(2, 1), given.pick(5, 1), given.pick(5, 1)
    requests = [_request(token) for token in servers.tokens(rows.askers)]
    _same(running, requests[:: max(len(requests) // 20, 1)])
    names = (OURS, THEIRS, STATELESS)
    subjects = [
        Subject(name, [server], Load(server, requests, _checked))
        for name, server in zip(names, running, strict=True)
    ]
    gc.freeze()
    gc.disable()  # a collection in here would look like a slow server
    for one in subjects:
        one.saturate(step_s)
    speeds = interleaved(
        "per s", rounds, {one.name: partial(_speed, one, database, step_s) for one in subjects}
    )
    p99s = interleaved("ms", rounds, {one.name: partial(one.p99_ms, duration_s) for one in subjects[:2]})
    gc.enable()
    print(f"\n{SIZE} of somebody's {EACH} parties, each server at half of its saturation")
    print_subjects(subjects[:2])
    conclude("p99 from when a request is due to the whole answer", p99s, OURS, THEIRS)
    disturbed = not all(stretch.undisturbed for stretch in subjects[0].stretches)
    ratio = conclude("requests per core-second", speeds, OURS, THEIRS)
    against = "list of parties, requests per core-second against Django REST framework"
    return [
        Figure(against, ratio, "×", must=4, aim=8, higher_is_better=True),
        Figure(
            "list of parties, p99 at half load", p99s.median(OURS), "ms", must=25, aim=15, disturbed=disturbed
        ),
    ]


def _speed(one: Subject, database: postgres.Postgres, duration_s: float) -> float:
    before, cpu = database.cpu_s(), one.parts[0].cpu_s()
    speed = one.per_core_s(duration_s)
    share = (database.cpu_s() - before) / (one.parts[0].cpu_s() - cpu)
    print(f"{one.name}: {speed:.0f} a core-second; PostgreSQL used {share:.2f} × its CPU", flush=True)
    return speed


def _request(token: str) -> bytes:
    return f"GET /api/parties/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def _checked(answer: bytes) -> None:
    if not answer.startswith(b"HTTP/1.1 200") or answer.count(b'"room_code"') != SIZE:
        raise Unmeasured(f"an answer that is none: {answer[:400]!r}")


def _same(running: list[process.Server], requests: list[bytes]) -> None:
    """All servers tell the same of the same parties, in the same order."""
    for request in requests:
        header = request.decode().split("Authorization: ")[1].strip()
        told = [_told(server, header) for server in running]
        if any(one != told[0] for one in told):
            raise Unmeasured(f"the servers differ: {[one[0] for one in told]}")
    print(f"all servers tell the same {len(told[0])} parties; the first: {told[0][0]}", flush=True)


def _told(server: process.Server, header: str) -> list[dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/api/parties/", headers={"Authorization": header})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise Unmeasured(f"{server.name} answered {response.status}: {body[:300]!r}")
    page = json.loads(body)
    if page["next"] is None or page["previous"] is not None:
        raise Unmeasured(f"{server.name}: there is a page behind the first, which is not told")
    return [_plain(one) for one in page["results"]]


def _plain(party: dict[str, Any]) -> dict[str, Any]:
    """Without what differs by how a time is written, and where a film that plays has got to meanwhile."""
    plain = {name: value for name, value in party.items() if name not in TIMES | {"current_timestamp"}}
    return plain | {name: party[name] is not None for name in TIMES}


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
