"""The stand-in's HTTP: Spotify's documented endpoints, and a few of its own to tell it what to do."""

from __future__ import annotations

import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from litestar import Litestar, MediaType, Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect

from tutti.infra.spotify_standin.behaviour import Behaviour, Manners, problem
from tutti.infra.spotify_standin.consent import (
    Asked,
    Consents,
    InvalidGrant,
    InvalidRequest,
    Lifetime,
    Owner,
)
from tutti.infra.spotify_standin.listeners import Do, Listener, is_track, track_facts
from tutti.infra.spotify_standin.pages import PEOPLE, consent_page, problem_page

Ask = Request[Any, Any, Any]

LISTENING = "user-read-currently-playing"


class StandIn(Manners):
    """All that it knows. `now_ms`: milliseconds since 1970."""

    def __init__(self, now_ms: Callable[[], float] = lambda: time.time() * 1000) -> None:
        super().__init__()
        self.now_ms = now_ms
        self.consents = Consents(now_ms, lambda: secrets.token_urlsafe(32))
        self._listeners: dict[str, Listener] = {}

    def listener(self, user: str) -> Listener:
        """From the first time that anybody looks."""
        if user not in self._listeners:
            self._listeners[user] = Listener(user, self.now_ms())
        return self._listeners[user]


class Tokens(msgspec.Struct, frozen=True):
    """How tokens are from now on. None leaves it as it is."""

    expires_in: int | None = None
    rotate: bool | None = None


def standin_app(standin: StandIn) -> Litestar:
    return Litestar(
        [
            *(authorize, agree, token, me, currently_playing, track),
            *(behaviour, calls, forget, tokens, player, revoke, expire),
        ],
        state=State({"standin": standin}),
        openapi_config=None,
        logging_config=None,
    )


# -- the accounts service


@get("/authorize", media_type=MediaType.HTML)
async def authorize(request: Ask) -> Response[str]:
    asked = Asked.of(request.query_params)
    if isinstance(asked, str):
        return Response(problem_page(asked), status_code=400, media_type=MediaType.HTML)
    return Response(consent_page(asked), media_type=MediaType.HTML)


@post("/authorize")
async def agree(request: Ask, state: State) -> Response[Any]:
    standin: StandIn = state["standin"]
    asked = Asked.of(request.query_params)
    if isinstance(asked, str):
        return Response(problem_page(asked), status_code=400, media_type=MediaType.HTML)
    form = await request.form()
    user = str(form.get("user") or "")
    if not user or form.get("cancel"):
        return Redirect(asked.back(error="access_denied"), status_code=303)
    name = next((one.name for one in PEOPLE if one.user == user), None)
    return Redirect(standin.consents.agree(asked, Owner(user, name)), status_code=303)


@post("/api/token", status_code=200)
async def token(request: Ask, state: State) -> Response[Any]:
    standin: StandIn = state["standin"]
    if instead := await standin.misbehaviour("token"):
        return instead
    client_id = _client(request.headers)
    if client_id is None:
        return _declined("invalid_client", "Invalid client")
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        return Response(standin.consents.redeem(client_id, form))
    except InvalidGrant as problem:
        return _declined("invalid_grant", str(problem))
    except InvalidRequest as problem:
        return _declined(problem.error, str(problem))


# -- the Web API


@get("/v1/me")
async def me(request: Ask, state: State) -> Response[Any]:
    standin: StandIn = state["standin"]
    if instead := await standin.misbehaviour("me"):
        return instead
    owner = _owner(request, standin)
    if not isinstance(owner, Owner):
        return _refused(owner)
    return Response(
        {
            "id": owner.user,
            "display_name": owner.name,
            "type": "user",
            "uri": f"spotify:user:{owner.user}",
            "product": "premium",
        }
    )


@get("/v1/me/player/currently-playing")
async def currently_playing(request: Ask, state: State) -> Response[Any]:
    standin: StandIn = state["standin"]
    if instead := await standin.misbehaviour("playing"):
        return instead
    owner = _owner(request, standin, LISTENING)
    if not isinstance(owner, Owner):
        return _refused(owner)
    playing = standin.listener(owner.user).now_playing(standin.now_ms())
    return Response(b"", status_code=204) if playing is None else Response(playing)


@get("/v1/tracks/{track_id:str}")
async def track(request: Ask, state: State, track_id: FromPath[str]) -> Response[Any]:
    """An id that ends in 404 does not exist."""
    standin: StandIn = state["standin"]
    if instead := await standin.misbehaviour("tracks"):
        return instead
    owner = _owner(request, standin)
    if not isinstance(owner, Owner):
        return _refused(owner)
    if not is_track(track_id):
        return problem(400, "Invalid base62 id")
    if track_id.endswith("404"):
        return problem(404, "Resource not found")
    return Response(track_facts(track_id))


# -- what to do


@put("/standin/behaviour", status_code=204)
async def behaviour(data: JSONBody[Behaviour], state: State) -> None:
    state["standin"].behave(data)


@get("/standin/calls")
async def calls(state: State) -> dict[str, int]:
    found: dict[str, int] = state["standin"].calls
    return found


@delete("/standin/calls")
async def forget(state: State) -> None:
    state["standin"].forget_calls()


@put("/standin/tokens", status_code=204)
async def tokens(data: JSONBody[Tokens], state: State) -> None:
    consents: Consents = state["standin"].consents
    if data.expires_in is not None:
        consents.expires_in = data.expires_in
    if data.rotate is not None:
        consents.rotates = data.rotate


@put("/standin/users/{user:str}/player")
async def player(data: JSONBody[Do], state: State, user: FromPath[str]) -> Response[Any]:
    standin: StandIn = state["standin"]
    if data.track is not None and not is_track(data.track):
        return problem(400, "A track is 22 letters and digits")
    standin.listener(user).do(data, standin.now_ms())
    return Response(b"", status_code=204)


@delete("/standin/users/{user:str}/consent")
async def revoke(state: State, user: FromPath[str]) -> None:
    state["standin"].consents.revoke(user)


@delete("/standin/users/{user:str}/access")
async def expire(state: State, user: FromPath[str]) -> None:
    state["standin"].consents.expire(user)


def _owner(request: Ask, standin: StandIn, scope: str = "") -> Owner | Lifetime:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return standin.consents.owner(token, scope) if scheme.lower() == "bearer" else Lifetime.EXPIRED


def _refused(why: Lifetime) -> Response[Any]:
    if why is Lifetime.SCOPELESS:
        return problem(403, "Insufficient client scope")
    return problem(401, "The access token expired")


def _client(headers: Mapping[str, str]) -> str | None:
    """Any app with any secret; but the token endpoint knows no app without one (RFC 6749 section 2.3.1)."""
    scheme, _, said = headers.get("authorization", "").partition(" ")
    try:
        client_id, _, secret = b64decode(said, validate=True).decode().partition(":")
    except ValueError:
        return None
    return unquote(client_id) if scheme.lower() == "basic" and client_id and secret else None


def _declined(error: str, description: str) -> Response[Any]:
    return Response({"error": error, "error_description": description}, status_code=400)
