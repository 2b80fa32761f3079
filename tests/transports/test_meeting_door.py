"""Waiting to be let in, passwords, capacity; and who records, whom nothing of that stops."""

from __future__ import annotations

from tests.clocks import TurnedClock
from tests.service.world import World
from tests.transports.meeting_room import ROOM, Client, House
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.membership import MOST_KNOCKS
from tutti.core.refusals import Reason, Refused
from tutti.infra.memory_log import MemoryLog
from tutti.service.limits import Limits, Rate


async def with_waiting_room(house: House, *who: str) -> list[Client]:
    clients = await house.meeting(*who)
    await clients[0].says("enable-waiting-room")
    assert [client.only("waiting-room-changed") for client in clients] == [{"enabled": True}] * len(clients)
    return clients


async def knocks(house: House, who: str, **join: object) -> Client:
    client = house.connects()
    await client.says("join", peerId=who, username=who.title(), **join)
    return client


# -- the waiting room


async def test_who_knocks_waits_and_those_who_may_let_in_are_told() -> None:
    async with House() as house:
        ada, ben, cat = await with_waiting_room(house, "ada", "ben", "cat")
        await ada.says("promote-co-host", targetPeerId="ben")
        for client in (ada, ben, cat):
            client.take()
        dan = await knocks(house, "dan")
        at = round(house.world.clock.wall_ms(house.world.clock.now_ms()))
        told = {"peerId": "dan", "username": "Dan", "timestamp": at}
        assert ada.only("waiting-participant-joined") == ben.only("waiting-participant-joined") == told
        assert cat.take() == [], "it is nobody else's business"
        assert dan.only("waiting") == {"position": 1}
        await dan.says("chat-message", id="m1", message="let me in")
        await dan.says("offer", targetPeerId="ada", sdp="x")
        await dan.says("raise-hand")
        assert (ada.take(), dan.take(), dan.ended) == ([], [], None)
        await ben.says("admit-participant", peerId="dan")
        heard = dan.take()
        assert heard[0]["event"] == "peers"
        assert heard[0]["data"]["peers"] == ["ada", "ben", "cat"]
        assert [said["event"] for said in heard[1:]] == ["chat-ack"], "what it said meanwhile is said now"
        assert ada.events() == ["waiting-participant-left", "peer-joined", "chat-message"]
        assert cat.events() == ["peer-joined", "chat-message"]


async def test_who_knocked_while_ones_line_was_broken_is_told_to_those_who_may_let_in() -> None:
    async with House() as house:
        ada, ben, cat = await with_waiting_room(house, "ada", "ben", "cat")
        await ada.says("promote-co-host", targetPeerId="ben")
        for client in (ben, cat):
            client.take()
            client.loses_its_line()
        dan = await knocks(house, "dan")
        await ada.says("deny-participant", peerId="dan")
        assert dan.ended == 1000
        told = ["waiting-participant-joined", "waiting-participant-left"]
        for client, heard in ((ben, told), (cat, [])):
            again = await house.back(client)
            assert [event for event in again.events() if event.startswith("waiting-")] == heard


async def test_asking_again_while_one_waits_is_waiting_on() -> None:
    async with House() as house:
        ada, *_ = await with_waiting_room(house, "ada")
        ben = await knocks(house, "ben")
        for _ in range(2):
            await ben.says("join", peerId="ben", username="Ben")
        assert [said["data"] for said in ben.take()] == [{"position": 1}] * 3
        assert ada.events() == ["waiting-participant-joined"]
        await ada.says("admit-participant", peerId="ben")
        assert ben.events() == ["peers"]


async def test_who_is_denied_hears_it_and_is_closed_for_good() -> None:
    async with House() as house:
        ada, _ = await with_waiting_room(house, "ada", "ben")
        dan = await knocks(house, "dan")
        dan.take()
        await ada.says("deny-participant", peerId="dan")
        assert dan.only("kicked") == {"reason": "denied"}
        assert dan.ended == 1000
        assert ada.events() == ["waiting-participant-joined", "waiting-participant-left"]
        assert MemberId("dan") not in (await house.room()).members


