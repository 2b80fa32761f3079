"""One person's line: coming in, what waits meanwhile, how long a token counts, and what too much of it costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.platform_rows.desk import Desk
from tests.platform_rows.messenger import Messenger, world
from tests.service.world import World
from tests.transcripts.messaging import answered
from tutti.infra.sql import Database
from tutti.platform.outbox.outbox import Missed
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.limits import Limits
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission, Caps
from tutti.transports.handshake import Handshake, Headers, Rejected
from tutti.transports.people_socket import PATH, PeopleSocket, PeopleSockets
from tutti.transports.websocket import Accepted

EXPIRES_MS = 15 * 60_000.0
GRACE_MS = 31_000.0


class Far:
    """The far end, which keeps what it is sent."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.ended: tuple[int, str] | None = None
        self.paused = False

    def send(self, frame: Frame) -> None:
        self.heard.append(json.loads(frame.text))

    def close(self, code: int, reason: str) -> None:
        self.ended = self.ended or (code, reason)

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def kinds(self) -> list[str]:
        return [said["type"] for said in self.heard]


class House:
    def __init__(self, rooms: World, messenger: Messenger, hall: Hall) -> None:
        self.world = rooms
        self.messenger = messenger
        self.sockets = PeopleSockets(
            hall,
            messenger.hub,
            messenger.line,
            cors=Cors(frozenset(("https://tutti.test",))),
            admission=Admission(Caps(), lambda: 0.0),
            new_id=lambda: "id",
        )

    def route(self, query: str, *headers: tuple[bytes, bytes]) -> Accepted | Rejected:
        request = Handshake("GET", f"{PATH}/", query, Headers(headers), "192.0.2.1")
        return self.sockets.route(request)

    def opens(self, token: str, since: str = "") -> tuple[PeopleSocket, Far]:
        accepted = self.route(f"token={token}&since={since}")
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, PeopleSocket)
        far = Far()
        accepted.channel.opened(far)  # type: ignore[arg-type] # a far end that only keeps what it is sent
        return accepted.channel, far

    async def turn(self, by_ms: float) -> None:
        self.messenger.desk.clock.turn(by_ms)
        await self.world.turn(by_ms, step_ms=1_000.0)


@pytest.fixture
async def house(tmp_path: Path, database: Database) -> AsyncIterator[House]:
    await database.open()
    desk = Desk(database, limits=False)
    async with world(Limits()) as rooms:
        messenger = Messenger(desk, database, tmp_path, rooms)
        desk.hears(messenger.hall.logins)
        yield House(rooms, messenger, messenger.hall)
        await messenger.http.aclose()
    desk.close()


async def says(line: PeopleSocket, **said: object) -> None:
    line.text(json.dumps(said).encode())
    await answered(line)


async def test_what_comes_while_it_is_let_in_is_told_behind_what_was_missed_and_once(house: House) -> None:
    ann = await house.messenger.person("ann")
    await house.messenger.tells(ann, "system", 1)
    line, far = house.opens(ann.token)
    while not len(house.messenger.hub):
        await settle_once()
    await house.messenger.tells(ann, "system", 2)
    await answered(line)
    assert far.kinds() == ["connected", "notification", "notification"]
    assert [said["notification"]["data"]["n"] for said in far.heard[1:]] == [1, 2]
    await house.messenger.outbox.mark()
    assert (await house.messenger.outbox.missed(ann.id, None)).frames == ()


@pytest.mark.parametrize("is_missed", [True, False])
async def test_what_is_kept_while_it_is_looked_for_what_was_missed_is_told_once(
    house: House, monkeypatch: pytest.MonkeyPatch, is_missed: bool
) -> None:
    """`is_missed`: it is there when that is read; else it came right after."""
    ann = await house.messenger.person("ann")
    outbox = house.messenger.outbox
    missed = outbox.missed

    async def looked(user: str, since: str | None) -> Missed:
        if is_missed:
            await house.messenger.tells(ann, "system")
        found = await missed(user, since)
        if not is_missed:
            await house.messenger.tells(ann, "system")
        return found

    monkeypatch.setattr(outbox, "missed", looked)
    line, far = house.opens(ann.token)
    await answered(line)
    assert far.kinds() == ["connected", "notification"]
    await outbox.mark()
    assert (await missed(ann.id, None)).frames == ()


