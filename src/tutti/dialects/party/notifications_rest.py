"""Guide 003's `/api/notifications/` over HTTP: what you were told, and what you want to be told."""

from __future__ import annotations

from typing import Any, Final, Self

from litestar import Router, delete, get, patch, post, route
from litestar.params import FromPath, JSONBody

from tutti.dialects.party import notifications_bodies as b
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.problems import HANDLERS, METHODS, Asked, NoSuch, only
from tutti.platform.notifications.notifications import Notifications
from tutti.platform.notifications.preferences import Preferences
from tutti.platform.rows import ID_LENGTH

MAX_BODY: Final = 16 * 1024


class NotificationsRest:
    def __init__(self, notifications: Notifications, preferences: Preferences, manners: Manners) -> None:
        self._notifications = notifications
        self._preferences = preferences
        self._manners = manners

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same notifications."""
        return self

    async def listed(self, request: Asked) -> b.NotificationPage:
        """The newest first. `?unread=true`: those that you have not read."""
        user = (await self._manners.owner(request)).id
        wanted = self._manners.cursors.page_request(request)
        unread = b.unread_filter(request.query_params.get("unread"))
        found, count = await self._notifications.listed(user, wanted.wanted, wanted.size, unread=unread)
        page = self._manners.cursors.listed(request, found, b.NotificationBody.of)
        return b.NotificationPage(page.next, page.previous, page.results, count)

    async def read(self, request: Asked, which: FromPath[str]) -> b.NotificationBody:
        user = (await self._manners.owner(request)).id
        notice = await self._notifications.read(user, known(which))
        if notice is None:
            raise NoSuch
        return b.NotificationBody.of(notice)

    async def read_all(self, request: Asked) -> b.AllRead:
        user = (await self._manners.owner(request)).id
        marked = await self._notifications.read_all(user)
        return b.AllRead("All notifications marked as read.", marked)

    async def remove(self, request: Asked, which: FromPath[str]) -> None:
        user = (await self._manners.owner(request)).id
        if not await self._notifications.delete(user, known(which)):
            raise NoSuch

    async def preferences(self, request: Asked) -> b.PreferencesBody:
        """By type of notification: whether it is shown here, and whether it may be in a letter."""
        user = (await self._manners.owner(request)).id
        return b.preferences(await self._preferences.of(user))

    async def choose(self, request: Asked, data: JSONBody[dict[str, Any]]) -> b.PreferencesBody:
        """Some types, and of each some of both."""
        user = (await self._manners.owner(request)).id
        return b.preferences(await self._preferences.change(user, b.changes(data)))


def router(notifications: Notifications, preferences: Preferences, manners: Manners) -> Router:
    rest = NotificationsRest(notifications, preferences, manners)
    return Router(
        b.NOTIFICATIONS,
        route_handlers=[
            get("/", summary="Your notifications")(rest.listed),
            post("/mark-all-read", status_code=200, summary="Mark all notifications as read")(rest.read_all),
            get("/preferences", summary="What you want to be told of")(rest.preferences),
            patch("/preferences", summary="Choose what you want to be told of")(rest.choose),
            patch("/{which:str}/read", summary="Mark a notification as read")(rest.read),
            post(
                ["/{which:str}/read", "/{which:str}/mark-read"],
                status_code=200,
                summary="Mark a notification as read",
            )(rest.read),
            delete("/{which:str}", summary="Delete a notification")(rest.remove),
            only("/", "GET"),
            only("/mark-all-read", "POST"),
            only("/preferences", "GET", "PATCH"),
            only("/{which:str}/read", "PATCH", "POST"),
            only("/{which:str}/mark-read", "POST"),
            only("/{which:str}", "DELETE"),
            _no_such_path,
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["notifications"],
    )


@route("/{which:str}/{elsewhere:path}", http_method=list(METHODS), include_in_schema=False, status_code=404)
async def _no_such_path(which: FromPath[str], elsewhere: FromPath[str]) -> None:  # noqa: ARG001 - the path's parameters
    raise NoSuch


def known(said: str) -> str:
    """As ids of ours are; else nothing's."""
    return said if len(said) <= ID_LENGTH and said.isascii() and said.isprintable() else ""