async def test_everybody_moves_up_when_somebody_goes() -> None:
    async with House() as house:
        ada, *_ = await with_waiting_room(house, "ada")
        waiting = [await knocks(house, who) for who in ("ben", "cat", "dan")]
        assert [client.only("waiting")["position"] for client in waiting] == [1, 2, 3]
        waiting[0].loses_its_line()
        await house.passes(0.2)
        assert [client.only("waiting")["position"] for client in waiting[1:]] == [1, 2]
        assert ada.events()[-1] == "waiting-participant-left", "a knock ends with its connection"
        await ada.says("admit-all")
        assert ["peers" in client.events() for client in waiting[1:]] == [True, True]
        assert list((await house.room()).members) == ["ada", "cat", "dan"]


async def test_admitting_all_lets_in_as_many_as_there_is_room_for() -> None:
    async with House(capacity=2) as house:
        ada, *_ = await with_waiting_room(house, "ada")
        ben, cat = await knocks(house, "ben"), await knocks(house, "cat")
        assert (ben.events(), cat.events()) == (["waiting"], ["waiting"])
        await ada.says("admit-all")
        assert ben.events()[0] == "peers"
        assert cat.only("waiting") == {"position": 1}
        ada.take()
        await ada.says("admit-participant", peerId="cat")
        assert ada.refused() == ("ROOM_FULL", "admit-participant")


async def test_whoever_waits_when_the_waiting_room_ends_is_let_in() -> None:
    async with House() as house:
        ada, *_ = await with_waiting_room(house, "ada")
        ben = await knocks(house, "ben")
        ben.take()
        await ada.says("disable-waiting-room")
        assert ben.events()[0] == "peers"
        await house.enters("cat")


async def test_a_new_host_is_told_who_waits() -> None:
    async with House() as house:
        ada, ben = await with_waiting_room(house, "ada", "ben")
        await knocks(house, "dan")
        await ada.says("transfer-host", targetPeerId="ben")
        assert ben.events() == ["host-changed", "waiting-participant-joined"]
        ben.loses_its_line()
        await house.passes(1)
        again = house.connects()
        await again.joins(resumeToken=ben.token, username="Ben")
        assert again.only("waiting-participant-joined")["peerId"] == "dan"


async def test_nobody_waits_under_an_id_that_somebody_else_waits_under() -> None:
    async with House() as house:
        ada, *_ = await with_waiting_room(house, "ada")
        dan = await knocks(house, "dan")
        await knocks(house, "dan")
        assert dan.ended is None
        ids = [said["data"]["peerId"] for said in ada.take()]
        assert len(set(ids)) == 2
        assert ids[0] == "dan"


async def test_who_knocks_on_another_connection_waits_there_and_nowhere_else() -> None:
    async with House(closed=True) as house:
        ada = house.connects(query="token=ada")
        await ada.joins(username="Ada")
        await ada.says("enable-waiting-room")
        pages = [house.connects(query="token=dan") for _ in range(2)]
        for page in pages:
            await page.says("join", username="Dan")
        assert [page.events() for page in pages] == [["waiting", "kicked"], ["waiting"]]
        assert [page.ended for page in pages] == [1000, None]
        pages[0].closes()
        ada.take()
        await ada.says("admit-participant", peerId="dan")
        assert pages[1].events() == ["peers"]


async def test_when_the_last_one_leaves_whoever_waits_longest_has_the_room() -> None:
    async with House() as house:
        ada, *_ = await with_waiting_room(house, "ada")
        ben, cat = await knocks(house, "ben"), await knocks(house, "cat")
        await ada.says("leave")
        await house.passes(1)
        assert {"peers", "host-changed"} <= set(ben.events())
        assert "peers" in cat.events()
        assert (await house.room()).host == "ben"


