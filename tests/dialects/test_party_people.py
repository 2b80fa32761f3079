"""Guide 003's `/api/users/` over HTTP: profiles, pictures, friends, blocks and search, and what strangers see of them."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from PIL import Image
from sqlalchemy import event

from tests.clocks import TurnedClock
from tests.platform_rows.desk import NOON_MS, PASSWORD, PHONE, SECRET, Desk, entered
from tests.service.world import World
from tutti.core.ids import RoomId
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.people_rest import router
from tutti.infra.picture_shelf import PictureShelf
from tutti.infra.sql import Database
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.people.people import People
from tutti.platform.people.pictures import redrawn
from tutti.platform.people.schemas import Amiss
from tutti.service.hall import Hall
from tutti.service.identity import Gate

NOT_FOUND = {"detail": "Not found."}
NOBODY = "01999999-0000-7000-8000-000000000000"


class Person:
    """Somebody with an account, who asks over HTTP."""

    def __init__(self, http: httpx.AsyncClient, id_: str, name: str, token: str) -> None:
        self.id, self.name = id_, name
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, body: object = None, *, files: Any = None) -> httpx.Response:
        return await self._http.request(method, path, json=body, headers=self._headers, files=files)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def does(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def befriends(self, other: Person) -> None:
        await self.does("POST", "/friends/request/", {"user_id": other.id})
        await other.does("POST", f"/friends/{self.id}/accept/")

    async def friends(self) -> list[str]:
        return [one["user"]["username"] for one in (await self.get("/friends/"))["results"]]

    async def finds(self, words: str) -> list[str]:
        return [one["username"] for one in (await self.get(f"/search/?q={words}"))["results"]]

    async def uploads(self, picture: bytes, field: str = "avatar") -> httpx.Response:
        return await self.ask("POST", "/profile/avatar/", files={field: ("me.png", picture, "image/png")})


class Site:
    """One node's people over HTTP."""

    def __init__(self, database: Database, folder: Path, *, closed: bool) -> None:
        self.database = database
        self.desk = Desk(database, limits=False)
        self.world = World(clock=TurnedClock(wall_ahead_ms=NOON_MS - 1_000_000.0), closed=closed)
        hall = Hall(self.world.rooms, Gate(self.desk.identity, closed=closed), lambda _: RoomId("NEW"))
        manners = Manners(hall, self.desk.accounts.throttles, SECRET)
        self.people = People(database, PictureShelf(folder), wall_ms=self.desk.clock, random=self.desk.random)
        app = Litestar(
            [router(self.people, self.desk.accounts, manners)], openapi_config=None, logging_config=None
        )
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="https://tutti.test/api/users")

    async def person(self, name: str, shown: str = "") -> Person:
        self.desk.clock.turn(1_000)
        new = NewAccount(email=f"{name}@example.org", password=PASSWORD, username=name, first_name=shown)
        made = entered(await self.desk.accounts.register(new, PHONE))
        return Person(self.http, made.person.id, name, made.tokens.access)


