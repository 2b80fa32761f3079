"""What an operator sees: health, readiness, metrics, and the documents that a server gives of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

import tutti
from tutti import app, operations
from tutti.asyncapi import document
from tutti.dialects.listen.dialect import Listen
from tutti.dialects.native.dialect import Native
from tutti.dialects.nearby.sockets import Desk
from tutti.dialects.watch.dialect import Watch
from tutti.service.metrics import Metrics, Tally
from tutti.transports.outbox import Traffic


def client(checks: dict[str, str], metrics: Metrics | None = None) -> TestClient[Litestar]:
    async def looked() -> dict[str, str]:
        return checks

    router = operations.router(
        metrics or Metrics(),
        Traffic(),
        checks=looked,
        asyncapi=document(tutti.__version__, app.CHANNELS),
    )
    return TestClient(Litestar([router]))


def test_a_server_that_can_serve_is_ready() -> None:
    with client({"store": "ok"}) as http:
        assert http.get("/health").json() == {"status": "ok"}
        answer = http.get("/health/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {"store": "ok"}})


def test_a_server_that_cannot_keep_anything_is_alive_but_not_ready() -> None:
    with client({"store": "cannot keep anything now", "serving": "ok"}) as http:
        assert http.get("/health").status_code == 200
        answer = http.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["store"] == "cannot keep anything now"


def test_metrics_say_what_was_counted() -> None:
    metrics = Metrics()
    metrics.connections, metrics.rooms = 3, 2
    metrics.events_in["watch", "playback_action"] = tally = Tally()
    tally.count = 7
    metrics.refusals["watch", "room_full"] = 1
    for value_s in (0.0002, 0.0004, 2.0):
        metrics.fanout.observe(value_s)
    with client({}, metrics) as http:
        told = http.get("/metrics").text
    assert "tutti_connections 3.0" in told
    assert 'tutti_events_in_total{dialect="watch",event="playback_action"} 7.0' in told
    assert 'tutti_refusals_total{dialect="watch",reason="room_full"} 1.0' in told
    buckets = dict(re.findall(r'tutti_fanout_seconds_bucket\{le="([^"]+)"\} (\S+)', told))
    assert (buckets["0.00025"], buckets["0.0005"], buckets["1.0"], buckets["+Inf"]) == (
        "1.0",
        "2.0",
        "2.0",
        "3.0",
    )
    assert "tutti_slow_consumers_dropped_total 0.0" in told


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()


def test_asyncapi_names_every_event_of_every_dialect_and_leads_nowhere_else() -> None:
    with client({}) as http:
        found = http.get("/asyncapi.json").json()
    for dialect, events in ((d.name, d.events) for d in (Listen, Watch, Native, Desk)):
        heard = {m.rsplit(".", 1)[1] for m in found["channels"][dialect]["messages"] if ".heard." in m}
        assert heard == events
    for reference in references(found):
        target: Any = found
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


NAMED_WHERE_SAID = [channel for channel in app.CHANNELS if channel.dialect in (Listen.name, Watch.name)]
"""The others' messages carry their names themselves, or are in tables: their own tests hold them to it."""


@pytest.mark.parametrize("channel", NAMED_WHERE_SAID, ids=lambda channel: channel.dialect)
def test_the_documented_server_events_are_those_in_the_dialects_source(channel: Any) -> None:
    package = Path(app.__file__).parent / "dialects" / channel.dialect
    said = re.compile(r'(?:_say|_frame|self\._event_frame)\(\s*"([a-z_]+)"')
    written = {name for path in package.glob("*.py") for name in said.findall(path.read_text("utf-8"))}
    assert written <= set(channel.spoken)
    assert set(channel.spoken) - written <= {"error", "episode_changed", "provider_changed", "media_changed"}


def test_every_payload_has_a_schema() -> None:
    found = json.loads(msgspec.json.encode(document("1", app.CHANNELS)))
    for message in found["components"]["messages"].values():
        assert message["payload"]
        assert message["summary"]
