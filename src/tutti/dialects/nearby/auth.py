"""Guide 002's `/auth/…`: signing in with Spotify, keeping a login and ending it, with the accounts of every dialect.

A browser comes back from Spotify with nothing but a code in its address that works once and briefly; whoever has it
gets the tokens in a body, never in an address.
"""

from __future__ import annotations

from typing import Annotated, Self

import msgspec
from litestar import Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta

from tutti.core.refusals import Reason, Refused
from tutti.dialects.nearby.actions import Actions
from tutti.dialects.nearby.bodies import Done
from tutti.dialects.nearby.caller import address, asking, bearer, known
from tutti.dialects.nearby.problems import Asked, documented
from tutti.platform.accounts.accounts import Accounts
from tutti.platform.accounts.schemas import Problem, Tokens, Wrong
from tutti.service.dialect import Declined
from tutti.service.hall import Hall

NOT_SET_UP = Refused(Reason.UNAVAILABLE, "Signing in with Spotify is not set up on this server")

Opaque = Annotated[str, Meta(min_length=1, max_length=512, pattern=r"\A[\x21-\x7e]+\Z")]


class Refresh(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The refresh token that came with the last answer; it works once. `refresh` is another name of the same."""

    refresh_token: Opaque | None = None
    refresh: Opaque | None = None

    @property
    def token(self) -> str | None:
        return self.refresh_token or self.refresh


class Fresh(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`accessToken` is the JWT that every request and socket carries."""

    access_token: str
    refresh_token: str


class Me(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Who you are; there is no more to tell than this."""

    id: str
    display_name: str
    avatar_url: str | None = None


class AuthRest:
    def __init__(self, hall: Hall, accounts: Accounts, actions: Actions) -> None:
        self._hall = hall
        self._accounts = accounts
        self._actions = actions

    def __deepcopy__(self, memo: object) -> Self:
        """Litestar copies the handlers it is given; all of them serve the same accounts."""
        return self

    async def me(self, request: Asked) -> Me:
        """Who you are."""
        who = await asking(self._hall, request)
        person = await self._accounts.person(who.id)
        if person is not None:
            return Me(person.id, person.display_name or person.username)
        if self._hall.gate.closed:
            raise Declined(Refused(Reason.UNAUTHENTICATED, "This account is not here any more"))
        return Me(who.id, who.name or who.id)  # somebody who is believed, and has no account

    async def refresh(self, request: Asked, data: JSONBody[Refresh]) -> Fresh:
        """Fresh tokens for a refresh token; shown again within 30 seconds, it gets the same ones."""
        slow = self._hall.dry(self._hall.failed_tokens, address(request))
        if slow is not None:
            raise Declined(slow)
        if data.token is None:
            raise Declined(Refused(Reason.OUT_OF_RANGE, "refreshToken: a refresh token is needed"))
        outcome = await self._accounts.refresh(data.token)
        if isinstance(outcome, Problem):
            self._hall.taken(self._hall.failed_tokens, address(request))
            raise Declined(refused(outcome))
        return fresh(outcome)

    async def log_out(self, request: Asked, data: JSONBody[Refresh | None] = None) -> Done:
        """End this login: its sockets are closed, its tokens are worth nothing, and you are live no more."""
        token = bearer(request)
        who = await known(self._hall, token, None, address(request)) if token else None
        refresh = data.token if data is not None else None
        if isinstance(who, Refused) and refresh is None:
            raise Declined(who)
        if who is None and refresh is None:
            raise Declined(Refused(Reason.UNAUTHENTICATED))
        if who is not None and not isinstance(who, Refused):
            self._actions.go_offline(who)
            await self._accounts.log_out(user=who.id, login=who.session, refresh=refresh)
        else:
            await self._accounts.log_out(refresh=refresh)
        return Done()


def router(
    hall: Hall, accounts: Accounts, actions: Actions, spotify: tuple[HTTPRouteHandler, ...] | None = None
) -> Router:
    """`spotify`: the routes of signing in with it; None: it is not set up, and they say so."""
    rest = AuthRest(hall, accounts, actions)
    return Router(
        "/auth",
        route_handlers=[
            get("/me", summary="Who you are", responses=documented(401, 429, 503))(rest.me),
            post(
                "/refresh-token",
                status_code=200,
                summary="Fresh tokens for a refresh token",
                responses=documented(400, 401, 429, 503),
            )(rest.refresh),
            post(
                "/logout",
                status_code=200,
                summary="End this login: its sockets are closed, and you are live no more",
                responses=documented(401, 429, 503),
            )(rest.log_out),
            *(_without_spotify() if spotify is None else spotify),
        ],
    )


def _without_spotify() -> list[HTTPRouteHandler]:
    async def not_set_up() -> None:
        raise Declined(NOT_SET_UP)

    summary = "Sign in with Spotify, which is not set up here"
    paths = ["/spotify", "/spotify/callback"]
    return [
        get(paths, summary=summary, responses=documented(503))(not_set_up),
        post("/token", summary=summary, responses=documented(503))(not_set_up),
    ]


def fresh(tokens: Tokens) -> Fresh:
    return Fresh(tokens.access, tokens.refresh)


def refused(problem: Problem) -> Refused:
    """What the accounts declined, in this dialect."""
    if problem.wrong is Wrong.TOO_OFTEN:
        return Refused(Reason.RATE_LIMITED, problem.sentence, problem.retry_after_s)
    return Refused(Reason.UNAUTHENTICATED, problem.sentence)