@pytest.fixture(params=[True, False], ids=["closed", "open"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(tmp_path / "accounts.db")
    await database.open()
    site = Site(database, tmp_path / "avatars", closed=request.param)
    async with site.world:
        yield site
    await site.http.aclose()
    site.desk.close()
    await database.aclose()


@pytest.fixture
async def ann(site: Site) -> Person:
    return await site.person("ann", "Ann Example")


@pytest.fixture
async def ben(site: Site) -> Person:
    return await site.person("ben", "Ben")


def picture(size: tuple[int, int] = (800, 400), form: str = "PNG", **further: Any) -> bytes:
    kept = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(kept, form, **further)
    return kept.getvalue()


def huge_gif() -> bytes:
    """It says that it has 65,535 pixels a side."""
    small = picture(form="GIF")
    return small[:6] + b"\xff\xff\xff\xff" + small[10:]


def huge_png() -> bytes:
    """It says that it has 60,000 pixels a side, and nothing about it is broken."""
    small = picture()
    head = b"IHDR" + (60_000).to_bytes(4) * 2 + small[24:29]
    return small[:12] + head + zlib.crc32(head).to_bytes(4) + small[33:]


# -- yourself


async def test_a_profile_is_the_account_and_what_is_said_of_it(ann: Person) -> None:
    mine = await ann.get("/profile/")
    assert mine == await ann.get("/me")
    assert (mine["id"], mine["email"], mine["display_name"]) == (ann.id, "ann@example.org", "Ann Example")
    assert (mine["bio"], mine["timezone"], mine["avatar"]) == ("", "", None)
    assert mine["privacy"] == {
        "profile_visibility": "public",
        "allow_friend_requests": True,
        "show_online_status": True,
        "searchable": True,
    }


async def test_what_is_changed_stays_and_the_rest_is_as_it_was(ann: Person) -> None:
    said = {
        "bio": " Films,\r\nand <b>tea</b>. ",
        "timezone": "Europe/Paris",
        "last_name": "Of <Ex>",
        "role": "admin",
    }
    changed = await ann.does("PATCH", "/profile/", said)
    assert changed == await ann.get("/profile/")
    assert (changed["bio"], changed["timezone"]) == ("Films,\nand <b>tea</b>.", "Europe/Paris")
    assert (changed["display_name"], changed["username"]) == ("Ann Example Of <Ex>", "ann")
    renamed = await ann.does("PATCH", "/me/", {"display_name": "  Änn  "})
    assert (renamed["display_name"], renamed["bio"]) == ("Änn", changed["bio"])
    assert (await ann.does("PATCH", "/profile/", {"first_name": "Else"}))["display_name"] == "Änn"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"display_name": " "}, "display_name"),
        ({"display_name": "a\nb"}, "display_name"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"bio": "x" * 501}, "bio"),
        ({"bio": "a\u0000b"}, "bio"),
        ({"bio": 7}, "bio"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
async def test_what_cannot_be_said_is_told_by_field(ann: Person, said: dict[str, object], field: str) -> None:
    answer = await ann.ask("PATCH", "/profile/", said)
    assert (answer.status_code, set(answer.json())) == (400, {field})


async def test_without_a_token_nothing_is_told(site: Site, ann: Person) -> None:
    for path in (
        "/profile/",
        "/friends/",
        "/blocked/",
        "/search/?q=ann",
        f"/{ann.id}/",
        "/settings/privacy/",
    ):
        answer = await site.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), path
    assert (await site.http.put("/profile/")).status_code == 405
    assert (await site.http.get("/friends/nowhere/at/all/")).status_code == 404


@pytest.mark.parametrize("user", [NOBODY, "somebody else's/../id", "x" * 128])
async def test_a_token_of_somebody_without_an_account_is_one_of_nobody(
    site: Site, ann: Person, user: str, tmp_path: Path
) -> None:
    token = site.desk.identity.tokens.issue(user, "Nobody", None, 900.0)
    nobody = Person(site.http, user, "nobody", token)
    for method, path in (("GET", "/profile/"), ("GET", "/settings/privacy/"), ("PATCH", "/profile/")):
        assert (await nobody.ask(method, path, {"bio": "x"})).status_code == 401, path
    assert (await nobody.uploads(picture((20, 20)))).status_code == 401
    assert (await nobody.ask("DELETE", "/profile/avatar/")).status_code == 204
    assert not (tmp_path / "avatars").exists()
    assert (await nobody.ask("POST", "/friends/request/", {"user_id": ann.id})).json() == NOT_FOUND
    assert (await nobody.ask("POST", f"/{ann.id}/block/")).json() == NOT_FOUND


