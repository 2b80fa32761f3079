"""Who may open an Engine.IO session, and what a request that may not is told.

The refusals are the ones Node's engine gives, codes 0 to 5, so that clients recognise them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from tutti.service.limits import Bucket, Buckets, Rate


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status and the body `{"code":…,"message":…}`."""

    status: int
    code: int
    message: str

    @property
    def body(self) -> bytes:
        return msgspec.json.encode({"code": self.code, "message": self.message})


UNKNOWN_TRANSPORT: Final = Refusal(400, 0, "Transport unknown")
UNKNOWN_SID: Final = Refusal(400, 1, "Session ID unknown")
BAD_METHOD: Final = Refusal(400, 2, "Bad handshake method")
BAD_REQUEST: Final = Refusal(400, 3, "Bad request")
FORBIDDEN: Final = Refusal(403, 4, "Forbidden")
UNSUPPORTED_VERSION: Final = Refusal(400, 5, "Unsupported protocol version")
FULL: Final = Refusal(503, 4, "Too many connections")
TOO_MANY_FROM_ADDRESS: Final = Refusal(429, 4, "Too many connections from this address")
TOO_FAST: Final = Refusal(429, 4, "Too many new connections")


@dataclass(frozen=True, slots=True)
class Caps:
    """The most sessions open at once, in all and from one address, and opened in one second. None: no limit.

    Of those of one second an address may have half: nobody alone keeps everybody else out.
    """

    total: int | None = None
    per_address: int | None = None
    per_second: int | None = None


class Admission:
    """Counts open sessions against the caps. New ones draw on a bucket that refills at `per_second`."""

    def __init__(self, caps: Caps, clock: Callable[[], float]) -> None:
        self._caps = caps
        self._clock = clock
        self._open = 0
        self._by_address: dict[str, int] = {}
        self._all: Bucket | None = None
        if caps.per_second is not None:
            share = max(caps.per_second / 2, 1.0)
            self._rate = Rate(caps.per_second, caps.per_second)
            self._all = Bucket(self._rate, clock() * 1000)
            self._shares = Buckets(Rate(share, share))

    def refuse(self, address: str) -> Refusal | None:
        """Why this address may not open one more session now, or None, which spends one of this second's."""
        caps = self._caps
        if caps.total is not None and self._open >= caps.total:
            return FULL
        if caps.per_address is not None and self._by_address.get(address, 0) >= caps.per_address:
            return TOO_MANY_FROM_ADDRESS
        return TOO_FAST if self._all is not None and self._too_fast(self._all, address) else None

    def enter(self, address: str) -> None:
        self._open += 1
        self._by_address[address] = self._by_address.get(address, 0) + 1

    def leave(self, address: str) -> None:
        self._open -= 1
        left = self._by_address[address] - 1
        if left:
            self._by_address[address] = left
        else:
            del self._by_address[address]

    def _too_fast(self, everybody: Bucket, address: str) -> bool:
        now_ms = self._clock() * 1000
        if self._shares.take(address, now_ms):
            return True
        return everybody.take(self._rate, now_ms) > 0
