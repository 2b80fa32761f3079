"""How the stand-in misbehaves: for how many calls, and to which endpoints."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec
from litestar import Response

Kind = Literal["ok", "limited", "failing", "slow", "rubbish"]
Endpoint = Literal["me", "tracks", "playing", "token"]
ENDPOINTS: tuple[Endpoint, ...] = ("me", "tracks", "playing", "token")
LONGEST_HOLD_S = 30.0


class Behaviour(msgspec.Struct, frozen=True):
    """`retry_after` is the header of a 429 as it is sent, in seconds; None leaves it out. `times` None: until changed.

    `only`: to these endpoints; None: to all. `body`: what rubbish is talked.
    """

    kind: Kind = "ok"
    retry_after: int | str | None = 30
    status: int = 503
    times: int | None = None
    only: tuple[Endpoint, ...] | None = None
    body: str = "<html>hello</html>"


class Manners:
    """What it was told to do, and what it was asked."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.calls: dict[str, int] = dict.fromkeys(ENDPOINTS, 0)
        self._left: int | None = None
        self._changed = asyncio.Event()
        self._called = asyncio.Condition()

    def behave(self, behaviour: Behaviour) -> None:
        """From the next call on; calls that are being held are answered."""
        self.behaviour, self._left = behaviour, behaviour.times
        self._changed.set()
        self._changed = asyncio.Event()

    def forget_calls(self) -> None:
        self.calls = dict.fromkeys(self.calls, 0)

    async def was_called(self, times: int) -> None:
        """Return when it has been called so often."""
        async with self._called:
            await self._called.wait_for(lambda: sum(self.calls.values()) >= times)

    async def misbehaviour(self, endpoint: Endpoint) -> Response[Any] | None:
        """Count the call. What to answer instead of the truth, if anything; a slow call returns when it is released."""
        self.calls[endpoint] += 1
        async with self._called:
            self._called.notify_all()
        now = self._take(endpoint)
        match now.kind:
            case "ok":
                return None
            case "limited":
                headers = {} if now.retry_after is None else {"Retry-After": str(now.retry_after)}
                return problem(429, "API rate limit exceeded", headers)
            case "failing":
                return problem(now.status, "Service unavailable")
            case "rubbish":
                return Response(now.body, media_type="text/html")
            case "slow":
                await _until(self._changed)
                return None

    def _take(self, endpoint: Endpoint) -> Behaviour:
        if self.behaviour.only is not None and endpoint not in self.behaviour.only:
            return Behaviour()
        if self._left is None:
            return self.behaviour
        if self._left == 0:
            return Behaviour()
        self._left -= 1
        return self.behaviour


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response[Any]:
    """Spotify's regular error object."""
    return Response(
        {"error": {"status": status, "message": message}}, status_code=status, headers=headers or {}
    )


async def _until(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LONGEST_HOLD_S):
            await event.wait()
    except TimeoutError:
        return
