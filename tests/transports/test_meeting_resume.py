"""Lines that break and come back: nobody is told that somebody left, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clocks import TurnedClock
from tests.service.world import PLAIN, World
from tests.transports.meeting_room import ROOM, Client, House, Said
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.roster import Role
from tutti.infra.memory_log import MemoryLog


def data(heard: list[Said]) -> list[tuple[str, Said]]:
    return [(said["event"], said["data"]) for said in heard]


# -- the grace


async def test_a_lost_line_is_told_as_that_and_20_seconds_later_as_leaving() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.loses_its_line()
        assert ada.only("peer-reconnecting") == {"peerId": "ben"}
        await house.passes(19.5)
        assert ada.take() == []
        await house.passes(1)
        assert ada.only("peer-left") == {"peerId": "ben"}


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1011, 1012, 1013])
async def test_every_close_code_but_1000_is_a_lost_line(code: int) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.closes(code)
        await house.passes(0.5)
        assert ada.events() == ["peer-reconnecting"]
        await house.back(ben)
        assert ada.only("peer-reconnected") == {"peerId": "ben", "resumed": True}


async def test_whoever_comes_while_somebody_is_missed_is_told_so() -> None:
    async with House() as house:
        _, ben = await house.meeting("ada", "ben")
        ben.loses_its_line()
        cat = house.connects()
        assert (await cat.joins(peerId="cat"))["peers"] == ["ada", "ben"]
        assert cat.only("peer-reconnecting") == {"peerId": "ben"}


async def test_who_comes_back_is_told_what_it_missed_and_nothing_else() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ben.says("raise-hand")
        ben.take()
        ben.loses_its_line()
        await ada.says("chat-message", id="m1", message="one")
        await ada.says("room-locked")
        await cat.says("leave")
        await ada.says("room-unlocked")
        await house.enters("dan")
        again = house.connects()
        peers = await again.joins(
            resumeToken=ben.token, epoch=ben.epoch, lastSeq=ben.last_seq, username="Ben"
        )
        assert (peers["resumed"], peers["yourId"], peers["chat"]) == (True, "ben", [])
        assert peers["peers"] == ["ada", "cat"], "as they were before what follows"
        heard = again.take()
        assert [said["event"] for said in heard] == [
            "raise-hand", "chat-message", "room-locked", "peer-left", "room-unlocked", "peer-joined",
        ]  # fmt: skip
        seqs = [said["seq"] for said in heard]
        assert seqs == sorted(set(seqs))
        assert seqs[-1] == (await house.room()).seq
        assert (await house.room()).hands == ("ben",), "and kept its hand up"


async def test_what_one_said_before_the_line_broke_is_acknowledged_not_told() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.writes({"event": "chat-message", "data": {"id": "m1", "message": "did you hear?"}})
        ben.loses_its_line()
        await house.passes(1)
        again = await house.back(ben)
        assert [said["data"]["id"] for said in again.take() if said["event"] == "chat-ack"] == ["m1"]
        await again.says("chat-message", id="m1", message="did you hear?")
        assert again.only("chat-ack")["id"] == "m1"
        assert ada.events().count("chat-message") == 1


async def test_without_what_was_last_heard_or_with_what_is_not_known_everything_is_told_afresh() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        for resume in (
            {},
            {"lastSeq": 1},
            {"epoch": "another life", "lastSeq": 1},
            {"epoch": ben.epoch, "lastSeq": 10**9},
        ):
            ben.loses_its_line()
            ada.take()
            again = house.connects()
            peers = await again.joins(resumeToken=ben.token, username="Ben", **resume)
            assert (peers["yourId"], peers["resumed"], peers["peers"]) == ("ben", False, ["ada"])
            assert ada.only("peer-reconnected") == {"peerId": "ben", "resumed": False}
            ben = again


async def test_what_is_for_one_alone_waits_while_its_line_is_broken() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        ben.loses_its_line()
        await ada.says("private-message", id="p1", targetPeerId="ben", message="one")
        await ada.says("offer", targetPeerId="ben", sdp="v=0")
        await ada.says("candidate", targetPeerId="ben", candidate="c")
        await ada.says("ask-unmute", targetPeerId="ben")
        assert cat.events() == ["peer-reconnecting"]
        again = await house.back(ben)
        events = again.events()
        assert [event for event in events if event in ("private-message", "unmute-requested")] == [
            "private-message", "unmute-requested",
        ]  # fmt: skip
        assert [event for event in events if event in ("offer", "candidate")] == ["offer", "candidate"]


async def test_nothing_waits_for_somebody_who_was_not_in_the_call() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await house.asks("dan", c.Join("Dan"))
        await ada.says("private-message", id="p1", targetPeerId="dan", message="before you called")
        dan = house.connects()
        await dan.joins(
            resumeToken=house.world.hall.passes.issue(RoomId(ROOM), MemberId("dan")), username="Dan"
        )
        assert "private-message" not in dan.events()
        assert ben.ended is None


async def test_a_mailbox_is_bounded_and_gone_with_its_owner() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.loses_its_line()
        for n in range(400):
            await ada.says("private-message", id=f"p{n}", targetPeerId="ben", message=str(n))
        again = await house.back(ben)
        assert [said["data"]["message"] for said in again.take()] == [str(n) for n in range(400 - 256, 400)]
        again.loses_its_line()
        await ada.says("private-message", id="late", targetPeerId="ben", message="too late")
        await house.passes(21)
        assert not (await house.live()).calls._boxes
        newcomer = house.connects()
        await newcomer.joins(resumeToken=ben.token, username="Ben")
        assert newcomer.take() == []


async def test_joining_again_on_the_same_connection_tells_what_was_missed() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("room-locked")
        ben.take()
        seq = ben.last_seq
        await ben.says("join", username="Ben", epoch=ben.epoch, lastSeq=seq - 1)
        heard = ben.take()
        assert [said["event"] for said in heard] == ["peers", "room-locked"]
        assert ada.events() == ["room-locked"], "nobody was lost for that"


async def test_one_whose_film_goes_on_is_only_gone_from_the_call() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        session, probe = house.world.connect()
        session.hear(PLAIN, "enter", [msgspec.Raw(b'"DAILY"'), msgspec.Raw(b'"ben"')], None)
        await house.passes(0.2)
        ben.loses_its_line()
        assert ada.only("peer-reconnecting") == {"peerId": "ben"}
        await house.passes(21)
        assert ada.only("peer-left") == {"peerId": "ben"}
        assert MemberId("ben") in (await house.room()).members
        assert probe.closed_with is None
        again = house.connects()
        await again.joins(resumeToken=ben.token, username="Ben")
        assert ada.only("peer-joined") == {"peerId": "ben", "username": "Ben"}


async def test_who_is_kicked_while_its_line_is_broken_is_out_and_hears_it_when_it_comes_back() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.loses_its_line()
        ada.take()
        await ada.says("kicked", targetPeerId="ben")
        assert ada.only("peer-left") == {"peerId": "ben"}
        again = house.connects()
        await again.says("join", resumeToken=ben.token, username="Ben", epoch=ben.epoch, lastSeq=ben.last_seq)
        assert again.take()[-1]["data"]["reason"] == "expelled"
        assert again.ended == 1000


async def test_whose_grace_is_over_is_a_newcomer_to_the_others_and_so_to_itself() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.loses_its_line()
        await house.passes(21)
        await ada.says("chat-message", id="m1", message="where is he?")
        again = house.connects()
        resume = {"resumeToken": ben.token, "epoch": ben.epoch, "lastSeq": ben.last_seq}
        peers = await again.joins(username="Ben", **resume)
        assert (peers["yourId"], peers["resumed"], peers["peers"]) == ("ben", False, ["ada"])
        assert [line["id"] for line in peers["chat"]] == ["m1"]
        assert again.take() == []
        assert ada.events() == ["peer-reconnecting", "peer-left", "chat-ack", "peer-joined"]


# -- the host's seat


async def test_a_lost_host_is_stood_in_for_and_has_its_seat_back_within_a_minute() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ada.says("promote-co-host", targetPeerId="cat")
        await ada.says("room-locked")
        for client in (ben, cat):
            client.take()
        ada.loses_its_line()
        await house.passes(20.5)
        assert data(ben.take()) == [
            ("peer-reconnecting", {"peerId": "ada"}),
            ("peer-left", {"peerId": "ada"}),
            ("host-changed", {"hostId": "cat", "reason": "lost"}),
        ]
        await cat.says("set-password", password="let me in")
        await house.passes(30)
        assert data(ben.take()) == [("password-changed", {"protected": True})]
        again = house.connects()
        peers = await again.joins(resumeToken=ada.token, username="Ada")
        assert (peers["isHost"], peers["hostId"], peers["yourId"]) == (True, "ada", "ada")
        assert data(ben.take()) == [
            ("peer-joined", {"peerId": "ada", "username": "Ada"}),
            ("host-changed", {"hostId": "ada", "reason": "returned"}),
            ("role-changed", {"peerId": "cat", "role": "co-host"}),
        ]
        assert (await house.room()).members[MemberId("cat")].role is Role.MODERATOR


async def test_neither_lock_nor_waiting_room_nor_password_nor_a_full_room_stops_whoever_holds_the_lease() -> (
    None
):
    async with House(capacity=2) as house:
        ada, ben = await house.meeting("ada", "ben")
        ada.loses_its_line()
        await house.passes(21)
        await house.enters("cat")
        await ben.says("room-locked")
        await ben.says("enable-waiting-room")
        await ben.says("set-password", password="secret")
        await house.passes(0.5)
        stranger = house.connects()
        await stranger.says("join", peerId="ada", username="Not Ada")
        assert stranger.take()[0]["event"] == "error", "the lease is of one who can prove to be it"
        again = house.connects()
        assert (await again.joins(resumeToken=ada.token, username="Ada"))["isHost"]


async def test_the_same_browser_holds_the_lease_of_a_front_end_that_knows_no_tokens() -> None:
    async with House() as house:
        cookie = f"tutti_browser={'a' * 20}"
        ada = house.connects(cookie=cookie)
        await ada.joins(peerId="ada", username="Ada")
        await house.enters("ben")
        ada.loses_its_line()
        await house.passes(40)
        again = house.connects(cookie=cookie)
        peers = await again.joins(peerId="ada", username="Ada")
        assert (peers["yourId"], peers["isHost"]) == ("ada", True)


async def test_another_tab_of_the_same_browser_is_somebody_else() -> None:
    async with House() as house:
        cookie = f"tutti_browser={'a' * 20}"
        ada = house.connects(cookie=cookie)
        await ada.joins(peerId="ada", username="Ada")
        tab = house.connects(cookie=cookie)
        peers = await tab.joins(peerId="ada", username="Ada")
        assert (peers["yourId"] == "ada", peers["isHost"], peers["peers"]) == (False, False, ["ada"])
        assert ada.ended is None


async def test_after_a_minute_the_seat_is_whoevers_it_is() -> None:
    async with House() as house:
        ada, _ = await house.meeting("ada", "ben")
        ada.loses_its_line()
        await house.passes(61)
        again = house.connects()
        peers = await again.joins(resumeToken=ada.token, username="Ada")
        assert (peers["isHost"], peers["hostId"]) == (False, "ben")


async def test_a_host_that_leaves_has_no_lease() -> None:
    async with House() as house:
        ada, _ = await house.meeting("ada", "ben")
        await ada.says("leave")
        again = house.connects()
        assert not (await again.joins(resumeToken=ada.token, username="Ada"))["isHost"]


async def test_who_stood_in_and_was_lost_as_well_does_not_take_the_lease() -> None:
    async with House() as house:
        ada, ben, _ = await house.meeting("ada", "ben", "cat")
        ada.loses_its_line()
        await house.passes(21)
        ben.loses_its_line()
        await house.passes(21)
        again = house.connects()
        assert (await again.joins(resumeToken=ada.token, username="Ada"))["isHost"]


# -- the server itself


async def test_after_a_kill_everything_is_as_it_was_for_those_who_come_back() -> None:
    log, clock = MemoryLog(), TurnedClock()
    one = House(world=World(log, clock))
    await one.__aenter__()
    ada, ben, cat = await one.meeting("ada", "ben", "cat")
    await ada.says("promote-co-host", targetPeerId="ben")
    await ada.says("room-locked")
    await cat.says("raise-hand")
    await ben.says("raise-hand")
    await cat.says("screen-share-start")
    await ada.says("chat-message", id="m1", message="hello")
    for client in (ada, ben, cat):
        client.take()
    before = await one.room()
    two = House(world=World(log, clock))
    two.world.hall.passes = one.world.hall.passes
    async with two:  # the first is never told: it is as dead as a killed process
        cats = await two.back(cat)
        assert cats.take() == [
            {"event": "peer-reconnecting", "data": {"peerId": "ada"}},
            {"event": "peer-reconnecting", "data": {"peerId": "ben"}},
        ]
        fresh = two.connects()
        peers = await fresh.joins(resumeToken=ben.token, username="Ben")
        assert peers["roomLocked"]
        assert [line["message"] for line in peers["chat"]] == ["hello"]
        told = {one["peerId"]: one for one in peers["participants"]}
        assert [told[who]["role"] for who in ("ada", "ben", "cat")] == ["host", "co-host", "participant"]
        assert [told[who]["handOrder"] for who in ("ada", "ben", "cat")] == [None, 2, 1]
        assert told["cat"]["sharing"]
        again = await two.back(ada)
        assert cats.events() == ["peer-reconnected", "peer-reconnected"]
        assert again.take() == []
        assert await two.room() == before
    await one.__aexit__()


async def test_who_does_not_come_back_after_a_restart_leaves_in_the_end() -> None:
    log, clock = MemoryLog(), TurnedClock()
    one = House(world=World(log, clock))
    await one.__aenter__()
    ada, _ = await one.meeting("ada", "ben")
    ada.take()
    two = House(world=World(log, clock))
    two.world.hall.passes = one.world.hall.passes
    async with two:
        again = await two.back(ada)
        await two.passes(61)
        assert again.events() == ["peer-reconnecting", "peer-left"]
    await one.__aexit__()


async def test_who_comes_back_after_a_restart_only_to_watch_along_is_gone_from_the_call() -> None:
    log, clock = MemoryLog(), TurnedClock()
    one = House(world=World(log, clock))
    await one.__aenter__()
    ada, _ = await one.meeting("ada", "ben")
    ada.take()
    two = House(world=World(log, clock))
    two.world.hall.passes = one.world.hall.passes
    async with two:
        again = await two.back(ada)
        session, _ = two.world.connect()
        session.hear(PLAIN, "enter", [msgspec.Raw(b'"DAILY"'), msgspec.Raw(b'"ben"')], None)
        await two.passes(61)
        assert again.events() == ["peer-reconnecting", "peer-left"]
        assert MemberId("ben") in (await two.room()).members
    await one.__aexit__()


# -- the property

STEPS = st.sampled_from(["chat", "whisper", "hand", "lock", "kill", "back", "wait"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STEPS, st.integers(0, 2)), min_size=5, max_size=40))
async def test_a_socket_killed_for_5_seconds_loses_doubles_and_reorders_nothing(
    steps: list[tuple[str, int]],
) -> None:
    async with House() as house:
        story = Story(house, await house.meeting("ada", "ben", "cat"))
        for n, (step, who) in enumerate(steps):
            await story.goes_on(n, step, who)
        await story.ends()
        for who, book in enumerate(story.books):
            assert {"peer-left", "host-changed", "error"}.isdisjoint(book.events)
            assert book.seqs == sorted(set(book.seqs)), "no number twice, none out of order"
            assert book.lines == story.said
            assert book.whispers == story.whispered[who]
        assert [line.id for line in (await house.room()).chat] == story.said


class Book:
    """What one person has heard, over all its connections. `lines`: its own as well, as they were acknowledged."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.seqs: list[int] = []
        self.lines: list[str] = []
        self.whispers: list[str] = []

    def read(self, heard: list[Said]) -> None:
        for said in heard:
            self.events.append(said["event"])
            if "seq" in said:
                self.seqs.append(said["seq"])
            if said["event"] == "chat-message" or (said["event"] == "chat-ack" and "seq" in said):
                self.lines.append(said["data"]["id"])
            if said["event"] == "private-message":
                self.whispers.append(said["data"]["id"])


