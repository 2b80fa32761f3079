"""Guide 003's `/api/users/` over HTTP: your profile and what it shows to whom, friends, whom you block, and search.

Whoever is not there, does not want to be asked, or has blocked you is one answer: 404. A picture is fetched by its name,
as a page shows it without a token; nobody can guess one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, TypeVar

from litestar import Response, Router, delete, get, patch, post, route
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import FromPath, JSONBody

from tutti.core.refusals import Reason, Refused
from tutti.dialects.party import people_bodies as b
from tutti.dialects.party.auth_bodies import REQUIRED, Detail
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.pages import Listed
from tutti.dialects.party.problems import HANDLERS, METHODS, Asked, Invalid, NoSuch, only
from tutti.platform.accounts.accounts import Accounts
from tutti.platform.accounts.throttles import Scope
from tutti.platform.people.people import People
from tutti.platform.people.schemas import Amiss
from tutti.platform.rows import ID_LENGTH
from tutti.service.dialect import Declined

T = TypeVar("T")

MAX_BODY: Final = 16 * 1024
MAX_PICTURE: Final = 2 * 1024 * 1024
FORM_AROUND_IT: Final = 16 * 1024
PICTURE_FIELDS: Final = ("avatar", "file", "image")
A_PICTURE: Final = {
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class PictureUpload(Operation):
    """The form is read by hand, so that what is wrong with it is told as everything else is."""

    def __post_init__(self) -> None:
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        form = Schema(type=OpenAPIType.OBJECT, properties={"avatar": file}, required=["avatar"])
        self.request_body = RequestBody(
            {RequestEncodingType.MULTI_PART.value: OpenAPIMediaType(form)}, required=True
        )


class PeopleRest:
    def __init__(self, people: People, accounts: Accounts, manners: Manners) -> None:
        self._people = people
        self._accounts = accounts
        self._manners = manners

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same people."""
        return self

    # -- yourself

    async def profile(self, request: Asked) -> b.OwnProfile:
        """Your account, what you say of yourself, and what of it others see."""
        return await self._own((await self._manners.owner(request)).id)

    async def edit_profile(self, request: Asked, data: JSONBody[b.EditProfile]) -> b.OwnProfile:
        user = (await self._manners.owner(request)).id
        await self._people.profiles.change(user, data.meaning())
        return await self._own(user)

    async def privacy(self, request: Asked) -> b.PrivacySettings:
        """What others see of you, and what they may do."""
        own = await self._people.profiles.own((await self._manners.owner(request)).id)
        return b.PrivacySettings.of(_or_nobody(own).privacy)

    async def edit_privacy(self, request: Asked, data: JSONBody[b.EditPrivacy]) -> b.PrivacySettings:
        user = (await self._manners.owner(request)).id
        own = await self._people.profiles.change_privacy(user, data.meaning())
        return b.PrivacySettings.of(_or_nobody(own).privacy)

    async def upload_picture(self, request: Asked) -> b.OwnProfile:
        """A JPEG, PNG, WebP or GIF of at most 2 MiB, as `avatar` of a form. It is kept as a WebP of 512 pixels."""
        user = (await self._manners.owner(request)).id
        self._manners.spend(Scope.PICTURE_BY_ACCOUNT, user)
        problem = await self._people.pictures.change(user, await _picture(request))
        if problem is not None and problem is not Amiss.NO_SUCH:
            raise Invalid({"avatar": [problem.sentence]})
        return await self._own(user)

    async def remove_picture(self, request: Asked) -> None:
        await self._people.pictures.remove((await self._manners.owner(request)).id)

    # -- others

    async def seen(self, request: Asked, user_id: FromPath[str]) -> b.Profile:
        """Somebody, as far as they let you see."""
        viewer = (await self._manners.owner(request)).id
        seen = await self._people.profiles.seen(viewer, _id(user_id))
        if seen is None:
            raise NoSuch
        return b.Profile.of(seen)

    async def picture(self, request: Asked, user_id: FromPath[str]) -> Response[bytes]:
        """`?v=` is the picture's name: take the whole address from wherever somebody is mentioned."""
        name = request.query_params.get("v", "")
        shown = await self._people.pictures.shown(_id(user_id), name)
        if shown is None:
            raise NoSuch
        return Response(shown, media_type="image/webp", headers=A_PICTURE)

    async def search(self, request: Asked) -> Listed[b.Brief]:
        """`?q=`: the beginning of a name, or of a word in it."""
        viewer = (await self._manners.owner(request)).id
        self._manners.spend(Scope.SEARCH_BY_ACCOUNT, viewer)
        wanted = self._manners.cursors.page_request(request)
        words = b.search_words(str(request.query_params.get("q") or ""))
        found = await self._people.profiles.search(viewer, words, wanted.wanted, wanted.size)
        return self._manners.cursors.listed(request, found, b.Brief.of)

    # -- friends

    async def friends(self, request: Asked) -> Listed[b.FriendBody]:
        """Your friends, the newest first."""
        user = (await self._manners.owner(request)).id
        wanted = self._manners.cursors.page_request(request)
        found = await self._people.friends.friends(user, wanted.wanted, wanted.size)
        return self._manners.cursors.listed(request, found, b.FriendBody.of)

    async def requests(self, request: Asked) -> Listed[b.FriendBody]:
        """Those who ask you; with `?direction=sent` those whom you asked."""
        user = (await self._manners.owner(request)).id
        wanted = self._manners.cursors.page_request(request)
        sent = request.query_params.get("direction") == "sent"
        found = await self._people.friends.requests(user, wanted.wanted, wanted.size, sent=sent)
        return self._manners.cursors.listed(request, found, b.FriendBody.of)

    async def ask(self, request: Asked, data: JSONBody[b.AskFriend]) -> b.FriendBody:
        """Ask somebody; if they asked you already, you are friends now."""
        user = (await self._manners.owner(request)).id
        self._manners.spend(Scope.FRIEND_REQUEST_BY_ACCOUNT, user)
        id_, username = data.meaning()
        friends = self._people.friends
        outcome = await (friends.ask_by_name(user, username) if id_ is None else friends.ask(user, _id(id_)))
        return b.FriendBody.of(_or_amiss(outcome))

    async def accept(self, request: Asked, which: FromPath[str]) -> b.FriendBody:
        """By the request's id, or by the id of whoever asked."""
        user = (await self._manners.owner(request)).id
        return b.FriendBody.of(_or_amiss(await self._people.friends.accept(user, _id(which))))

    async def decline(self, request: Asked, which: FromPath[str]) -> Detail:
        """Whoever asked is not told."""
        user = (await self._manners.owner(request)).id
        _or_amiss(await self._people.friends.decline(user, _id(which)))
        return Detail("Friend request declined.")

    async def end(self, request: Asked, which: FromPath[str]) -> None:
        """Be friends no more, or take a request back."""
        user = (await self._manners.owner(request)).id
        _or_amiss(await self._people.friends.end(user, _id(which)))

    # -- blocks

    async def block(self, request: Asked, user_id: FromPath[str]) -> Detail:
        """Neither of you is there for the other any more; they are not told."""
        user = (await self._manners.owner(request)).id
        self._manners.spend(Scope.FRIEND_REQUEST_BY_ACCOUNT, user)
        _or_amiss(await self._people.blocks.block(user, _id(user_id)))
        return Detail("User blocked.")

    async def unblock(self, request: Asked, user_id: FromPath[str]) -> Detail:
        user = (await self._manners.owner(request)).id
        _or_amiss(await self._people.blocks.unblock(user, _id(user_id)))
        return Detail("User unblocked.")

    async def blocked(self, request: Asked) -> Listed[b.BlockedBody]:
        """Whom you block, the last first."""
        user = (await self._manners.owner(request)).id
        wanted = self._manners.cursors.page_request(request)
        found = await self._people.blocks.blocked(user, wanted.wanted, wanted.size)
        return self._manners.cursors.listed(request, found, b.BlockedBody.of)

    async def _own(self, user: str) -> b.OwnProfile:
        person, own = await self._accounts.person(user), await self._people.profiles.own(user)
        return b.OwnProfile.of(_or_nobody(person), _or_nobody(own))


