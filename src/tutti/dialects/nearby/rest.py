"""Guide 002's REST endpoints, under `/api/v1` and without it: the same actions as over the socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Self

from litestar import HttpMethod, Router, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from tutti.dialects.nearby import bodies, wire
from tutti.dialects.nearby.actions import Actions
from tutti.dialects.nearby.caller import asking
from tutti.dialects.nearby.problems import Asked, documented, handlers, nothing_else, only
from tutti.service.hall import Hall
from tutti.service.nearby.values import MAX_RADIUS_KM

PREFIX = "/api/v1"
MAX_BODY = 16 * 1024
MOST_LISTED = 100
OURS = (
    *(f"/{part}/{{rest:path}}" for part in ("presence", "location", "spotify")),
    "/find/{session_id:str}/{rest:path}",
    "/vibe/{user_id:str}/{rest:path}",
)
"""Without the prefix only this much of the address is this dialect's."""

Radius = Annotated[float | None, QueryParameter(name="radiusKm", gt=0.0, le=MAX_RADIUS_KM)]
RadiusAlias = Annotated[float | None, QueryParameter(name="radius", gt=0.0, le=MAX_RADIUS_KM)]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=MOST_LISTED)]


class Rest:
    """The handlers. Each finds out who asks; what is done, `actions` does."""

    def __init__(self, hall: Hall, actions: Actions) -> None:
        self._hall = hall
        self._actions = actions

    def __deepcopy__(self, memo: object) -> Self:
        """Litestar copies the handlers it is given; all of them serve the same people."""
        return self

    # -- presence

    async def live(self, request: Asked, data: JSONBody[wire.Settings | None] = None) -> bodies.Presence:
        """Go live. Nothing is shared before; what may be shared, the settings say."""
        who = await asking(self._hall, request)
        return await self._actions.go_live(who, data or wire.Settings())

    async def offline(self, request: Asked) -> bodies.Presence:
        """Be gone at once: place, track and find sessions with it."""
        return self._actions.go_offline(await asking(self._hall, request))

    async def heartbeat(self, request: Asked) -> bodies.Presence:
        """Stay live for another lease."""
        return self._actions.heartbeat(await asking(self._hall, request))

    async def settings(self, request: Asked) -> bodies.Presence:
        """What you share."""
        return await self._actions.settings(await asking(self._hall, request))

    async def set_settings(self, request: Asked, data: JSONBody[wire.Settings]) -> bodies.Presence:
        """Share more, or less."""
        return await self._actions.set_settings(await asking(self._hall, request), data)

    async def live_users(self, request: Asked, limit: Limit = 50) -> bodies.Listeners:
        """Who is live around you; without a place of your own, nobody."""
        return self._actions.live_users(await asking(self._hall, request), limit)

    # -- location

    async def update_location(self, request: Asked, data: JSONBody[wire.Location]) -> bodies.Place:
        """Say which cell you are in."""
        return self._actions.update_location(await asking(self._hall, request), data.geohash)

    async def nearby(
        self, request: Asked, radius_km: Radius = None, radius: RadiusAlias = None, limit: Limit = 50
    ) -> bodies.Listeners:
        """Who is live near the cell that is published of you."""
        who = await asking(self._hall, request)
        return self._actions.nearby(who, radius_km if radius_km is not None else radius, limit)

    async def my_location(self, request: Asked) -> bodies.Place:
        """The cell that is known of you, and the one that others see."""
        return self._actions.my_location(await asking(self._hall, request))

    async def remove_location(self, request: Asked) -> bodies.Done:
        """Forget the place, at once and everywhere."""
        return self._actions.remove_location(await asking(self._hall, request))

    # -- find

    async def start_find(self, request: Asked, data: JSONBody[wire.Target]) -> bodies.Find:
        """Ask somebody to be found. They have a minute to accept."""
        return self._actions.start_find(await asking(self._hall, request), data.target_id)

    async def active_find(self, request: Asked) -> bodies.ActiveFind:
        """The find session that you are in."""
        return self._actions.active_find(await asking(self._hall, request))

    async def accept_find(self, request: Asked, session_id: FromPath[str]) -> bodies.Find:
        """Consent to be found."""
        return self._actions.accept_find(await asking(self._hall, request), session_id)

    async def decline_find(self, request: Asked, session_id: FromPath[str]) -> bodies.Done:
        """Do not consent. The one who asked hears no more than that it has ended."""
        return self._actions.decline_find(await asking(self._hall, request), session_id)

    async def update_find(
        self, request: Asked, session_id: FromPath[str], data: JSONBody[wire.Location]
    ) -> bodies.Find:
        """Say which cell you are in, while looking or being looked for."""
        who = await asking(self._hall, request)
        return self._actions.update_find(who, session_id, data.geohash)

    async def complete_find(self, request: Asked, session_id: FromPath[str]) -> bodies.Find:
        """You have found one another."""
        return self._actions.end_find(await asking(self._hall, request), session_id, completed=True)

    async def cancel_find(self, request: Asked, session_id: FromPath[str]) -> bodies.Find:
        """Call it off; either side may, at any time."""
        return self._actions.end_find(await asking(self._hall, request), session_id, completed=False)

    async def together(self, request: Asked, session_id: FromPath[str]) -> bodies.Together:
        """Listen together: a session for the two of an accepted find. Again: the same session."""
        return await self._actions.together_found(await asking(self._hall, request), session_id)

    # -- spotify, vibes

    async def current_track(self, request: Asked) -> bodies.Playing:
        """What you listen to, as far as this server knows."""
        return self._actions.current_track(await asking(self._hall, request))

    async def refresh_track(self, request: Asked) -> bodies.Playing:
        """Ask Spotify now."""
        return await self._actions.refresh_track(await asking(self._hall, request))

    async def matches(self, request: Asked) -> bodies.Matches:
        """Who nearby likes what you like, and which artists you share."""
        return self._actions.matches(await asking(self._hall, request))

    async def vibe_together(self, request: Asked, user_id: FromPath[str]) -> bodies.Together:
        """Listen together with a match. Again: the same session."""
        return await self._actions.together_matched(await asking(self._hall, request), user_id)