# -- pictures


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_picture_is_drawn_anew_and_shown_to_whoever_knows_its_name(
    site: Site, ann: Person, ben: Person, form: str
) -> None:
    answer = await ann.uploads(picture(form=form))
    assert answer.status_code == 200, answer.text
    address = answer.json()["avatar"]
    assert (await ben.get(f"/{ann.id}/"))["avatar"] == address
    shown = await site.http.get(f"https://tutti.test{address}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert shown.headers["x-content-type-options"] == "nosniff"
    with Image.open(BytesIO(shown.content)) as image:
        assert (image.format, image.size) == ("WEBP", (512, 256))
    for guess in (address.partition("?")[0], address[:-1], address + "x"):
        assert (await site.http.get(f"https://tutti.test{guess}")).json() == NOT_FOUND


async def test_where_a_picture_was_taken_is_not_kept_and_up_stays_up(site: Site, ann: Person) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"  # turned by a quarter; its maker
    exif.get_ifd(0x8825)[1] = "N"
    taken = picture((400, 200), "JPEG", exif=exif, comment=b"secret place")
    assert b"a camera" in taken
    address = (await ann.uploads(taken)).json()["avatar"]
    shown = (await site.http.get(f"https://tutti.test{address}")).content
    assert not [word for word in (b"a camera", b"secret", b"Exif", b"EXIF") if word in shown]
    with Image.open(BytesIO(shown)) as image:
        assert image.size == (200, 400)


async def test_a_picture_is_taken_back(site: Site, ann: Person, tmp_path: Path) -> None:
    address = (await ann.uploads(picture(), "file")).json()["avatar"]
    await ann.does("DELETE", "/profile/avatar/")
    await ann.does("DELETE", "/profile/avatar/")
    assert (await ann.get("/profile/"))["avatar"] is None
    assert (await site.http.get(f"https://tutti.test{address}")).json() == NOT_FOUND
    assert list((tmp_path / "avatars").iterdir()) == []


@pytest.mark.parametrize(
    "uploaded",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        picture()[:100],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        picture(form="BMP"),
        picture(form="TIFF"),
        huge_png(),
        huge_gif(),
    ],
    ids=["nothing", "head", "svg", "cut", "png", "bmp", "tiff", "huge-png", "huge-gif"],
)
async def test_what_is_no_picture_or_a_bomb_is_refused_before_it_is_decoded(
    ann: Person, uploaded: bytes
) -> None:
    answer = await ann.uploads(uploaded)
    assert (answer.status_code, set(answer.json())) == (400, {"avatar"}), answer.text
    assert (await ann.get("/profile/"))["avatar"] is None


@pytest.mark.parametrize("bomb", [huge_png(), huge_gif()], ids=["png", "gif"])
def test_how_large_a_picture_will_be_is_known_before_it_is_decoded(bomb: bytes) -> None:
    assert redrawn(bomb) is Amiss.TOO_LARGE


async def test_an_upload_that_is_too_large_or_no_form_is_refused(ann: Person) -> None:
    assert (await ann.uploads(b"x" * 10_000_000)).status_code == 413
    assert (await ann.uploads(b"x" * (2 * 1024 * 1024 + 1))).json() == {
        "avatar": ["Ensure this file is no larger than 2 MiB."]
    }
    for body in ({"avatar": "me.png"}, None):
        answer = await ann.ask("POST", "/profile/avatar/", body)
        assert (answer.status_code, set(answer.json())) == (400, {"avatar"}), answer.text


# -- friends