async def test_while_a_lost_host_may_be_back_whoever_waits_waits_and_nobody_else_comes_in() -> None:
    async with House() as house:
        ada, *_ = await with_waiting_room(house, "ada")
        ben = await knocks(house, "ben")
        ben.take()
        ada.loses_its_line()
        await house.passes(50)
        assert (await house.room()).members == {}
        cat = await knocks(house, "cat")
        assert (ben.take(), cat.events()) == ([], ["waiting"])
        again = house.connects()
        assert (await again.joins(resumeToken=ada.token, username="Ada"))["isHost"]
        again.loses_its_line()
        await house.passes(85)
        assert "peers" in ben.events()
        assert (await house.room()).host == "ben"


async def test_other_dialects_cannot_wait_and_are_told_why() -> None:
    async with House() as house:
        await with_waiting_room(house, "ada")
        answer = await house.asks("wes", c.Join("Wes"))
        assert isinstance(answer, Refused)
        assert answer.reason is Reason.WAITING_ROOM


async def test_no_more_wait_than_there_is_room_for_at_the_door() -> None:
    async with House() as house:
        await with_waiting_room(house, "ada")
        for n in range(MOST_KNOCKS):
            await knocks(house, f"p{n}")
        late = await knocks(house, "late")
        assert late.refused() == ("ROOM_FULL", "join")


async def test_knocks_that_nobody_stands_behind_after_a_restart_end() -> None:
    log, clock = MemoryLog(), TurnedClock()
    one = House(world=World(log, clock))
    await one.__aenter__()
    ada, *_ = await with_waiting_room(one, "ada")
    await knocks(one, "dan")
    ada.take()
    two = House(world=World(log, clock))
    two.world.hall.passes = one.world.hall.passes
    async with two:
        again = await two.back(ada)
        await two.passes(61)
        assert again.events() == ["waiting-participant-left"]
    await one.__aexit__()


# -- the password


async def test_newcomers_need_the_password_and_those_who_were_here_do_not() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("set-password", password="let me in")
        assert ada.only("password-changed") == ben.only("password-changed") == {"protected": True}
        ben.loses_its_line()
        assert (await house.back(ben)).id == "ben"
        cat = await knocks(house, "cat")
        assert cat.refused() == ("UNAUTHORIZED", "join")
        await cat.says("join", peerId="cat", username="Cat", password="wrong")
        assert cat.take()[-1]["data"]["reason"] == "wrong_password"
        assert cat.ended is None, "it may try again"
        assert (await cat.joins(peerId="cat", username="Cat", password="let me in"))["yourId"] == "cat"
        answer = await house.asks("wes", c.Join("Wes"))
        assert isinstance(answer, Refused)
        assert answer.reason is Reason.WRONG_PASSWORD
        await ada.says("set-password", password=None)
        assert cat.take()[-1]["data"] == {"protected": False}
        await house.enters("dan")


async def test_what_is_kept_of_a_password_is_not_the_password_and_is_told_to_nobody() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("set-password", password="open sesame")
        kept = (await house.room()).password
        assert kept is not None
        assert "sesame" not in kept.salt + kept.digest
        await ada.says("set-password", password="open sesame")
        again = (await house.room()).password
        assert again is not None
        assert again.digest != kept.digest, "salted"
        await knocks(house, "cat", password="open sesame")
        said = b"".join([*ada.wire.raw, *ben.wire.raw])
        assert kept.digest.encode() not in said
        assert kept.salt.encode() not in said


async def test_who_guesses_passwords_has_to_wait() -> None:
    async with House(limits=Limits(failed_joins=Rate(1 / 60, 3.0))) as house:
        ada = await house.enters("ada")
        await ada.says("set-password", password="secret")
        codes = []
        for n in range(5):
            eve = await knocks(house, "eve", password=f"guess {n}")
            codes.append(eve.refused()[0])
        assert codes == ["UNAUTHORIZED"] * 3 + ["RATE_LIMITED"] * 2


# -- capacity


