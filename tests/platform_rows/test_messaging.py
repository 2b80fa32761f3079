"""Conversations on both databases, over HTTP: who is in them, what is said, what is unread, and what strangers get."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platform_rows.desk import DAY_MS, Desk
from tests.platform_rows.messenger import Messenger, Writer, counted, world
from tutti.infra.sql import Database

CONVERSATIONS = "/messaging/conversations/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
NOBODY = "01999999-0000-7000-8000-000000000000"


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


@pytest.fixture
async def cat(site: Messenger) -> Writer:
    return await site.person("cat")


# -- two people


async def test_two_people_have_one_conversation_however_it_is_begun(ann: Writer, ben: Writer) -> None:
    begun = await asyncio.gather(
        *(one.talks_with(other) for one, other in ((ann, ben), (ben, ann), (ann, ben), (ben, ann)))
    )
    assert len(set(begun)) == 1
    [talk] = await ben.talks()
    assert (talk["type"], talk["title"], talk["unread_count"]) == ("direct", "", 0)
    assert {one["id"] for one in talk["participants"]} == {ann.id, ben.id}
    by_other_name = await ann.does("POST", CONVERSATIONS, {"user_id": ben.id})
    assert by_other_name["id"] == talk["id"]


async def test_what_is_said_is_told_to_both_and_unread_by_the_other(
    site: Messenger, ann: Writer, ben: Writer
) -> None:
    talk = await ann.talks_with(ben)
    hears, own = site.connected(ben), site.connected(ann)
    texts = ["Hello", "<script>alert(1)</script>", "two\nlines\tand a tab"]
    said = [await ann.says(talk, text) for text in texts]
    assert [one["message"] for one in hears.all("message")] == said
    assert len(own.all("message")) == len(said)
    assert not own.all("notification")
    assert len({frame["id"] for frame in hears.heard}) == len(hears.heard)
    assert await ben.reads(talk) == texts
    [listed] = await ben.talks()
    assert (listed["unread_count"], listed["last_message"]["id"]) == (3, said[-1]["id"])
    assert (await ann.talks())[0]["unread_count"] == 0
    await ben.does("POST", f"{CONVERSATIONS}{talk}/read/", {"message_id": said[1]["id"]})
    assert (await ben.talks())[0]["unread_count"] == 1
    await ben.does("POST", f"{CONVERSATIONS}{talk}/read/")
    assert (await ben.talks())[0]["unread_count"] == 0
    assert own.all("read")[-1]["user_id"] == ben.id


async def test_messages_said_at_once_have_an_order_and_none_is_lost(ann: Writer, ben: Writer) -> None:
    talk = await ann.talks_with(ben)
    said = await asyncio.gather(*((ann, ben)[n % 2].says(talk, f"No. {n}") for n in range(12)))
    texts = await ann.reads(talk)
    assert sorted(texts) == sorted(one["message"] for one in said)
    assert await ben.reads(talk) == texts
    assert len({one["timestamp"] for one in said}) == 12


async def test_history_comes_in_pages_that_miss_and_repeat_nothing(ann: Writer, ben: Writer) -> None:
    talk = await ann.talks_with(ben)
    for number in range(7):
        await ann.says(talk, str(number))
    found: list[str] = []
    address = f"{CONVERSATIONS}{talk}/messages/?page_size=3"
    while address:
        page = await ben.does("GET", address)
        found += [one["message"] for one in page["results"]]
        address = page["next"]
        if len(found) == 3:
            await ann.says(talk, "later")
    assert found == list("6543210")
    assert await ben.status("GET", f"{CONVERSATIONS}{talk}/messages/?cursor=forged") == 404


async def test_the_same_key_says_it_once(site: Messenger, ann: Writer, ben: Writer) -> None:
    talk = await ann.talks_with(ben)
    path, key = f"{CONVERSATIONS}{talk}/messages/send/", {"Idempotency-Key": "k-1"}
    first, again = [await ann.ask("POST", path, {"content": "Once"}, **key) for _ in range(2)]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert await ben.reads(talk) == ["Once"]
    assert (await ann.ask("POST", path, {"content": "Other"}, **key)).status_code == 422


async def test_ones_own_is_edited_replied_to_and_deleted(site: Messenger, ann: Writer, ben: Writer) -> None:
    talk = await ann.talks_with(ben)
    hears = site.connected(ben)
    said = await ann.says(talk, "Helo")
    path = f"{CONVERSATIONS}{talk}/messages/{said['id']}/"
    edited = await ann.does("PATCH", path, {"message": "Hello"})
    assert (edited["message"], edited["edited"], edited["timestamp"]) == ("Hello", True, said["timestamp"])
    assert hears.all("message_edited")[0]["message"] == edited
    reply = await ben.says(talk, "Hi", reply_to=said["id"])
    assert reply["reply_to"] == said["id"]
    assert await ben.status("PATCH", path, {"message": "Mine"}) == 403
    assert await ben.status("DELETE", path) == 403
    assert await ann.status("DELETE", path) == 204
    assert hears.all("message_deleted")[0]["message_id"] == said["id"]
    assert await ben.reads(talk) == ["", "Hi"]
    assert await ann.status("PATCH", path, {"message": "Again"}) == 404
    assert await ann.status("DELETE", path) == 404
    assert (
        await ann.ask("POST", f"{CONVERSATIONS}{talk}/messages/", {"message": "x", "reply_to": NOBODY})
    ).json() == {"reply_to": ["The message replied to is not in this conversation."]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": "   "}, "message"),
        ({"message": "x" * 4001}, "message"),
        ({"message": "a\u0000b"}, "message"),
        ({"message": 7}, "message"),
        ({"message": "a", "attachments": "x"}, "attachments"),
        ({"message": "a", "attachments": [NOBODY]}, "attachments"),
    ],
)
async def test_what_cannot_be_said_is_told_by_field(
    ann: Writer, ben: Writer, body: dict[str, object], field: str
) -> None:
    talk = await ann.talks_with(ben)
    answer = await ann.ask("POST", f"{CONVERSATIONS}{talk}/messages/", body)
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert await ann.reads(talk) == []


async def test_what_is_no_json_is_told(ann: Writer, ben: Writer, site: Messenger) -> None:
    talk = await ann.talks_with(ben)
    headers = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json"}
    for body in (b"{", b"[" * 20_000, b"\xff", b'{"message":' + b"[" * 20_000):
        answer = await site.http.post(f"{CONVERSATIONS}{talk}/messages/", content=body, headers=headers)
        assert answer.status_code == 400, body[:10]
    large = await site.http.post(
        f"{CONVERSATIONS}{talk}/messages/", content=b'"' + b"x" * 100_000 + b'"', headers=headers
    )
    assert large.status_code == 413


# -- strangers and blocks


async def test_a_conversation_is_not_there_for_who_is_not_in_it(
    ann: Writer, ben: Writer, cat: Writer
) -> None:
    talk = await ann.talks_with(ben)
    said = await ann.says(talk, "Hush")
    for method, path, body in _everything(talk, said["id"]):
        there, elsewhere = [
            await cat.ask(method, path.replace(talk, which), body) for which in (talk, NOBODY)
        ]
        assert there.status_code == elsewhere.status_code == 404, (method, path)
        assert there.json() == elsewhere.json()
    assert await cat.talks() == []


async def test_what_was_said_elsewhere_is_not_in_ones_own_conversation(
    ann: Writer, ben: Writer, cat: Writer
) -> None:
    """Whoever owns a group has no say over what is said in others, also if they know what it is called."""
    theirs, mine = await ann.talks_with(ben), await cat.talks_with(ben, title="Cat's")
    for said in (await ann.says(theirs, "Hush"), await ben.says(theirs, "Why?")):
        path = f"{CONVERSATIONS}{mine}"
        for who in (cat, ben):
            assert await who.status("DELETE", f"{path}/messages/{said['id']}/") == 404
            assert await who.status("PATCH", f"{path}/messages/{said['id']}/", {"message": "x"}) == 404
            assert await who.status("POST", f"{path}/read/", {"message_id": said["id"]}) == 404
            answer = {"message": "So", "reply_to": said["id"]}
            assert await who.status("POST", f"{path}/messages/", answer) == 400
    assert await ben.reads(theirs) == ["Hush", "Why?"]


async def test_two_of_whom_one_blocks_the_other_do_not_find_their_conversation(
    site: Messenger, ann: Writer, ben: Writer
) -> None:
    talk = await ann.talks_with(ben)
    said = await ann.says(talk, "Hello")
    hears = site.connected(ben)
    await site.people.blocks.block(ben.id, ann.id)
    for who in (ann, ben):
        for method, path, body in _everything(talk, said["id"]):
            there, elsewhere = [
                await who.ask(method, path.replace(talk, which), body) for which in (talk, NOBODY)
            ]
            assert (there.status_code, there.json()) == (elsewhere.status_code, elsewhere.json())
        assert await who.talks() == []
    blocked, unknown = [await ann.ask("POST", CONVERSATIONS, {"user_id": id_}) for id_ in (ben.id, NOBODY)]
    assert (blocked.status_code, blocked.json()) == (unknown.status_code, unknown.json())
    assert hears.heard == []
    await site.people.blocks.unblock(ben.id, ann.id)
    assert await ben.reads(talk) == ["Hello"]


async def test_in_a_group_those_who_are_blocked_do_not_hear_one_another(
    site: Messenger, ann: Writer, ben: Writer, cat: Writer
) -> None:
    talk = await ann.talks_with(ben, cat, title="Film")
    await site.people.blocks.block(ben.id, cat.id)
    ear = site.connected(cat)
    await ben.says(talk, "by Ben")
    assert ear.heard == []
    assert await cat.reads(talk) == []
    [listed] = await cat.talks()
    assert (listed["unread_count"], listed["last_message"]) == (0, None)
    assert await ann.reads(talk) == ["by Ben"]
    assert (await ann.talks())[0]["unread_count"] == 1
    assert (await cat.notices())["unread_count"] == 0


async def test_in_a_group_those_who_are_blocked_do_not_hear_what_the_other_edits_or_reads(
    site: Messenger, ann: Writer, ben: Writer, cat: Writer
) -> None:
    talk = await ann.talks_with(ben, cat, title="Film")
    await site.people.blocks.block(ben.id, cat.id)
    said = await ben.says(talk, "by Ben")
    await ann.says(talk, "by Ann")
    ears = [site.connected(who) for who in (ann, cat)]
    await ben.does("PATCH", f"{CONVERSATIONS}{talk}/messages/{said['id']}/", {"message": "by Ben again"})
    await ben.does("POST", f"{CONVERSATIONS}{talk}/read/")
    assert [len(ear.heard) for ear in ears] == [2, 0]


async def test_in_a_group_those_who_are_blocked_do_not_see_the_others_files_or_that_they_type(
    site: Messenger, ann: Writer, ben: Writer, cat: Writer
) -> None:
    talk = await ann.talks_with(ben, cat, title="Film")
    await site.people.blocks.block(cat.id, ben.id)
    sent = await ben.ask("POST", f"{CONVERSATIONS}{talk}/messages/", files={"file": ("a.png", PNG)})
    url = sent.json()["attachments"][0]["url"].removeprefix("/api")
    assert [await who.status("GET", url) for who in (ann, ben, cat)] == [200, 200, 404]
    ears = [site.connected(who) for who in (ann, ben, cat)]
    typing = {"type": "typing", "conversation_id": talk}
    assert await site.line.heard(ben.id, json.dumps(typing).encode()) is None
    assert [len(ear.heard) for ear in ears] == [1, 0, 0], "nor does anybody hear of themselves"


async def test_whoever_is_blocked_cannot_be_brought_into_a_group(
    site: Messenger, ann: Writer, ben: Writer, cat: Writer
) -> None:
    talk = await ann.talks_with(cat, title="Film")
    await site.people.blocks.block(ben.id, ann.id)
    for path, body in (("", {"title": "Films"}), (f"{talk}/participants/", {})):
        field = "user_ids" if path else "participants"
        blocked, unknown = [
            await ann.ask("POST", f"{CONVERSATIONS}{path}", {**body, field: [cat.id, which]})
            for which in (ben.id, NOBODY)
        ]
        assert (blocked.status_code, blocked.json()) == (unknown.status_code, unknown.json())
        assert blocked.status_code == 400
    assert await ben.talks() == []


async def test_what_was_read_stays_read(site: Messenger, ann: Writer, ben: Writer) -> None:
    talk = await ann.talks_with(ben)
    first, _ = await ann.says(talk, "One"), await ann.says(talk, "Two")
    await ben.does("POST", f"{CONVERSATIONS}{talk}/read/")
    hears = site.connected(ann)
    await ben.does("POST", f"{CONVERSATIONS}{talk}/read/", {"message_id": first["id"]})
    assert (await ben.talks())[0]["unread_count"] == 0
    assert hears.heard == []


def _everything(talk: str, message: str) -> list[tuple[str, str, object]]:
    path = f"{CONVERSATIONS}{talk}"
    return [
        ("GET", f"{path}/", None),
        ("PATCH", f"{path}/", {"title": "Mine"}),
        ("GET", f"{path}/messages/", None),
        ("POST", f"{path}/messages/", {"message": "Hi"}),
        ("POST", f"{path}/read/", None),
        ("PATCH", f"{path}/messages/{message}/", {"message": "Hi"}),
        ("DELETE", f"{path}/messages/{message}/", None),
        ("POST", f"{path}/participants/", {"user_id": NOBODY}),
        ("DELETE", f"{path}/participants/{NOBODY}/", None),
        ("POST", f"{path}/leave/", None),
    ]


# -- groups


async def test_a_group_is_joined_renamed_and_left(ann: Writer, ben: Writer, cat: Writer) -> None:
    talk = await ann.talks_with(ben, title="Film <b>night</b>")
    path = f"{CONVERSATIONS}{talk}/"
    await ann.says(talk, "Before")
    assert await ben.status("PATCH", path, {"title": "Mine"}) == 403
    assert (await ann.does("PATCH", path, {"title": "Films"}))["title"] == "Films"
    added = await ben.does("POST", f"{path}participants/", {"user_id": cat.id})
    assert len(added["participants"]) == 3
    assert (await cat.talks())[0]["unread_count"] == 0, "what was said before they came is not news"
    assert await cat.reads(talk) == ["Before"]
    assert await ben.status("DELETE", f"{path}participants/{cat.id}/") == 403
    assert await ann.status("DELETE", f"{path}participants/{ben.id}/") == 204
    assert await ben.status("GET", path) == 404
    assert await ann.status("DELETE", f"{path}participants/me/") == 204
    assert [one["role"] for one in (await cat.talks())[0]["participants"]] == ["owner"]
    await cat.does("POST", f"{path}leave/")
    assert await cat.talks() == []


async def test_a_group_is_not_of_those_who_are_not_there(ann: Writer, ben: Writer) -> None:
    for people in ([NOBODY, ben.id], [], [ann.id], [f"{NOBODY[:-4]}{n:04}" for n in range(60)]):
        answer = await ann.ask("POST", CONVERSATIONS, {"participants": people, "title": "Film"})
        assert (answer.status_code, set(answer.json())) == (400, {"participants"}), people[:3]
    direct = await ann.talks_with(ben)
    assert await ann.status("POST", f"{CONVERSATIONS}{direct}/leave/") == 400
    assert await ann.talks_with(ben, title="A group of two") != direct


async def test_who_is_mentioned_in_a_group_is_told_of_that(ann: Writer, ben: Writer, cat: Writer) -> None:
    talk = await ann.talks_with(ben, cat, title="Film")
    await ann.says(talk, "Will you come, @Ben?")
    assert [one["type"] for one in (await ben.notices())["results"]] == ["mention"]
    [notice] = (await cat.notices())["results"]
    assert (notice["type"], notice["title"], notice["message"]) == (
        "message",
        "ann in Film",
        "Will you come, @Ben?",
    )
    await cat.does("POST", f"{CONVERSATIONS}{talk}/read/")
    assert (await cat.notices())["unread_count"] == 0


# -- files


async def test_files_go_with_a_message_to_those_in_the_conversation_only(
    site: Messenger, ann: Writer, ben: Writer, cat: Writer
) -> None:
    talk = await ann.talks_with(ben)
    files = [
        ("attachments", ("../../föto.png", PNG, "text/html")),
        ("attachments", ("page.html", b"<script>alert(1)</script>", "text/html")),
    ]
    sent = await ann.ask("POST", f"{CONVERSATIONS}{talk}/messages/", files=files, data={"message": "Look"})
    assert sent.status_code == 201, sent.text
    assert [(one["name"], one["content_type"]) for one in sent.json()["attachments"]] == [
        ("föto.png", "image/png"),
        ("page.html", "text/plain"),
    ]
    for file, content in zip(sent.json()["attachments"], (PNG, files[1][1][1]), strict=True):
        path = file["url"].removeprefix("/api")
        fetched = await ben.ask("GET", path)
        assert fetched.content == content
        assert fetched.headers["content-type"].partition(";")[0] == file["content_type"]
        assert fetched.headers["content-disposition"].startswith("attachment;")
        assert fetched.headers["x-content-type-options"] == "nosniff"
        assert await cat.status("GET", path) == 404
    assert await ann.status("DELETE", f"{CONVERSATIONS}{talk}/messages/{sent.json()['id']}/") == 204
    assert await ben.status("GET", path) == 404
    assert list((site.folder / "attachments").iterdir()) == [], "what is deleted is nowhere any more"


async def test_a_file_is_sent_in_the_conversation_for_which_it_was_uploaded(ann: Writer, ben: Writer) -> None:
    talk, group = await ann.talks_with(ben), await ann.talks_with(ben, title="Film")
    uploaded = await ann.ask("POST", f"{CONVERSATIONS}{talk}/attachments/", files={"file": ("a.png", PNG)})
    files = {"attachments": [uploaded.json()["results"][0]["id"]]}
    refused = await ann.ask("POST", f"{CONVERSATIONS}{group}/messages/", files)
    assert (refused.status_code, set(refused.json())) == (400, {"attachments"})
    assert await ann.status("POST", f"{CONVERSATIONS}{talk}/messages/", files) == 201


async def test_a_file_is_uploaded_first_and_sent_once(site: Messenger, ann: Writer, ben: Writer) -> None:
    talk = await ann.talks_with(ben)
    path = f"{CONVERSATIONS}{talk}/"
    uploaded = await ann.ask("POST", f"{path}attachments/", files={"file": ("a.png", PNG)})
    [file] = uploaded.json()["results"]
    url = file["url"].removeprefix("/api")
    assert await ben.status("GET", url) == 404, "it has not been sent"
    assert await ben.status("POST", f"{path}messages/", {"attachments": [file["id"]]}) == 400
    sent = await ann.does("POST", f"{path}messages/", {"attachments": [file["id"]]})
    assert (sent["message"], sent["message_type"], sent["attachments"]) == ("", "file", [file])
    assert await ann.status("POST", f"{path}messages/", {"attachments": [file["id"]]}) == 400
    assert await ben.status("GET", url) == 200
    await ann.ask("POST", f"{path}attachments/", files={"file": ("b.png", PNG)})
    shelf = site.folder / "attachments"
    assert [one.stat().st_mode & 0o777 for one in shelf.iterdir()] == [0o600, 0o600]
    site.desk.clock.turn(DAY_MS + 1)
    await site.attachments.forget()
    assert [one.name for one in shelf.iterdir()] == [file["id"]]


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00\x03", b"\x7fELF\x02", bytes(range(256)), b"x" * (5 * 1024 * 1024 + 1)]
)
async def test_what_is_no_file_of_ours_is_refused_and_nothing_is_kept(
    site: Messenger, ann: Writer, ben: Writer, content: bytes
) -> None:
    talk = await ann.talks_with(ben)
    answer = await ann.ask(
        "POST", f"{CONVERSATIONS}{talk}/messages/", files={"file": ("a.png", content, "image/png")}
    )
    assert (answer.status_code, set(answer.json())) == (400, {"attachments"})
    assert not (site.folder / "attachments").exists()
    assert await ann.reads(talk) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nhello"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n--x--',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n1\r\n--x--\r\n"),
        ("multipart/form-data; boundary=\xff", b"\xff\xfe"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: \xff\r\n\r\n1\r\n--x--\r\n"),
        ("application/x-www-form-urlencoded", b"message=hi"),
        ("text/plain", b"hi"),
        ("", b""),
    ],
)
async def test_what_is_no_form_is_refused(
    site: Messenger, ann: Writer, ben: Writer, kind: str, body: bytes
) -> None:
    talk = await ann.talks_with(ben)
    headers = {b"authorization": f"Bearer {ann.token}".encode(), b"content-type": kind.encode("latin-1")}
    for path in ("messages", "attachments"):
        answer = await site.http.post(f"{CONVERSATIONS}{talk}/{path}/", content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (path, answer.text)
    assert await ann.reads(talk) == []


# -- how much is asked of the database


async def test_lists_take_as_many_statements_for_many_as_for_one(site: Messenger, ann: Writer) -> None:
    numbers = []
    for round_ in range(2):
        for number in range(1 + 5 * round_):
            other = await site.person(f"other{round_}{number}")
            talk = await other.talks_with(ann)
            await other.says(talk, "Hello")
            await ann.ask("POST", f"{CONVERSATIONS}{talk}/messages/", files={"file": ("a.png", PNG)})
        with counted() as statements:
            listed = await ann.talks()
        numbers.append(len(statements))
    assert len(listed) == 7
    assert numbers[0] == numbers[1] <= 8


async def test_saying_something_takes_as_many_statements_to_many_as_to_few(
    site: Messenger, ann: Writer
) -> None:
    numbers = []
    for size in (2, 9):
        others = [await site.person(f"of{size}x{number}") for number in range(size)]
        talk = await ann.talks_with(*others, title=f"Group of {size}")
        await ann.says(talk, "First")
        with counted() as statements:
            await ann.says(talk, "Second")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]