async def test_friends_are_asked_and_agree(ann: Person, ben: Person) -> None:
    asked = await ann.does("POST", "/friends/request/", {"username": "BEN"})
    assert (asked["status"], asked["direction"], asked["user"]["id"]) == ("pending", "sent", ben.id)
    assert await ann.does("POST", "/friends/request/", {"user_id": ben.id}) == asked, "twice is once"
    assert (await ann.get("/friends/requests/?direction=sent"))["results"] == [asked]
    waiting = (await ben.get("/friends/requests/"))["results"]
    assert [(one["id"], one["direction"], one["user"]["id"]) for one in waiting] == [
        (asked["id"], "received", ann.id)
    ]
    assert (await ben.get(f"/{ann.id}/"))["friendship"] == {"status": "request_received", "id": asked["id"]}
    assert (await ann.ask("POST", f"/friends/{asked['id']}/accept/")).json() == NOT_FOUND, "one's own"
    agreed = await ben.does("POST", f"/friends/{asked['id']}/accept/")
    assert (agreed["status"], agreed["direction"]) == ("accepted", None)
    assert await ben.does("POST", f"/friends/{asked['id']}/accept/") == agreed
    assert (await ann.friends(), await ben.friends()) == (["ben"], ["ann"])
    assert (await ben.get("/friends/requests/"))["results"] == []
    assert (await ann.get(f"/{ben.id}/"))["is_friend"] is True
    await ann.does("DELETE", f"/friends/{ben.id}/")
    assert (await ann.friends(), await ben.friends()) == ([], [])
    assert (await ann.ask("DELETE", f"/friends/{ben.id}/")).json() == NOT_FOUND


async def test_a_request_that_crosses_one_the_other_way_accepts_it(ann: Person, ben: Person) -> None:
    await ann.does("POST", "/friends/request/", {"user_id": ben.id})
    crossed = await ben.does("POST", "/friends/request/", {"user_id": ann.id})
    assert crossed["status"] == "accepted"
    assert (await ann.friends(), await ben.friends()) == (["ben"], ["ann"])


async def test_a_request_is_declined_or_taken_back_and_may_be_made_again(ann: Person, ben: Person) -> None:
    for undo in (("POST", ben, f"/friends/{ann.id}/decline/"), ("DELETE", ann, f"/friends/{ben.id}/")):
        await ann.does("POST", "/friends/request/", {"user_id": ben.id})
        await undo[1].does(undo[0], undo[2])
        assert (await ben.get("/friends/requests/"))["results"] == []
    assert (await ben.ask("POST", f"/friends/{ann.id}/decline/")).json() == NOT_FOUND


async def test_who_does_not_want_to_be_asked_is_asked_as_if_they_did_not_exist(
    ann: Person, ben: Person
) -> None:
    await ben.does("PATCH", "/settings/privacy/", {"allow_friend_requests": False})
    nobody = await ann.ask("POST", "/friends/request/", {"user_id": NOBODY})
    shy = await ann.ask("POST", "/friends/request/", {"user_id": ben.id})
    assert (shy.status_code, shy.json()) == (nobody.status_code, nobody.json()) == (404, NOT_FOUND)
    await ben.does("POST", "/friends/request/", {"user_id": ann.id})
    assert (await ann.does("POST", "/friends/request/", {"user_id": ben.id}))["status"] == "accepted"


async def test_nobody_is_their_own_friend_or_blocks_themselves(ann: Person) -> None:
    for path, body in (("/friends/request/", {"user_id": ann.id}), (f"/{ann.id}/block/", None)):
        answer = await ann.ask("POST", path, body)
        assert (answer.status_code, answer.json()) == (400, {"user_id": ["This is you."]})
    assert set((await ann.ask("POST", "/friends/request/", {})).json()) == {"user_id"}


# -- what others see


@pytest.mark.parametrize(
    ("visibility", "those_who_see"),
    [
        ("public", {"stranger", "friend", "ann"}),
        ("friends", {"friend", "ann"}),
        ("private", {"ann"}),
    ],
)
async def test_a_profile_shows_more_than_the_name_to_those_it_is_visible_to(
    site: Site, ann: Person, visibility: str, those_who_see: set[str]
) -> None:
    stranger, friend = await site.person("stranger"), await site.person("friend")
    await ann.befriends(friend)
    await ann.does("PATCH", "/profile/", {"bio": "Tea.", "timezone": "UTC"})
    await ann.does("PATCH", "/settings/privacy/", {"profile_visibility": visibility})
    for looks in (stranger, friend, ann):
        sees = looks.name in those_who_see
        seen = await looks.get(f"/{ann.id}/")
        assert (seen["username"], seen["display_name"]) == ("ann", "Ann Example")
        assert (seen["bio"], seen["timezone"]) == (("Tea.", "UTC") if sees else (None, None)), looks.name
        assert (seen["date_joined"] is not None) is sees
        assert (seen["is_online"] is not None) is sees
    await ann.does("PATCH", "/settings/privacy/", {"show_online_status": False})
    assert (await friend.get(f"/{ann.id}/"))["is_online"] is None
    wrong = await ann.ask("PATCH", "/settings/privacy/", {"profile_visibility": "enemies"})
    assert (wrong.status_code, set(wrong.json())) == (400, {"profile_visibility"})


