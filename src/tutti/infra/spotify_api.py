"""The `Provider` port over Spotify's documented HTTP: the accounts service's token endpoint, and two of the Web API's.

What an answer must have is checked here, so that nothing of Spotify's surprises anybody further in: a token is one that
a header can carry, a number is finite, a text is short.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Annotated, Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta

from tutti.infra.spotify_calls import Ask, Calls, Rubbish, decoded
from tutti.platform.spotify.provider import ConsentGone, Grant, Identity, NotAllowed, TokenExpired
from tutti.service.nearby.players import Playing
from tutti.service.nearby.values import Track

T = TypeVar("T")

API_URL: Final = "https://api.spotify.com"
ACCOUNTS_URL: Final = "https://accounts.spotify.com"
MOST_ARTISTS: Final = 10
LONGEST_TEXT: Final = 300
LONGEST_LIFE_S: Final = 86_400.0

_CARRIED = re.compile(r"[!-~]{1,2048}")

Milliseconds = Annotated[float, Meta(ge=0, le=1e15)]


def accounts_url(api_url: str) -> str:
    """Where people consent. Whoever stands in for the API stands in for that as well."""
    return ACCOUNTS_URL if urlsplit(api_url).hostname == urlsplit(API_URL).hostname else api_url


class SpotifyApi:
    """`calls` is the app's, shared by everything that asks Spotify."""

    def __init__(self, calls: Calls, *, client_id: str, client_secret: str, api_url: str = API_URL) -> None:
        self._calls = calls
        self._api_url = api_url
        self._token_url = f"{accounts_url(api_url)}/api/token"
        app = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"  # RFC 6749 section 2.3.1
        self._app = {
            "Authorization": f"Basic {b64encode(app.encode()).decode()}",
            "Accept": "application/json",
        }

    async def redeem(self, code: str, verifier: str, callback_url: str) -> Grant:
        return await self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": callback_url,
                "code_verifier": verifier,
            }
        )

    async def refresh(self, refresh_token: str) -> Grant:
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def me(self, access: str) -> Identity:
        def understood(status: int, body: bytes) -> Identity:
            found = decoded(_allowed(status, body), _Me)
            return Identity(found.id, found.display_name or None)

        return await self._calls.send(self._get("/v1/me", access), understood)

    async def playing(self, access: str) -> Playing | None:
        ask = self._get("/v1/me/player/currently-playing", access)
        return await self._calls.send(ask._replace(poll=True), _what_plays)

    async def _token(self, form: dict[str, str]) -> Grant:
        ask = Ask("POST", self._token_url, "/api/token", self._app, form)
        return await self._calls.send(ask, _granted)

    def _get(self, path: str, access: str) -> Ask:
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        return Ask("GET", self._api_url + path, path, headers)


class _Me(msgspec.Struct):
    id: Annotated[str, Meta(min_length=1, max_length=128)]
    display_name: str | None = None


class _Tokens(msgspec.Struct):
    access_token: str
    expires_in: Annotated[float, Meta(gt=0)]
    refresh_token: str | None = None


class _Failure(msgspec.Struct):
    """RFC 6749 section 5.2."""

    error: str


class _Artist(msgspec.Struct):
    name: str | None = None


class _Item(msgspec.Struct):
    name: str | None = None
    id: str | None = None
    uri: str | None = None
    duration_ms: Milliseconds = 0.0
    artists: list[_Artist] = []


class _CurrentlyPlaying(msgspec.Struct):
    """`item` is null for an advertisement, and in a private session."""

    is_playing: bool
    item: _Item | None = None
    progress_ms: float | None = None
    timestamp: float | None = None


def _granted(status: int, body: bytes) -> Grant:
    if status == 200:
        found = decoded(body, _Tokens)
        refresh = found.refresh_token or None
        if not _carried(found.access_token) or not (refresh is None or _carried(refresh)):
            raise Rubbish
        return Grant(found.access_token, refresh, min(found.expires_in, LONGEST_LIFE_S))
    if status in (400, 401):
        said = decoded(body, _Failure)
        raise ConsentGone if said.error == "invalid_grant" else NotAllowed
    raise Rubbish


def _what_plays(status: int, body: bytes) -> Playing | None:
    if status == 204:
        return None
    found = decoded(_allowed(status, body), _CurrentlyPlaying)
    item = found.item
    if item is None or not (track_id := item.id or item.uri):
        return None
    names = (artist.name for artist in item.artists[:MOST_ARTISTS])
    artists = tuple(name[:LONGEST_TEXT] for name in names if name)
    name = item.name[:LONGEST_TEXT] if item.name else None
    return Playing(
        Track(track_id[:LONGEST_TEXT], name, artists),
        found.is_playing,
        _moment(found.progress_ms),
        item.duration_ms,
        _moment(found.timestamp),
    )


def _allowed(status: int, body: bytes) -> bytes:
    if status == 200:
        return body
    if status == 401:
        raise TokenExpired
    if status == 403:
        raise NotAllowed
    raise Rubbish


def _moment(number: float | None) -> float | None:
    return number if number is not None and 0 <= number < 1e15 else None


def _carried(token: str) -> bool:
    return _CARRIED.fullmatch(token) is not None
