"""Notifications on both databases: told, listed, read, chosen, and written by mail; and what leaves for sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platform_rows.desk import DAY_MS, Desk
from tests.platform_rows.messenger import Messenger, Writer, counted, world
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.notifications.schemas import DEFAULTS
from tutti.platform.outbox.outbox import MOST_MARKED, MOST_MISSED, OVERLAP_MS
from tutti.service.people import MOST

HOUR_MS = 3_600_000.0


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Messenger]:
    await database.open()
    desk = Desk(database, limits=False)
    async with world() as rooms:
        site = Messenger(desk, database, tmp_path, rooms)
        yield site
        await site.http.aclose()
    desk.close()


@pytest.fixture
async def ann(site: Messenger) -> Writer:
    return await site.person("ann")


@pytest.fixture
async def ben(site: Messenger) -> Writer:
    return await site.person("ben")


# -- told, read, deleted


async def test_what_somebody_is_told_is_listed_and_told_live(
    site: Messenger, ann: Writer, ben: Writer
) -> None:
    ear = site.connected(ann)
    await site.tells(ann, "party_invitation", actor=ben.id)
    [told] = ear.heard
    page = await ann.notices()
    assert (told["type"], told["unread_count"], page["unread_count"]) == ("notification", 1, 1)
    assert page["results"] == [told["notification"]]
    notice = told["notification"]
    assert (notice["type"], notice["title"], notice["data"]) == ("party_invitation", "Title", {"n": 1})
    assert (notice["actor"]["id"], notice["is_read"], notice["read_at"]) == (ben.id, False, None)
    assert (await ben.notices())["results"] == []


async def test_who_undoes_what_happened_has_told_nobody(site: Messenger, ann: Writer) -> None:
    ear = site.connected(ann)
    with pytest.raises(ZeroDivisionError):
        async with site.database.writing() as db:
            await site.notifications.tell(db, ann.id, "system", "Title", "", {})
            raise ZeroDivisionError
    assert ear.heard == []
    assert (await ann.notices())["results"] == []
    assert (await site.outbox.missed(ann.id, None)).frames == ()


@pytest.mark.parametrize(("method", "path"), [("PATCH", "read"), ("POST", "read"), ("POST", "mark-read")])
async def test_one_is_read_by_either_name(
    site: Messenger, ann: Writer, ben: Writer, method: str, path: str
) -> None:
    for _ in range(2):
        await site.tells(ann, "system")
    ear = site.connected(ann)
    which = (await ann.notices())["results"][0]["id"]
    assert await ben.status(method, f"/notifications/{which}/{path}/") == 404
    for _ in range(2):
        assert (await ann.does(method, f"/notifications/{which}/{path}/"))["is_read"] is True
    page = await ann.notices("?unread=true")
    assert (page["unread_count"], len(page["results"])) == (1, 1)
    assert [one["id"] for one in (await ann.notices("?unread=false"))["results"]] == [which]
    assert [(said["ids"], said["unread_count"]) for said in ear.all("notifications_read")] == [([which], 1)]


async def test_all_are_read_and_one_is_deleted(site: Messenger, ann: Writer, ben: Writer) -> None:
    for _ in range(3):
        await site.tells(ann, "system")
    await site.tells(ben, "system")
    assert (await ann.does("POST", "/notifications/mark-all-read/"))["marked"] == 3
    assert (await ann.notices())["unread_count"] == 0
    assert (await ben.notices())["unread_count"] == 1
    which = (await ann.notices())["results"][0]["id"]
    assert await ben.status("DELETE", f"/notifications/{which}/") == 404
    assert await ann.status("DELETE", f"/notifications/{which}/") == 204
    assert await ann.status("DELETE", f"/notifications/{which}/") == 404
    assert len((await ann.notices())["results"]) == 2


async def test_about_one_thing_there_is_one_at_most(site: Messenger, ann: Writer) -> None:
    ear = site.connected(ann)
    for _ in range(2):
        await site.tells(ann, "party_reminder", key="reminder:1")
    [first] = (await ann.notices())["results"]
    assert len(ear.heard) == 1, "the same again changes nothing"
    await ann.does("POST", f"/notifications/{first['id']}/read/")
    await site.tells(ann, "party_reminder", key="reminder:1")
    [second] = (await ann.notices())["results"]
    assert (second["is_read"], second["id"] == first["id"]) == (False, False)


async def test_nobody_hears_of_those_they_block_or_of_themselves(
    site: Messenger, ann: Writer, ben: Writer
) -> None:
    await site.people.blocks.block(ann.id, ben.id)
    await site.tells(ann, "party_invitation", actor=ben.id)
    await site.tells(ben, "party_invitation", actor=ann.id)
    await site.tells(ben, "party_invitation", actor=ben.id)
    assert (await ann.notices())["results"] == (await ben.notices())["results"] == []


@pytest.mark.parametrize("blocks", [True, False])
async def test_what_each_was_told_of_the_other_is_gone_with_a_block(
    site: Messenger, ann: Writer, ben: Writer, blocks: bool
) -> None:
    site.people.blocks.ends(site.notifications.part)
    await site.tells(ann, "party_invitation", actor=ben.id)
    await site.tells(ben, "party_invitation", actor=ann.id)
    await site.tells(ben, "system")
    one, other = (ann, ben) if blocks else (ben, ann)
    await site.people.blocks.block(one.id, other.id)
    assert (await ann.notices())["results"] == []
    assert [notice["type"] for notice in (await ben.notices())["results"]] == ["system"]


async def test_friends_are_told_of_requests_and_answers(site: Messenger, ann: Writer, ben: Writer) -> None:
    await site.people.friends.ask(ann.id, ben.id)
    await site.people.friends.accept(ben.id, ann.id)
    assert [one["type"] for one in (await ben.notices())["results"]] == ["friend_request"]
    assert [one["type"] for one in (await ann.notices())["results"]] == ["friend_request_accepted"]


async def test_pages_miss_and_repeat_nothing(site: Messenger, ann: Writer) -> None:
    for _ in range(5):
        site.desk.clock.turn(1)
        await site.tells(ann, "system")
    found: list[str] = []
    address = "/notifications/?page_size=2&unread=true"
    while address:
        page = await ann.does("GET", address)
        found += [one["id"] for one in page["results"]]
        address = page["next"]
        await site.tells(ann, "system")
    assert len(found) == len(set(found)) == 5


@pytest.mark.parametrize("count", [1, 8])
async def test_telling_many_takes_few_statements(site: Messenger, ann: Writer, count: int) -> None:
    people = [(await site.person(f"p{number}")).id for number in range(count)]
    async with site.database.writing() as db:
        await site.notifications.tell_all(db, people, "system", "Before", "", {}, actor=ann.id, key="k")
    with counted() as statements:
        async with site.database.writing() as db:
            await site.notifications.tell_all(db, people, "system", "After", "", {}, actor=ann.id, key="k")
    assert len([one for one in statements if not one.startswith(("BEGIN", "COMMIT"))]) == 8


# -- preferences and letters


async def test_whoever_does_not_want_to_hear_of_it_does_not(site: Messenger, ann: Writer) -> None:
    before = await ann.does("GET", "/notifications/preferences/")
    assert set(before) == set(DEFAULTS)
    chosen = {"party_joined": {"in_app": False}, "no_such_type": {"in_app": False}, "system": {"email": True}}
    after = await ann.does("PATCH", "/notifications/preferences/", chosen)
    assert after == {
        **before,
        "party_joined": {"in_app": False, "email": False},
        "system": {"in_app": True, "email": True},
    }
    ear = site.connected(ann)
    await site.tells(ann, "party_joined")
    assert ear.heard == (await ann.notices())["results"] == []
    await site.tells(ann, "something_new")
    assert len(ear.heard) == 1


@pytest.mark.parametrize("said", [{"message": 1}, {"message": {"in_app": "no"}}, {"message": {"email": 1}}])
async def test_what_is_no_choice_is_told_by_type(ann: Writer, said: dict[str, object]) -> None:
    answer = await ann.ask("PATCH", "/notifications/preferences/", said)
    assert (answer.status_code, set(answer.json())) == (400, {"message"})


async def test_what_was_not_read_in_an_hour_is_in_one_letter(
    site: Messenger, ann: Writer, ben: Writer
) -> None:
    await site.tells(ann, "party_invitation", key="1")
    site.desk.clock.turn(HOUR_MS / 2)
    await site.tells(ann, "friend_request", actor=ben.id, key="2")
    await site.tells(ann, "party_joined")
    await site.jobs.run_due()
    assert site.box.letters == []
    site.desk.clock.turn(HOUR_MS / 2)
    await site.jobs.run_due()
    [(to, letter)] = site.box.letters
    assert (to, letter.subject) == ("ann@example.org", "2 things you have not seen yet")
    assert letter.text.count("Title: Message") == 2
    assert "https://tutti.test/notifications" in letter.text
    site.desk.clock.turn(DAY_MS)
    await site.jobs.run_due()
    assert len(site.box.letters) == 1, "nothing is written twice"


async def test_what_was_in_a_letter_is_in_no_other(site: Messenger, ann: Writer) -> None:
    for title in ("party_invitation", "friend_request"):
        await site.tells(ann, title)
        site.desk.clock.turn(HOUR_MS)
        await site.jobs.run_due()
    assert [letter.text.count("Title: Message") for _, letter in site.box.letters] == [1, 1]


async def test_an_address_that_nobody_has_proven_is_not_written_to(site: Messenger, ann: Writer) -> None:
    async with site.database.writing() as db:
        (await db.get_one(User, ann.id)).email_verified = False
    await site.tells(ann, "party_invitation")
    site.desk.clock.turn(HOUR_MS)
    assert await site.jobs.run_due() > 0
    assert site.box.letters == []


async def test_what_was_read_meanwhile_is_in_no_letter(site: Messenger, ann: Writer) -> None:
    await site.tells(ann, "party_invitation")
    await ann.does("POST", "/notifications/mark-all-read/")
    site.desk.clock.turn(HOUR_MS)
    await site.jobs.run_due()
    assert site.box.letters == []


async def test_a_steady_stream_does_not_put_the_letter_off(site: Messenger, ann: Writer) -> None:
    for number in range(6):
        await site.tells(ann, "message", number, key="message:1")
        site.desk.clock.turn(HOUR_MS / 5)
        await site.jobs.run_due()
    assert len(site.box.letters) == 1


# -- what leaves for sockets


async def test_who_was_away_is_told_what_came_since(site: Messenger, ann: Writer) -> None:
    ear = site.connected(ann)
    await site.tells(ann, "system")
    site.hub.leave(ann.id, ear)
    site.desk.clock.turn(60_000)
    for _ in range(3):
        site.desk.clock.turn(1)
        await site.tells(ann, "system")
    missed = await site.outbox.missed(ann.id, ear.heard[0]["id"])
    assert (len(missed.frames), missed.complete) == (3, True)
    assert sorted(kept.id for kept in missed.frames) == [kept.id for kept in missed.frames]


async def test_without_a_place_only_what_no_socket_was_given_is_told(site: Messenger, ann: Writer) -> None:
    ear = site.connected(ann)
    await site.tells(ann, "system")
    await site.outbox.mark()
    site.hub.leave(ann.id, ear)
    await site.tells(ann, "system")
    missed = await site.outbox.missed(ann.id, None)
    assert (len(missed.frames), missed.complete) == (1, True)
    site.outbox.handed(missed.frames)
    await site.outbox.mark()
    assert (await site.outbox.missed(ann.id, None)).frames == ()


async def test_what_nobody_was_there_to_hear_does_not_count_as_told(site: Messenger, ann: Writer) -> None:
    await site.tells(ann, "system")
    await site.outbox.mark()
    assert len((await site.outbox.missed(ann.id, None)).frames) == 1


async def test_what_began_before_the_last_that_was_heard_and_was_kept_after_it_is_told(
    site: Messenger, ann: Writer
) -> None:
    ear = site.connected(ann)
    await site.tells(ann, "system")
    site.hub.leave(ann.id, ear)
    site.desk.clock.turn(-OVERLAP_MS)
    await site.tells(ann, "system")
    site.desk.clock.turn(OVERLAP_MS)
    [late] = (await site.outbox.missed(ann.id, ear.heard[0]["id"])).frames
    assert late.id != ear.heard[0]["id"]


async def test_however_many_a_socket_was_given_none_is_told_again(site: Messenger, ann: Writer) -> None:
    async with site.database.writing() as db:
        for _ in range(MOST_MARKED // 2):
            await site.outbox.put(db, ann.id, {"type": "test"})
    missed = await site.outbox.missed(ann.id, None)
    site.connected(ann)
    async with site.database.writing() as db:
        for _ in range(MOST_MARKED // 2 + 1):
            await site.outbox.put(db, ann.id, {"type": "test"})
    site.outbox.handed(missed.frames)
    await site.outbox.mark()
    assert (await site.outbox.missed(ann.id, None)).frames == ()


async def test_a_place_that_is_not_known_is_told_as_incomplete(
    site: Messenger, ann: Writer, ben: Writer
) -> None:
    ear = site.connected(ben)
    await site.tells(ben, "system")
    for place in ("", "nonsense", ear.heard[0]["id"]):
        assert (await site.outbox.missed(ann.id, place)).complete is False
    assert (await site.outbox.missed(ann.id, ear.heard[0]["id"])).frames == ()


async def test_frames_are_forgotten_after_a_day_and_never_too_many_at_once(
    site: Messenger, ann: Writer
) -> None:
    async with site.database.writing() as db:
        for _ in range(MOST_MISSED + 1):
            await site.outbox.put(db, ann.id, {"type": "test"})
    missed = await site.outbox.missed(ann.id, None)
    assert (len(missed.frames), missed.complete) == (MOST_MISSED, False)
    site.desk.clock.turn(DAY_MS + 1)
    assert (await site.outbox.missed(ann.id, None)).frames == ()
    await site.outbox.forget()
    site.desk.clock.turn(-DAY_MS)
    assert (await site.outbox.missed(ann.id, None)).frames == ()


async def test_one_connection_too_many_closes_the_oldest(site: Messenger, ann: Writer) -> None:
    ears = [site.connected(ann) for _ in range(MOST + 2)]
    assert [ear.ended is not None for ear in ears[:4]] == [True, True, False, False]
    await site.tells(ann, "system")
    assert [len(ear.heard) for ear in ears] == [0, 0] + [1] * MOST
    for ear in ears:
        site.hub.leave(ann.id, ear)
    assert len(site.hub) == 0
