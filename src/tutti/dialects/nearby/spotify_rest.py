"""Signing in with Spotify over HTTP, and what somebody may know of their connection, and do about it.

A browser gets redirects and one cookie; a front end that has the code gets the tokens in a body. Where Spotify is not
set up, these routes are there and say so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Self

import msgspec
from litestar import HttpMethod, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.dialects.nearby.auth import Fresh, fresh, refused
from tutti.dialects.nearby.bodies import Done
from tutti.dialects.nearby.caller import address, asking
from tutti.dialects.nearby.problems import Asked, documented, only
from tutti.platform.accounts.schemas import OnDevice, Problem
from tutti.platform.spotify.connections import Connections
from tutti.platform.spotify.schemas import Begun, State, Wrong
from tutti.platform.spotify.sign_in import SpotifySignIn
from tutti.service.dialect import Declined
from tutti.service.hall import Hall

Changed = Callable[[MemberId], None]
"""This person has connected or disconnected a player. It must neither wait nor raise."""

UNKNOWN_DEVICE = "unknown device"
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""What an address of ours carries is for one browser, once."""

Short = Annotated[str, Meta(min_length=1, max_length=512)]
ShownState = Annotated[str | None, QueryParameter(name="state")]  # the framework keeps that name for itself
Challenge = Annotated[str | None, QueryParameter(name="code_challenge")]


class Exchange(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The code that the browser came back with. `codeVerifier`: what was hashed for `code_challenge`, if it was sent."""

    code: Short
    code_verifier: Short | None = None


class Connected(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`off`: this server has no Spotify. `reauth_required`: sign in with Spotify again, it takes our token no more."""

    state: Literal["off", "none", "connected", "reauth_required"]


class SignInRest:
    def __init__(self, hall: Hall, sign_in: SpotifySignIn, connected: Changed) -> None:
        self._hall = hall
        self._sign_in = sign_in
        self._connected = connected

    def __deepcopy__(self, memo: object) -> Self:
        """Litestar copies the handlers it is given; all of them sign in with the same Spotify."""
        return self

    async def begin(self, request: Asked, code_challenge: Challenge = None) -> Response[None]:
        """Off to Spotify, with a `state` that works once and in this browser only."""
        elsewhere = self._sign_in.elsewhere(request.headers.get("host"))
        if elsewhere is not None:
            query = request.url.query
            return _redirect(f"{elsewhere}?{query}" if query else elsewhere)
        begun = await self._sign_in.begin(request.cookies.get(self._sign_in.cookie_name), code_challenge)
        if isinstance(begun, Wrong):
            raise Declined(Refused(Reason.OUT_OF_RANGE, f"code_challenge: {begun.sentence}"))
        return _redirect(begun.redirect_url, _cookie(begun))

    async def complete(
        self, request: Asked, code: str | None = None, shown: ShownState = None, error: str | None = None
    ) -> Response[None]:
        """Back from Spotify: on to the front end, with a code that works once, within a minute."""
        self._not_too_often(request)
        cookie = request.cookies.get(self._sign_in.cookie_name)
        outcome = await self._sign_in.complete(code, shown, cookie, error)
        if isinstance(outcome, Wrong):
            raise self._declined(request, outcome)
        return _redirect(outcome)

    async def token(self, request: Asked, data: JSONBody[Exchange]) -> Response[Fresh]:
        """Tokens for that code."""
        if not self._sign_in.may_be_code(data.code):  # no guess either, so it is not counted
            raise Declined(Refused(Reason.UNAUTHENTICATED, Wrong.CODE.sentence))
        self._not_too_often(request)
        agent = request.headers.get("user-agent", "") or UNKNOWN_DEVICE
        outcome = await self._sign_in.exchange(data.code, OnDevice(agent, agent), data.code_verifier)
        if isinstance(outcome, Wrong):
            raise self._declined(request, outcome)
        if isinstance(outcome, Problem):
            raise Declined(refused(outcome))
        self._connected(MemberId(outcome.person.id))
        return Response(fresh(outcome.tokens), headers=PRIVATE)

    def _not_too_often(self, request: Asked) -> None:
        slow = self._hall.dry(self._hall.failed_tokens, address(request))
        if slow is not None:
            raise Declined(slow)

    def _declined(self, request: Asked, wrong: Wrong) -> Declined:
        """Counted as a token is that is not valid."""
        self._hall.taken(self._hall.failed_tokens, address(request))
        return Declined(Refused(Reason.UNAUTHENTICATED, wrong.sentence))


class ConnectionRest:
    def __init__(self, hall: Hall, connections: Connections | None, disconnected: Changed) -> None:
        self._hall = hall
        self._connections = connections
        self._disconnected = disconnected

    def __deepcopy__(self, memo: object) -> Self:
        return self

    async def state(self, request: Asked) -> Connected:
        """Whether this server may ask Spotify what you listen to."""
        who = await asking(self._hall, request)
        if self._connections is None:
            return Connected("off")
        found = await self._connections.connection(who.id)
        if found is None:
            return Connected("none")
        return Connected("connected" if found.state is State.CONNECTED else "reauth_required")

    async def disconnect(self, request: Asked) -> Done:
        """Delete what Spotify gave us for you, at once."""
        who = await asking(self._hall, request)
        if self._connections is not None:
            await self._connections.disconnect(who.id)
            self._disconnected(who.id)
        return Done()


def sign_in_routes(hall: Hall, sign_in: SpotifySignIn, connected: Changed) -> tuple[HTTPRouteHandler, ...]:
    """Under `/auth`."""
    rest = SignInRest(hall, sign_in, connected)
    summary = "Back from Spotify: on to the front end, with a code that works once"
    return (
        get(
            "/spotify",
            status_code=302,
            summary="Off to Spotify, to sign in with it",
            responses=documented(400, 429, 503),
        )(rest.begin),
        get("/spotify/callback", status_code=302, summary=summary, responses=documented(401, 429, 503))(
            rest.complete
        ),
        post("/token", status_code=200, summary="Tokens for that code", responses=documented(400, 401, 429))(
            rest.token
        ),
    )


def connection_router(hall: Hall, connections: Connections | None, disconnected: Changed) -> Router:
    """`connections` None: this server has no Spotify."""
    rest = ConnectionRest(hall, connections, disconnected)
    path, failures = "/connection", documented(401, 429, 503)
    return Router(
        "/spotify",
        route_handlers=[
            get(path, summary="Whether Spotify may be asked what you listen to", responses=failures)(
                rest.state
            ),
            delete(
                path,
                status_code=200,
                summary="Delete what Spotify gave us for you",
                responses=failures,
            )(rest.disconnect),
            only(path, HttpMethod.GET, HttpMethod.DELETE),
        ],
    )


def _redirect(to: str, *cookies: Cookie) -> Response[None]:
    return Response(None, status_code=302, headers={**PRIVATE, "Location": to}, cookies=cookies)


def _cookie(begun: Begun) -> Cookie:
    ours = begun.cookie
    return Cookie(
        ours.name,
        value=ours.value,
        path="/",
        max_age=ours.max_age_s,
        secure=ours.secure,
        httponly=True,
        samesite="lax",
    )
