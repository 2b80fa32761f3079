"""Who a Spotify access token belongs to, and what a track is called, asked of Spotify's Web API.

Answers are remembered for at most five minutes, and the same question is never under way twice. A token is remembered
by its SHA-256 only, and is sent nowhere but to the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Annotated, TypeVar

import httpx
import msgspec

from tutti.core.ids import MemberId
from tutti.infra.answers import Answer, Answers
from tutti.infra.spotify_calls import Ask, Calls, Rubbish, decoded
from tutti.infra.tokens import is_of_our_kind
from tutti.service.ports import Principal

S = TypeVar("S", bound=msgspec.Struct)

YES_MS = 300_000.0
NO_MS = 10_000.0
LONGEST_TOKEN = 2048

_TOKEN = re.compile(r"[!-~]+(?: [!-~]+)*")
_TRACK = re.compile(r"(?:spotify:track:|https://open\.spotify\.com/track/)([0-9A-Za-z]{22})(?:\?\S*)?")


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """`artists` as people read them: joined with a comma."""

    name: str
    artists: str
    duration_ms: int


class SpotifyIdentity:
    """`now_ms` is monotonic. `http` is the caller's to close, after `aclose`.

    `calls`: the app's, if others call as well.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        now_ms: Callable[[], float],
        *,
        api_url: str = "https://api.spotify.com",
        timeout_s: float = 3.0,
        remembered: int = 10_000,
        calls: Calls | None = None,
    ) -> None:
        self._calls = calls or Calls(http, now_ms, timeout_s=timeout_s)
        self._api_url = api_url
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
        found = await self._get("/v1/me", token, _Me, missing=(400,))
        if isinstance(found, _No):
            return Answer(None, NO_MS)
        return Answer(Principal(MemberId(found.id), found.display_name or None), YES_MS)

    async def _ask_track(self, track_id: str, token: str) -> Answer[TrackFacts]:
        found = await self._get(f"/v1/tracks/{track_id}", token, _Track, missing=(400, 404))
        match found:
            case _No.REFUSED:  # which says nothing about the track
                self._owners.forget(_hash(token))
                return Answer(None, 0)
            case _No.MISSING:
                return Answer(None, NO_MS)
            case _Track():
                artists = ", ".join(artist.name for artist in found.artists)
                return Answer(TrackFacts(found.name, artists, found.duration_ms), YES_MS)

    async def _get(self, path: str, token: str, shape: type[S], *, missing: tuple[int, ...]) -> S | _No:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

        def understood(status: int, body: bytes) -> S | _No:
            if status == 200:
                return decoded(body, shape)
            if status in missing:
                return _No.MISSING
            if status in (401, 403):
                return _No.REFUSED
            raise Rubbish

        return await self._calls.send(Ask("GET", self._api_url + path, path, headers), understood)


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


def _can_be_theirs(token: str) -> bool:
    return len(token) <= LONGEST_TOKEN and _TOKEN.fullmatch(token) is not None and not is_of_our_kind(token)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
