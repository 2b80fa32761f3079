"""Rates: token buckets, one per connection, one per person, one per address that guesses room codes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    per_s: float
    burst: float


class Bucket:
    """`take` says how long to wait: 0.0 means go ahead, and one token is gone."""

    __slots__ = ("_at_ms", "_tokens")

    def __init__(self, rate: Rate, now_ms: float) -> None:
        self._tokens = rate.burst
        self._at_ms = now_ms

    def take(self, rate: Rate, now_ms: float) -> float:
        """Seconds until a token is there; 0.0 if one was taken."""
        tokens = min(rate.burst, self._tokens + (now_ms - self._at_ms) * rate.per_s / 1000)
        self._at_ms = now_ms
        if tokens < 1.0:
            self._tokens = tokens
            return (1.0 - tokens) / rate.per_s
        self._tokens = tokens - 1.0
        return 0.0

    def put_back(self) -> None:
        self._tokens += 1.0


class Buckets:
    """Buckets by key. The longest unused is dropped beyond `most`: forgetting forgives, never blocks."""

    __slots__ = ("_buckets", "_most", "rate")

    def __init__(self, rate: Rate, most: int = 50_000) -> None:
        self.rate = rate
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now_ms: float) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self.rate, now_ms)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(self.rate, now_ms)

    def is_dry(self, key: str, now_ms: float) -> float:
        """As `take`, without taking: for things that cost only when they fail."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return 0.0
        wait_s = bucket.take(self.rate, now_ms)
        if not wait_s:
            bucket.put_back()
        return wait_s

    def put_back(self, key: str) -> None:
        """What was taken last, by this key, costs nothing after all."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.put_back()


@dataclass(frozen=True, slots=True)
class Limits:
    """Every rate there is, in one place. A guide's player sends 4 reports a second and a burst when it seeks."""

    per_connection: Rate = Rate(40.0, 120.0)
    per_person: Rate = Rate(80.0, 240.0)
    per_address: Rate = Rate(50.0, 200.0)
    rooms_per_address: Rate = Rate(0.5, 30.0)
    failed_joins: Rate = Rate(1 / 6, 10.0)
    failed_tokens: Rate = Rate(0.5, 30.0)
