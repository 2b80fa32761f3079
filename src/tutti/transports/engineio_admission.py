"""Who may open an Engine.IO session, and what a request that may not is told.

The refusals are the ones Node's engine gives, codes 0 to 5, so that clients recognise them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec


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
    """The most sessions open at once, in all and from one address, and opened in one second. None: no limit."""

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
        self._tokens = float(caps.per_second or 0)
        self._refilled_s = clock()

    def refuse(self, address: str) -> Refusal | None:
        """Why this address may not open one more session now, or None, which spends one of this second's."""
        caps = self._caps
        if caps.total is not None and self._open >= caps.total:
            return FULL
        if caps.per_address is not None and self._by_address.get(address, 0) >= caps.per_address:
            return TOO_MANY_FROM_ADDRESS
        if caps.per_second is not None and not self._spend(caps.per_second):
            return TOO_FAST
        return None

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

    def _spend(self, per_second: int) -> bool:
        now_s = self._clock()
        self._tokens = min(float(per_second), self._tokens + (now_s - self._refilled_s) * per_second)
        self._refilled_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
