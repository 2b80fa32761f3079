"""What an operator asks of a running server: is it alive, can it serve, what has it counted, what does it speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from litestar import HttpMethod, MediaType, Response, Router, get, route
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tutti.service.metrics import Metrics, Tally
from tutti.transports.outbox import Traffic

PROBED = (HttpMethod.GET, HttpMethod.HEAD)
"""Load balancers ask with either."""


class Alive(msgspec.Struct):
    status: str = "ok"


class Ready(msgspec.Struct):
    """`checks`: what readiness depends on, and how each is."""

    status: str
    checks: dict[str, str]


def router(
    metrics: Metrics,
    traffic: Traffic,
    *,
    checks: Callable[[], Awaitable[Mapping[str, str]]],
    asyncapi: Mapping[str, Any],
) -> Router:
    """`checks`: name and "ok" or a problem, for everything this server needs to serve."""
    registry = CollectorRegistry()
    registry.register(_Ours(metrics, traffic))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    document = msgspec.json.encode(asyncapi)

    @route(
        "/health",
        http_method=PROBED,
        summary="Is the process alive?",
        tags=["operations"],
        sync_to_thread=False,
    )
    def health() -> Alive:
        return Alive()

    @route(
        "/health/ready",
        http_method=PROBED,
        summary="Can it serve? 503 while it cannot",
        tags=["operations"],
    )
    async def ready() -> Response[Ready]:
        found = dict(await checks())
        fine = all(state == "ok" for state in found.values())
        return Response(Ready("ok" if fine else "unavailable", found), status_code=200 if fine else 503)

    @get("/metrics", summary="Prometheus metrics", tags=["operations"], sync_to_thread=False)
    def prometheus() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    @get("/asyncapi.json", summary="The sockets, as AsyncAPI", tags=["operations"], sync_to_thread=False)
    def sockets() -> Response[bytes]:
        return Response(document, media_type=MediaType.JSON)

    return Router("/", route_handlers=[health, ready, prometheus, sockets])


class _Ours(Collector):
    """Reads the plain integers when somebody asks; nothing is paid for on the hot paths."""

    def __init__(self, metrics: Metrics, traffic: Traffic) -> None:
        self._metrics = metrics
        self._traffic = traffic

    def collect(self) -> Iterator[Metric]:
        metrics, traffic = self._metrics, self._traffic
        yield GaugeMetricFamily("tutti_connections", "Sockets connected now", value=metrics.connections)
        yield GaugeMetricFamily("tutti_rooms", "Rooms alive on this node", value=metrics.rooms)
        yield _by(("dialect", "event"), "tutti_events_in", "Events heard", _tallied(metrics.events_in))
        yield _by(("dialect",), "tutti_events_out", "Events told, once each", _single(metrics.events_out))
        yield _by(("dialect",), "tutti_deliveries", "Frames sent to members", _single(metrics.deliveries))
        yield _by(("dialect", "reason"), "tutti_refusals", "Refusals by reason", metrics.refusals.items())
        yield _by(("dialect",), "tutti_malformed", "Sentences that were none", _single(metrics.malformed))
        yield CounterMetricFamily(
            "tutti_frames_written", "WebSocket frames written", value=traffic.frames_out
        )
        yield CounterMetricFamily("tutti_bytes_written", "WebSocket bytes written", value=traffic.bytes_out)
        yield CounterMetricFamily(
            "tutti_slow_consumers_dropped", "Cut at their limit", value=traffic.slow_consumers
        )
        yield self._fanout()

    def _fanout(self) -> Metric:
        histogram = self._metrics.fanout
        buckets, total = list[tuple[str, float]](), 0
        for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
            total += count
            buckets.append((bound, total))
        return HistogramMetricFamily(
            "tutti_fanout_seconds",
            "From hearing a command to having handed its events to every connection",
            buckets=buckets,
            sum_value=histogram.sum_s,
        )


def _by(
    labels: tuple[str, ...], name: str, text: str, counted: Iterable[tuple[tuple[str, ...], int]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in counted:
        family.add_metric(key, value)
    return family


def _tallied(counted: Mapping[tuple[str, str], Tally]) -> list[tuple[tuple[str, ...], int]]:
    return [(key, tally.count) for key, tally in counted.items()]


def _single(counted: Mapping[str, int]) -> list[tuple[tuple[str, ...], int]]:
    return [((key,), value) for key, value in counted.items()]