class Story:
    """Three in a meeting whose lines break, each for 5 seconds at most."""

    def __init__(self, house: House, there: list[Client]) -> None:
        self.house = house
        self.there = there
        self.books = [Book() for _ in there]
        self.said: list[str] = []
        self.whispered: list[list[str]] = [[] for _ in there]
        self._dead: dict[int, float] = {}
        self._unanswered: set[int] = set()

    async def goes_on(self, n: int, step: str, who: int) -> None:
        await self._come_back(4_000.0)
        if step == "wait":
            await self.house.passes(1)
        elif who in self._dead:
            await (self._back(who) if step == "back" else self.house.passes(0.1))
        elif step == "kill":
            self._kill(who)
        else:
            await self._says(n, step, who)

    async def ends(self) -> None:
        await self._come_back(0.0)
        await self.house.passes(1)
        for book, client in zip(self.books, self.there, strict=True):
            book.read(client.take())

    async def _says(self, n: int, step: str, who: int) -> None:
        other = (who + 1 + n % 2) % 3
        if step == "chat":
            self.said.append(f"m{n}")
            await self._sends(n, who, "chat-message", id=f"m{n}", message=str(n))
        elif step == "whisper":
            self.whispered[other].append(f"p{n}")
            to = self.there[other].id
            await self._sends(n, who, "private-message", id=f"p{n}", targetPeerId=to, message="x")
        elif step == "hand":
            await self._sends(n, who, "raise-hand" if n % 2 else "lower-hand")
        elif step == "lock" and who == 0:
            await self._sends(n, who, "room-locked" if n % 2 else "room-unlocked")

    async def _sends(self, n: int, who: int, event: str, /, **data: object) -> None:
        """Sometimes so that whatever comes next, a kill even, comes before it is answered."""
        if who in self._unanswered:
            await self.house.passes(0.1)
            self._unanswered.clear()
        self.there[who].writes({"event": event, "data": data})
        self._unanswered.add(who)
        if n % 3:
            await self.house.passes(0.1)

    def _kill(self, who: int) -> None:
        self.books[who].read(self.there[who].take())
        self.there[who].loses_its_line()
        self._dead[who] = self.house.world.clock.now_ms()

    async def _come_back(self, after_ms: float) -> None:
        now_ms = self.house.world.clock.now_ms()
        for who in [one for one, since_ms in self._dead.items() if now_ms - since_ms >= after_ms]:
            await self._back(who)

    async def _back(self, who: int) -> None:
        del self._dead[who]
        before = self.there[who]
        before.last_seq = max([before.last_seq, *self.books[who].seqs])
        self.there[who] = await self.house.back(before)
        self.books[who].read(self.there[who].take())
