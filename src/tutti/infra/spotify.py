"""Who a Spotify access token belongs to, and what a track is called, asked of Spotify's Web API.

Spotify limits calls per app over 30 seconds and answers 429 with `Retry-After`, so there is one breaker for everything
asked here, answers are remembered for at most five minutes, and the same question is never under way twice. A token is
remembered by its SHA-256 only, is sent nowhere but to the API, and a redirect is not followed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Annotated, TypeVar

import httpx
import msgspec
import structlog

from tutti.core.ids import MemberId
from tutti.infra.answers import Answer, Answers
from tutti.infra.breaker import Breaker, Ticket
from tutti.infra.tokens import is_of_our_kind
from tutti.service.ports import Principal, Unavailable

S = TypeVar("S", bound=msgspec.Struct)

YES_MS = 300_000.0
NO_MS = 10_000.0
LIMITED_MS = 30_000.0
"""The rest after a 429 that does not say how long: Spotify's window."""
LONGEST_REST_MS = 24 * 3_600_000.0
LONGEST_TOKEN = 2048
LONGEST_ANSWER = 256 * 1024

_TOKEN = re.compile(r"[!-~]+(?: [!-~]+)*")
_TRACK = re.compile(r"(?:spotify:track:|https://open\.spotify\.com/track/)([0-9A-Za-z]{22})(?:\?\S*)?")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """`artists` as people read them: joined with a comma."""

    name: str
    artists: str
    duration_ms: int


class SpotifyIdentity:
    """`now_ms` is monotonic. `http` is the caller's to close, after `aclose`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        now_ms: Callable[[], float],
        *,
        api_url: str = "https://api.spotify.com",
        timeout_s: float = 3.0,
        remembered: int = 10_000,
    ) -> None:
        self._api = _Api(http, Breaker(now_ms), api_url, timeout_s)
        self._owners = Answers[Principal](now_ms, remembered)
        self._tracks = Answers[TrackFacts](now_ms, remembered)

    async def verify(self, token: str) -> Principal | None:
        """The token's owner. A token of this server's kind, or one that no header can carry, is not shown to Spotify."""
        if not _can_be_theirs(token):
            return None
        return await self._owners.get(_hash(token), lambda: self._ask_owner(token))

    async def track(self, uri: str, token: str) -> TrackFacts | None:
        """What the catalogue says; None if it is no track of theirs, or the token is not. Raises `Unavailable`."""
        match = _TRACK.fullmatch(uri)
        if match is None or not _can_be_theirs(token):
            return None
        track_id = match[1]
        asking = track_id.encode() + _hash(
            token
        )  # somebody else's expired token must not answer for this one
        return await self._tracks.get(track_id.encode(), lambda: self._ask_track(track_id, token), asking)

    async def aclose(self) -> None:
        """End what is under way; whoever waits for it hears `Unavailable`."""
        await self._owners.aclose()
        await self._tracks.aclose()

    async def _ask_owner(self, token: str) -> Answer[Principal]:
        found = await self._api.get("/v1/me", token, _Me, missing=(400,))
        if isinstance(found, _No):
            return Answer(None, NO_MS)
        return Answer(Principal(MemberId(found.id), found.display_name or None), YES_MS)

    async def _ask_track(self, track_id: str, token: str) -> Answer[TrackFacts]:
        found = await self._api.get(f"/v1/tracks/{track_id}", token, _Track, missing=(400, 404))
        match found:
            case _No.REFUSED:  # which says nothing about the track
                self._owners.forget(_hash(token))
                return Answer(None, 0)
            case _No.MISSING:
                return Answer(None, NO_MS)
            case _Track():
                artists = ", ".join(artist.name for artist in found.artists)
                return Answer(TrackFacts(found.name, artists, found.duration_ms), YES_MS)


class _No(Enum):
    """An answer, and not the one that was hoped for."""

    REFUSED = "refused"
    MISSING = "missing"


class _Me(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    display_name: str | None = None


class _Artist(msgspec.Struct):
    name: str


class _Track(msgspec.Struct):
    name: str
    artists: list[_Artist]
    duration_ms: Annotated[int, msgspec.Meta(ge=0)]


class _Api:
    """One GET: answered, refused, missing, or `Unavailable`. What came of it is told to the breaker here only."""

    def __init__(self, http: httpx.AsyncClient, breaker: Breaker, url: str, timeout_s: float) -> None:
        self._http = http
        self._breaker = breaker
        self._url = url
        self._timeout_s = timeout_s

    async def get(self, path: str, token: str, shape: type[S], *, missing: tuple[int, ...]) -> S | _No:
        ticket = self._breaker.admit()
        if ticket is None:
            raise Unavailable("Spotify is left alone for now")
        try:
            status, headers, body = await self._fetch(path, token)
            return self._understood(ticket, status, headers, body, shape, missing=missing)
        except (httpx.HTTPError, TimeoutError, _Rubbish) as problem:
            self._breaker.failed(ticket)
            log.warning(
                "spotify.failed", path=path, why=type(problem).__name__, resting=self._breaker.is_open
            )
            raise Unavailable("Spotify gives no answer") from None
        except asyncio.CancelledError:
            self._breaker.abandoned(ticket)
            raise

    async def _fetch(self, path: str, token: str) -> tuple[int, httpx.Headers, bytes]:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        async with (
            asyncio.timeout(self._timeout_s),
            self._http.stream("GET", self._url + path, headers=headers, follow_redirects=False) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST_ANSWER:
                    raise _Rubbish
            return response.status_code, response.headers, bytes(body)

    def _understood(
        self,
        ticket: Ticket,
        status: int,
        headers: httpx.Headers,
        body: bytes,
        shape: type[S],
        *,
        missing: tuple[int, ...],
    ) -> S | _No:
        if status == 429:
            rest_ms = _rest_ms(headers.get("retry-after"))
            self._breaker.told_to_rest(rest_ms)
            log.warning("spotify.limited", rest_s=rest_ms / 1000)
            raise Unavailable("Spotify limits us for now")
        found: S | _No
        if status == 200:
            found = _decoded(body, shape)
        elif status in missing:
            found = _No.MISSING
        elif status in (401, 403):
            found = _No.REFUSED
        else:
            raise _Rubbish
        self._breaker.succeeded(ticket)
        return found


class _Rubbish(Exception):
    """Not what the documentation says an answer is."""


def _decoded(body: bytes, shape: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Rubbish from None


def _rest_ms(retry_after: str | None) -> float:
    """Spotify documents seconds."""
    if retry_after is None or not re.fullmatch(r"\d{1,9}", retry_after, re.ASCII):
        return LIMITED_MS
    return min(max(int(retry_after), 1) * 1000.0, LONGEST_REST_MS)


def _can_be_theirs(token: str) -> bool:
    return len(token) <= LONGEST_TOKEN and _TOKEN.fullmatch(token) is not None and not is_of_our_kind(token)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