async def test_search_finds_by_the_beginning_of_a_name_however_it_is_written(site: Site, ann: Person) -> None:
    await site.person("anna7", "Ärmel Ann")
    await site.person("zoe", "Zoë")
    assert await ann.finds("AN") == ["anna7"]
    assert await ann.finds("@anna7") == ["anna7"]
    assert await ann.finds("äRM") == ["anna7"]
    assert await ann.finds("zoë") == ["zoe"]
    assert await ann.finds("nn") == []
    assert await ann.finds("zo%") == await ann.finds("z_e") == []
    for short in ("", "?q=", "?q=a", "?q=%00a", f"?q={'x' * 151}"):
        assert set((await ann.ask("GET", f"/search/{short}")).json()) == {"q"}


async def test_who_is_not_searchable_is_not_found_and_not_hidden(ann: Person, ben: Person) -> None:
    await ann.does("PATCH", "/settings/privacy/", {"searchable": False})
    assert await ben.finds("ann") == []
    assert (await ben.get(f"/{ann.id}/"))["username"] == "ann"


async def test_search_and_friends_come_in_pages_and_ask_as_much_for_many_as_for_few(
    site: Site, ann: Person
) -> None:
    others = [await site.person(f"ben{n}", "Benjamin") for n in range(5)]
    asked: list[str] = []
    event.listen(
        site.database._engine.sync_engine, "before_cursor_execute", lambda *said: asked.append(said[2])
    )
    costs = []
    for path in ("/search/?q=ben&page_size=2", "/friends/?page_size=2"):
        if path.startswith("/friends"):
            for other in others:
                site.desk.clock.turn(1_000)
                await ann.befriends(other)
        seen: list[str] = []
        address: str | None = path
        while address is not None:
            asked.clear()
            found = await ann.get(address)
            costs.append(len(asked))
            seen += [one.get("user", one)["username"] for one in found["results"]]
            address = found["next"]
        assert seen == ["ben4", "ben3", "ben2", "ben1", "ben0"]
    assert len(set(costs)) == 1, costs
    assert (await ann.ask("GET", "/friends/?cursor=AAAA")).json() == {"detail": "Invalid cursor"}


# -- blocks


async def test_a_block_ends_what_there_was_and_can_be_taken_back(
    site: Site, ann: Person, ben: Person
) -> None:
    await ann.befriends(ben)
    address = (await ann.uploads(picture())).json()["avatar"]
    await ann.does("POST", f"/{ben.id}/block/")
    await ann.does("POST", f"/{ben.id}/block/")
    assert (await ann.friends(), await ben.friends()) == ([], [])
    listed = (await ann.get("/blocked/"))["results"]
    assert [one["user"]["username"] for one in listed] == ["ben"]
    assert (await ben.get("/blocked/"))["results"] == []
    assert (await ann.ask("GET", f"/{ben.id}/")).json() == NOT_FOUND, "for both"
    assert (await site.http.get(f"https://tutti.test{address}")).json() == NOT_FOUND, "the name they knew"
    assert not site.people.blocks.may_meet(ann.id, ben.id)
    assert not site.people.blocks.may_meet(ben.id, ann.id)
    again = People(
        site.database, PictureShelf(Path("unused")), wall_ms=site.desk.clock, random=site.desk.random
    )
    await again.blocks.load()
    assert not again.blocks.may_meet(ben.id, ann.id)
    await ann.does("POST", f"/{ben.id}/unblock/")
    assert site.people.blocks.may_meet(ben.id, ann.id)
    assert (await ann.ask("POST", f"/{ben.id}/unblock/")).json() == NOT_FOUND
    assert (await ben.get(f"/{ann.id}/"))["friendship"] == {"status": "none", "id": None}
    assert await ben.friends() == []


