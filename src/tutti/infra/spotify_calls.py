"""One app's calls to Spotify: one pace and one breaker for everything that is asked, whoever asks it for whom.

Spotify counts an app's calls over rolling 30 seconds, does not say how many there may be, and answers 429 with
`Retry-After`, which may be an hour. So the pace begins low, grows while it is used up, and is halved by a 429.
Nothing waits here for its turn: whoever comes too early is told when. A redirect is not followed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import httpx
import msgspec
import structlog

from tutti.infra.breaker import Breaker
from tutti.platform.spotify.provider import Refused
from tutti.service.nearby.players import Resting
from tutti.service.ports import Unavailable

T = TypeVar("T")

LIMITED_MS = 30_000.0
"""The rest after a 429 that does not say how long: Spotify's window."""
LONGEST_REST_MS = 24 * 3_600_000.0
LONGEST_ANSWER = 256 * 1024
WINDOW_S = 30.0
SPARED = 0.2
"""The part of the pace that is not for polls: people who are waiting go first."""

log = structlog.get_logger(__name__)


class Rubbish(Exception):
    """Not what the documentation says an answer is."""


class Ask(NamedTuple):
    """`path` is for the log: nothing of a person is in it. `poll`: nobody waits for it."""

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None = None
    poll: bool = False


class Pace:
    """How many calls there may be in a window. Pure: the clock is an argument."""

    def __init__(
        self, now_ms: Callable[[], float], *, calls: float = 300, least: float = 15, most: float = 30_000
    ) -> None:
        self._now_ms = now_ms
        self._least = least
        self._most = most
        self.calls = calls
        self._left = calls
        self._at_ms = now_ms()

    def take(self, *, poll: bool = False) -> float:
        """0: go. Else in how many seconds to come again."""
        now = self._now_ms()
        self._left = min(self.calls, self._left + (now - self._at_ms) / 1000 * self._per_s)
        self._at_ms = now
        needed = 1.0 + (SPARED * self.calls if poll else 0.0)
        if self._left < needed:
            return (needed - self._left) / self._per_s
        self._left -= 1.0
        return 0.0

    def went_well(self) -> None:
        """A window's worth of calls without a refusal makes it a fifth faster."""
        if self._left < self.calls / 2:
            self.calls = min(self.calls + 0.2, self._most)

    def refused(self) -> None:
        self.calls = max(self.calls / 2, self._least)
        self._left = 0.0

    @property
    def _per_s(self) -> float:
        return self.calls / WINDOW_S


class Calls:
    """`now_ms` is monotonic. `http` is the caller's to close."""

    def __init__(
        self, http: httpx.AsyncClient, now_ms: Callable[[], float], *, timeout_s: float = 3.0
    ) -> None:
        self._http = http
        self._timeout_s = timeout_s
        self._breaker = Breaker(now_ms)
        self._pace = Pace(now_ms)

    async def send(self, ask: Ask, understood: Callable[[int, bytes], T]) -> T:
        """What `understood` makes of the status and the body: it raises `Rubbish` for what is no answer, and `Refused`
        for an answer that is a no. Raises `Resting`; `Unavailable`, with which nothing is known."""
        wait_s = self._pace.take(poll=ask.poll) if not self._breaker.is_open else 0.0
        if wait_s:
            raise Resting("Spotify is asked no faster", wait_s)
        ticket = self._breaker.admit()
        if ticket is None:
            raise Resting("Spotify is left alone for now", self._breaker.rest_ms / 1000)
        try:
            status, headers, body = await self._fetch(ask)
            if status == 429:
                rest_ms = rest_ms_of(headers.get("retry-after"))
                self._pace.refused()
                self._breaker.told_to_rest(rest_ms)
                log.warning("spotify.limited", rest_s=rest_ms / 1000, pace=round(self._pace.calls))
                raise Resting("Spotify limits us for now", rest_ms / 1000)
            found = understood(status, body)
        except Unavailable:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, Rubbish) as problem:
            self._breaker.failed(ticket)
            why, resting = type(problem).__name__, self._breaker.is_open
            log.warning("spotify.failed", path=ask.path, why=why, resting=resting)
            raise Unavailable("Spotify gives no answer") from None
        except Refused:  # which is an answer
            self._breaker.succeeded(ticket)
            raise
        except BaseException:  # whoever asked has gone
            self._breaker.abandoned(ticket)
            raise
        self._breaker.succeeded(ticket)
        self._pace.went_well()
        return found

    async def _fetch(self, ask: Ask) -> tuple[int, httpx.Headers, bytes]:
        async with (
            asyncio.timeout(self._timeout_s),
            self._http.stream(
                ask.method, ask.url, headers=ask.headers, data=ask.form, follow_redirects=False
            ) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST_ANSWER:
                    raise Rubbish
            return response.status_code, response.headers, bytes(body)


def decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Rubbish from None


def rest_ms_of(retry_after: str | None) -> float:
    """Spotify documents seconds."""
    if retry_after is None or not re.fullmatch(r"\d{1,9}", retry_after, re.ASCII):
        return LIMITED_MS
    return min(max(int(retry_after), 1) * 1000.0, LONGEST_REST_MS)