async def test_a_token_that_has_expired_says_nothing_more_and_ends_the_line_soon(house: House) -> None:
    ann = await house.messenger.person("ann")
    line, far = house.opens(ann.token)
    await answered(line)
    await house.turn(EXPIRES_MS + 2_000)
    await says(line, type="mark_read", notification_id="x")
    assert (far.heard[-1]["code"], far.ended) == ("unauthenticated", None)
    await house.turn(GRACE_MS)
    assert far.ended is not None
    assert far.ended[0] == 4001


async def test_a_fresh_token_keeps_it(house: House) -> None:
    ann = await house.messenger.person("ann")
    line, far = house.opens(ann.token)
    await answered(line)
    await house.turn(EXPIRES_MS - 60_000)
    logged_in = await house.messenger.desk.log_in()
    await says(line, type="authenticate", token=logged_in.tokens.access)
    assert far.heard[-1] == {"type": "authenticated"}
    await house.turn(EXPIRES_MS - 60_000)
    await says(line, type="mark_read", notification_id="x")
    assert far.heard[-1]["code"] == "not_found"
    assert far.ended is None


async def test_a_token_of_somebody_else_closes_it_and_who_has_gone_is_not_here(house: House) -> None:
    ann, ben = await house.messenger.person("ann"), await house.messenger.person("ben")
    line, far = house.opens(ann.token)
    await answered(line)
    assert house.messenger.hub.is_here(ann.id)
    await says(line, type="authenticate", token=ben.token)
    assert far.ended is not None
    assert far.ended[0] == 4001
    line.closed(*far.ended)
    assert len(house.messenger.hub) == 0


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 9_000])
async def test_nobody_is_closed_with_4001(house: House, token: str) -> None:
    line, far = house.opens(token)
    await answered_or_ended(line, far)
    assert far.ended is not None
    assert (far.ended[0], far.kinds()) == (4001, ["error"])
    assert len(house.messenger.hub) == 0


async def test_pages_of_other_sites_may_not_open_one(house: House) -> None:
    refused = house.route("token=x", (b"Origin", b"https://evil.example"), (b"Host", b"tutti.test"))
    assert isinstance(refused, Rejected)
    assert refused.status == 403


async def test_who_goes_while_being_let_in_leaves_nothing_behind(house: House) -> None:
    ann = await house.messenger.person("ann")
    line, far = house.opens(ann.token)
    line.closed(1006, "")
    await answered(line)
    for _ in range(50):
        await settle_once()
    assert far.heard == []
    assert len(house.messenger.hub) == 0
    assert house.sockets.open == set()


async def test_what_is_no_sentence_is_answered_and_it_stays(house: House) -> None:
    ann = await house.messenger.person("ann")
    line, far = house.opens(ann.token)
    await answered(line)
    for said in (b"", b"{", b"[]", b'{"type":7}', b'{"type":"typing"}', b"[" * 15_000, b"\xff"):
        line.text(said)
        await answered(line)
        assert far.heard[-1]["code"] == "invalid_message", said[:9]
    line.binary(b"\x00")
    await answered(line)
    assert far.heard[-1]["code"] == "invalid_message"
    assert far.ended is None


async def test_ten_thousand_at_once_are_not_heeded_and_harm_nobody(house: House) -> None:
    ann = await house.messenger.person("ann")
    line, far = house.opens(ann.token)
    await answered(line)
    for _ in range(10_000):
        line.text(b'{"type":"ping"}')
    was_paused = far.paused
    await answered(line)
    assert was_paused
    assert not far.paused
    assert far.kinds().count("pong") <= 200
    assert "rate_limited" in {said.get("code") for said in far.heard}
    assert far.ended is None


async def answered_or_ended(line: PeopleSocket, far: Far) -> None:
    while far.ended is None:
        await settle_once()
    line.closed(*far.ended)


async def settle_once() -> None:
    """One turn of the loop."""
    await asyncio.sleep(0)