BEFORE = st.lists(
    st.sampled_from(
        ["asks", "is asked", "agrees", "ends", "was blocked", "picture", "hides", "friends only"]
    ),
    max_size=6,
)


@given(before=BEFORE)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_that_somebody_blocked_can_obtain_tells_that_the_other_exists(
    site: Site, before: list[str]
) -> None:
    """Each answer that names them is the answer for somebody who does not exist, and no list holds them."""
    number = int(site.desk.clock.now_ms)
    ann, ben = await site.person(f"ann{number}"), await site.person(f"ben{number}")
    for step in before:
        await _live(step, ann, ben)
    known = (await ben.get(f"/{ann.id}/"))["avatar"]
    await ann.does("POST", f"/{ben.id}/block/")
    for method, path, body in _all_that_names(ann.id, ann.name):
        nobody = _swapped(path, body, ann)
        of_ann, of_nobody = await ben.ask(method, path, body), await ben.ask(method, *nobody)
        assert of_ann.status_code == of_nobody.status_code, (method, path)
        assert of_ann.content == of_nobody.content, (method, path)
        assert _but_for_length(of_ann) == _but_for_length(of_nobody)
    for path in (
        "/friends/",
        "/friends/requests/",
        "/friends/requests/?direction=sent",
        "/blocked/",
        "/profile/",
    ):
        told = (await ben.ask("GET", path)).text
        assert ann.id not in told
        assert ann.name not in told
    if known is not None:
        assert (await ben.ask("GET", known.removeprefix("/api/users"))).json() == NOT_FOUND


async def _live(step: str, ann: Person, ben: Person) -> None:
    """What may have been between them; what cannot be done now is not."""
    match step:
        case "asks":
            await ben.ask("POST", "/friends/request/", {"user_id": ann.id})
        case "is asked":
            await ann.ask("POST", "/friends/request/", {"user_id": ben.id})
        case "agrees":
            await ben.ask("POST", f"/friends/{ann.id}/accept/")
        case "ends":
            await ben.ask("DELETE", f"/friends/{ann.id}/")
        case "was blocked":
            await ben.ask("POST", f"/{ann.id}/block/")
            await ben.does("POST", f"/{ann.id}/unblock/")
        case "picture":
            await ann.uploads(picture((20, 20)))
        case "hides":
            await ann.does("PATCH", "/settings/privacy/", {"searchable": False})
        case _:
            await ann.does("PATCH", "/settings/privacy/", {"profile_visibility": "friends"})


def _all_that_names(id_: str, name: str) -> list[tuple[str, str, object]]:
    return [
        ("GET", f"/{id_}/", None),
        ("GET", f"/{id_}/avatar/", None),
        ("GET", f"/{id_}/avatar/?v=guess", None),
        ("GET", f"/search/?q={name}", None),
        ("POST", "/friends/request/", {"user_id": id_}),
        ("POST", "/friends/request/", {"username": name}),
        ("POST", f"/friends/{id_}/accept/", None),
        ("POST", f"/friends/{id_}/decline/", None),
        ("DELETE", f"/friends/{id_}/", None),
        ("POST", f"/{id_}/block/", None),
        ("POST", f"/{id_}/unblock/", None),
    ]


def _swapped(path: str, body: object, ann: Person) -> tuple[str, object]:
    """The same about somebody who does not exist."""
    new = {"user_id": NOBODY} if body == {"user_id": ann.id} else {"username": "nobody-at-all"}
    path = path.replace(ann.id, NOBODY).replace(ann.name, "nobody-at-all")
    return path, None if body is None else new


def _but_for_length(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-length"}