def router(people: People, accounts: Accounts, manners: Manners) -> Router:
    rest = PeopleRest(people, accounts, manners)
    return Router(
        b.USERS,
        route_handlers=[
            get(["/profile", "/me"], summary="Your profile")(rest.profile),
            patch(["/profile", "/me"], summary="Change your profile")(rest.edit_profile),
            post(
                "/profile/avatar",
                status_code=200,
                summary="Upload your picture",
                request_max_body_size=MAX_PICTURE + FORM_AROUND_IT,
                operation_class=PictureUpload,
            )(rest.upload_picture),
            delete("/profile/avatar", summary="Remove your picture")(rest.remove_picture),
            get("/settings/privacy", summary="Your privacy settings")(rest.privacy),
            patch("/settings/privacy", summary="Change your privacy settings")(rest.edit_privacy),
            get("/search", summary="Search for people")(rest.search),
            get("/friends", summary="Your friends")(rest.friends),
            get("/friends/requests", summary="Who wants to be your friend")(rest.requests),
            post("/friends/request", status_code=201, summary="Ask somebody to be your friend")(rest.ask),
            post("/friends/{which:str}/accept", status_code=200, summary="Accept a request")(rest.accept),
            post("/friends/{which:str}/decline", status_code=200, summary="Decline a request")(rest.decline),
            delete("/friends/{which:str}", summary="End a friendship, or take a request back")(rest.end),
            get("/blocked", summary="Whom you block")(rest.blocked),
            post("/{user_id:str}/block", status_code=200, summary="Block somebody")(rest.block),
            post("/{user_id:str}/unblock", status_code=200, summary="Block somebody no more")(rest.unblock),
            get("/{user_id:str}/avatar", media_type="image/webp", summary="Somebody's picture")(rest.picture),
            get("/{user_id:str}", summary="Somebody's profile")(rest.seen),
            *(only(path, "GET", "PATCH") for path in ("/profile", "/me", "/settings/privacy")),
            *(only(path, "GET") for path in ("/search", "/friends", "/friends/requests", "/blocked")),
            *(only(f"/friends/{path}", "POST") for path in _ON_FRIENDS),
            *(only(f"/{{user_id:str}}/{path}", "POST") for path in ("block", "unblock")),
            only("/profile/avatar", "POST", "DELETE"),
            only("/friends/{which:str}", "DELETE"),
            only("/{user_id:str}/avatar", "GET"),
            only("/{user_id:str}", "GET"),
            _no_such_path,
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["users"],
    )


_ON_FRIENDS = ("request", "{which:str}/accept", "{which:str}/decline")


@route("/{user_id:str}/{elsewhere:path}", http_method=list(METHODS), include_in_schema=False, status_code=404)
async def _no_such_path(user_id: FromPath[str], elsewhere: FromPath[str]) -> None:  # noqa: ARG001 - the path's parameters
    raise NoSuch


async def _picture(request: Asked) -> bytes:
    try:
        form = await request.form()
    except (ClientException, ValueError, KeyError) as problem:
        if isinstance(problem, ClientException) and problem.status_code == 413:
            raise
        raise Invalid({"avatar": ["The submitted data was not a form."]}) from None
    for field in PICTURE_FIELDS:
        file = form.get(field)
        if isinstance(file, UploadFile):
            picture = await file.read()
            if len(picture) > MAX_PICTURE:
                raise Invalid({"avatar": ["Ensure this file is no larger than 2 MiB."]})
            return picture
    raise Invalid({"avatar": [REQUIRED]})


def _id(said: str) -> str:
    """As ids of ours are; else nobody's."""
    return said if len(said) <= ID_LENGTH and said.isascii() and said.isprintable() else ""


def _or_amiss(outcome: T | Amiss) -> T:
    if not isinstance(outcome, Amiss):
        return outcome
    if outcome is Amiss.NO_SUCH:
        raise NoSuch
    raise Invalid({"user_id": [outcome.sentence]})


def _or_nobody(known: T | None) -> T:
    if known is None:
        raise Declined(Refused(Reason.UNAUTHENTICATED, "There is no account of this token"))
    return known