async def test_the_host_says_how_many_may_be_here() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("set-capacity", capacity=2)
        assert ben.only("capacity-changed") == {"capacity": 2}
        cat = await knocks(house, "cat")
        assert cat.refused() == ("ROOM_FULL", "join")
        await ada.says("set-capacity", capacity=0)
        assert ada.take()[-1]["data"]["code"] == "INVALID_MESSAGE"


# -- recording


async def test_that_something_is_recorded_is_told_to_everybody_and_to_whoever_comes() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("start-recording")
        at = round(house.world.clock.wall_ms(house.world.clock.now_ms()))
        started = ben.only("recording-started")
        assert (started["startedBy"], started["startTime"]) == ("ada", at)
        assert ada.only("recording-started") == started
        cat = house.connects()
        assert (await cat.joins(peerId="cat"))["recording"] == started
        await house.passes(30)
        ben.take()
        await ada.says("stop-recording")
        assert ben.only("recording-stopped") == {
            "recordingId": started["recordingId"], "duration": 30_000, "stoppedAt": at + 30_000,
        }  # fmt: skip


async def test_the_recorder_comes_in_whatever_keeps_others_out_and_goes_when_it_is_done() -> None:
    async with House(capacity=2) as house:
        ada, ben = await with_waiting_room(house, "ada", "ben")
        await ada.says("room-locked")
        await ada.says("set-password", password="secret")
        await ada.says("start-recording")
        recording = (await house.room()).recording
        assert recording is not None
        for client in (ada, ben):
            client.take()
        token = house.world.hall.passes.issue_recorder(ROOM, recording.id)
        recorder = house.connects()
        peers = await recorder.joins(username="Recorder", recorderToken=token)
        assert peers["peers"] == ["ada", "ben"]
        me = f"recorder-{recording.id}"
        assert peers["yourId"] == me
        joined = {"peerId": me, "username": "Recorder", "kind": "recorder"}
        assert ada.only("peer-joined") == ben.only("peer-joined") == joined
        await recorder.says("offer", targetPeerId="ada", sdp="v=0")
        assert ada.only("offer")["peerId"] == me
        for event in ("transfer-host", "promote-co-host", "mute-participant"):
            await ada.says(event, targetPeerId=me)
            assert ada.refused() == ("PEER_NOT_FOUND", event)
        await ada.says("stop-recording")
        assert recorder.ended == 1000
        assert ada.events() == ["recording-stopped", "peer-left"]


async def test_a_recorders_token_is_of_one_recording_in_one_room_and_only_while_it_runs() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        passes = house.world.hall.passes
        early = house.connects()
        await early.says("join", username="Recorder", recorderToken=passes.issue_recorder(ROOM, "r1"))
        assert early.refused() == ("UNAUTHORIZED", "join")
        await ada.says("start-recording")
        recording = (await house.room()).recording
        assert recording is not None
        for token in (
            passes.issue_recorder(ROOM, "r1"),
            passes.issue_recorder(RoomId("OTHER"), recording.id),
            passes.issue(ROOM, MemberId(recording.id)).replace("tp1.", "tr1."),
        ):
            other = house.connects()
            await other.says("join", username="Eve", peerId=f"recorder-{recording.id}", recorderToken=token)
            await house.passes(0.1)
            members = (await house.room()).members
            assert all(member.kind.value == "person" for member in members.values())
            assert MemberId(f"recorder-{recording.id}") not in members


async def test_when_everybody_has_left_nothing_is_recorded_and_the_recorder_goes() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        await ada.says("start-recording")
        recording = (await house.room()).recording
        assert recording is not None
        recorder = house.connects()
        token = house.world.hall.passes.issue_recorder(ROOM, recording.id)
        await recorder.joins(username="Recorder", recorderToken=token)
        await ada.says("leave")
        await house.passes(0.2)
        room = await house.room()
        assert (room.members, room.host, room.recording) == ({}, None, None)
        assert recorder.ended == 1000