def routers(hall: Hall, actions: Actions, further: tuple[Router, ...] = ()) -> list[Router]:
    """Everything twice: under the prefix, which the documentation shows, and without it. `further` stands beside."""
    return [
        Router(
            path,
            route_handlers=[*_handlers(Rest(hall, actions)), *only_here, *further],
            exception_handlers=handlers(hall.rooms.clock),
            request_max_body_size=MAX_BODY,
            include_in_schema=path == PREFIX,
            tags=["nearby"],
        )
        for path, only_here in (
            (PREFIX, (_health(), nothing_else("/{rest:path}", *OURS))),
            ("/", (nothing_else(*OURS),)),
        )
    ]


def _health() -> HTTPRouteHandler:
    """The server's own is at `/health`; this is the same question asked under the prefix."""

    @get("/health", summary="Is the process alive?")
    async def health() -> bodies.Alive:
        return bodies.Alive()

    return health


def _handlers(rest: Rest) -> list[HTTPRouteHandler]:
    found = [
        _route(post, "/presence/live", rest.live),
        _route(post, "/presence/offline", rest.offline),
        _route(post, "/presence/heartbeat", rest.heartbeat),
        _route(get, "/presence/settings", rest.settings),
        _route(patch, "/presence/settings", rest.set_settings),
        _route(get, "/presence/live-users", rest.live_users),
        _route(post, "/location/update", rest.update_location),
        _route(get, "/location/nearby", rest.nearby),
        _route(get, "/location/me", rest.my_location),
        _route(delete, "/location", rest.remove_location),
        _route(post, "/find/start", rest.start_find, 201),
        _route(get, "/find/active", rest.active_find),
        _route(post, "/find/{session_id:str}/accept", rest.accept_find),
        _route(post, "/find/{session_id:str}/decline", rest.decline_find),
        _route(post, "/find/{session_id:str}/update", rest.update_find),
        _route(post, "/find/{session_id:str}/complete", rest.complete_find),
        _route(post, "/find/{session_id:str}/together", rest.together),
        _route(delete, "/find/{session_id:str}", rest.cancel_find),
        _route(get, ["/spotify/currently-playing", "/spotify/current-track"], rest.current_track),
        _route(post, "/spotify/refresh", rest.refresh_track),
        _route(get, "/vibe/matches", rest.matches),
        _route(post, "/vibe/{user_id:str}/together", rest.vibe_together),
    ]
    return [*found, *_others()]


def _route(
    method: Any, path: str | list[str], do: Callable[..., Awaitable[object]], status: int = 200
) -> HTTPRouteHandler:
    summary = (do.__doc__ or "").partition("\n")[0]
    failures = documented(400, 401, 403, 404, 409, 429, 503)
    handler: HTTPRouteHandler = method(path, summary=summary, status_code=status, responses=failures)(do)
    return handler


def _others() -> list[HTTPRouteHandler]:
    """What other methods hear. The framework's own 405 would not name the shape."""
    get_, post_, delete_, patch_ = HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE, HttpMethod.PATCH
    return [
        *(only(f"/presence/{what}", post_) for what in ("live", "offline", "heartbeat")),
        only("/presence/settings", get_, patch_),
        only("/presence/live-users", get_),
        only("/location/update", post_),
        *(only(f"/location/{what}", get_) for what in ("nearby", "me")),
        only("/location", delete_),
        only("/find/start", post_),
        only("/find/active", get_),
        *(
            only(f"/find/{{session_id:str}}/{what}", post_)
            for what in ("accept", "decline", "update", "complete", "together")
        ),
        only("/find/{session_id:str}", delete_),
        *(only(f"/spotify/{what}", get_) for what in ("currently-playing", "current-track")),
        only("/spotify/refresh", post_),
        only("/vibe/matches", get_),
        only("/vibe/{user_id:str}/together", post_),
    ]


__all__ = ["PREFIX", "routers"]
