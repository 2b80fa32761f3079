"""People are taken to breakout rooms and back on the connection that they have; to others they have gone and come."""

from __future__ import annotations

from tests.service.test_live_room import FailingLog
from tests.service.world import World
from tests.transports.meeting_room import Client, House, Said
from tutti.core.ids import MemberId, RoomId
from tutti.infra.memory_log import MemoryLog


def of(heard: list[Said], event: str) -> list[Said]:
    return [said["data"] for said in heard if said["event"] == event]


async def broken_out(house: House, **create: object) -> tuple[list[Client], list[str]]:
    """Ada hosts; Ben and Cat are in the one room that there is."""
    clients = await house.meeting("ada", "ben", "cat")
    await clients[0].says("breakout-create", **{"rooms": [{"name": "One"}], "auto": True, **create})
    await house.passes(0.2)
    [*_, shown] = of(clients[0].take(), "breakouts")
    return clients, [room["breakoutId"] for room in shown["rooms"]]


async def test_who_is_moved_meets_those_who_are_there_and_leaves_the_others() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ada.says("breakout-create", rooms=[{"name": "One"}], auto=True)
        await house.passes(0.2)
        heard = cat.take()
        assert {said["peerId"] for said in of(heard, "peer-left")} >= {"ada"}
        [moved] = of(heard, "breakout-moved")
        assert moved["name"] == "One"
        [peers] = of(heard, "peers")
        assert peers["yourId"] == "cat"
        assert peers["hostId"] is None
        met = set(peers["peers"]) | {said["peerId"] for said in of(heard, "peer-joined")}
        assert met == {"ben"}
        at_ada = ada.take()
        assert {said["peerId"] for said in of(at_ada, "peer-left")} == {"ben", "cat"}
        assert all(said["reason"] == "breakout" for said in of(at_ada, "peer-left"))
        [*_, shown] = of(at_ada, "breakouts")
        assert sorted(shown["rooms"][0]["peers"]) == ["ben", "cat"]
        assert ben.ended is cat.ended is None


async def test_what_is_said_in_one_is_heard_there_and_nowhere_else() -> None:
    async with House() as house:
        (ada, ben, cat), _ = await broken_out(house)
        for client in (ben, cat):
            client.take()
        await ben.says("chat-message", id="m1", message="Only us")
        await ben.says("raise-hand")
        assert ben.events() == ["chat-ack"]
        assert cat.events() == ["chat-message", "raise-hand"]
        assert ada.take() == []


async def test_signals_go_to_peers_of_the_same_breakout_room_only() -> None:
    async with House() as house:
        (ada, ben, cat), _ = await broken_out(house)
        for client in (ben, cat):
            client.take()
        await ben.says("offer", targetPeerId="cat", sdp="v=0")
        assert cat.only("offer")["peerId"] == "ben"
        await ben.says("offer", targetPeerId="ada", sdp="v=0")
        assert ben.refused() == ("PEER_NOT_FOUND", "offer")
        assert ada.take() == []


async def test_everybody_returns_with_role_and_hand_when_they_are_closed() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ada.says("promote-co-host", targetPeerId="ben")
        await cat.says("raise-hand")
        await ada.says("breakout-create", rooms=[{"name": "One"}], assign={"ben": 0, "cat": 0})
        await house.passes(0.2)
        for client in (ada, ben, cat):
            client.take()
        await ben.says("breakout-close")
        await house.passes(0.2)
        heard = cat.take()
        [*_, peers] = of(heard, "peers")
        everybody = {one["peerId"]: one for one in peers["participants"]}
        assert everybody["ben"]["role"] == "co-host"
        assert everybody["cat"]["handRaised"] is True
        assert peers["hostId"] == "ada"
        assert {said["peerId"] for said in of(ada.take(), "peer-joined")} == {"ben", "cat"}
        await cat.says("chat-message", id="m1", message="Back")
        assert "chat-message" in ada.events()


async def test_warnings_at_60_and_10_seconds_and_then_the_end() -> None:
    async with House() as house:
        (ada, _ben, cat), _ = await broken_out(house, durationSeconds=90)
        cat.take()
        await house.passes(31)
        assert of(cat.take(), "breakout-warning") == [{"secondsLeft": 60}]
        assert of(ada.take(), "breakout-warning") == [{"secondsLeft": 60}]
        await house.passes(50)
        assert of(cat.take(), "breakout-warning") == [{"secondsLeft": 10}]
        await ada.says("breakout-extend", seconds=60)
        await house.passes(15)
        assert of(cat.take(), "breakout-moved") == []
        await house.passes(60)
        [moved] = of(cat.take(), "breakout-moved")
        assert moved["breakoutId"] is None


async def test_words_reach_all_rooms_and_help_those_who_moderate() -> None:
    async with House() as house:
        (ada, ben, cat), [one] = await broken_out(house)
        for client in (ben, cat):
            client.take()
        await ada.says("breakout-broadcast", message="Five minutes")
        assert ben.only("breakout-message")["message"] == "Five minutes"
        assert cat.only("breakout-message")["peerId"] == "ada"
        ada.take()
        await ben.says("breakout-help")
        assert ada.only("breakout-help") == {"peerId": "ben", "username": "Ben", "breakoutId": one}
        assert cat.take() == []


async def test_oneself_may_return_and_only_those_who_moderate_move_others() -> None:
    async with House() as house:
        (ada, ben, cat), [one] = await broken_out(house)
        for client in (ben, cat):
            client.take()
        await ben.says("breakout-assign", peerId="cat", breakoutId=None)
        assert ben.refused()[0] == "UNAUTHORIZED"
        await ben.says("breakout-return")
        await house.passes(0.2)
        assert of(ben.take(), "breakout-moved")[0]["breakoutId"] is None
        assert of(cat.take(), "peer-left") == [{"peerId": "ben"}]
        await ada.says("breakout-assign", peerId="ben", breakoutId=one)
        await house.passes(0.2)
        assert of(ben.take(), "breakout-moved")[0]["breakoutId"] == one


async def test_a_line_lost_in_a_breakout_room_comes_back_there_and_missed_nothing() -> None:
    async with House() as house:
        (_, ben, cat), _ = await broken_out(house)
        for client in (ben, cat):
            client.take()
        [peers] = [said for said in ben.wire.heard if said["event"] == "peers"][-1:]
        ben.epoch, ben.token = peers["data"]["epoch"], peers["data"]["resumeToken"]
        ben.last_seq = peers["data"]["seq"]
        ben.loses_its_line()
        await house.passes(5)
        await cat.says("chat-message", id="m1", message="Where are you?")
        again = house.connects()
        await again.says("join", username="Ben", resumeToken=ben.token, epoch=ben.epoch, lastSeq=ben.last_seq)
        await house.passes(0.2)
        heard = again.take()
        [moved] = of(heard, "breakout-moved")
        assert moved["name"] == "One"
        assert [said["message"] for said in of(heard, "chat-message")] == ["Where are you?"]
        assert "peer-left" not in cat.events()


async def test_who_stays_away_is_gone_from_everywhere_after_its_grace() -> None:
    async with House() as house:
        (ada, ben, cat), _ = await broken_out(house)
        cat.take()
        ben.loses_its_line()
        await house.passes(21)
        assert of(cat.take(), "peer-left") == [{"peerId": "ben"}]
        assert {"peerId": "ben"} in of(ada.take(), "peer-left")
        live = house.world.rooms.alive()
        assert all(MemberId("ben") not in room.state.members for room in live if room.state is not None)


async def test_who_leaves_while_nothing_can_be_kept_is_gone_from_everywhere_a_little_later() -> None:
    log = FailingLog()
    async with House(log=log) as house:
        (ada, ben, cat), _ = await broken_out(house)
        log.full = True
        for client in (ada, ben):
            client.closes()
        await house.passes(1)
        log.full = False
        await house.passes(40)
        rooms = [room.state for room in house.world.rooms.alive() if room.state is not None]
        assert len(rooms) == 2
        assert {member for room in rooms for member in room.members} == {"cat"}
        assert cat.ended is None


async def test_who_is_removed_while_away_is_out() -> None:
    async with House() as house:
        (ada, ben, _cat), _ = await broken_out(house)
        ben.take()
        await ada.says("kicked", targetPeerId="ben")
        await house.passes(0.2)
        assert "kicked" in ben.events()
        assert ben.ended == 1000


async def test_nobody_comes_in_by_the_id_of_a_breakout_room() -> None:
    async with House() as house:
        _, [one] = await broken_out(house)
        stranger = house.connects(RoomId(one))
        await stranger.says("join", peerId="eve", username="Eve")
        assert stranger.take()[0]["event"] == "error"


async def test_only_those_who_moderate_open_rooms_and_nonsense_is_refused() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says("breakout-create", rooms=[{"name": "One"}])
        assert ben.refused() == ("UNAUTHORIZED", "breakout-create")
        wrong: list[dict[str, object]] = [
            {"rooms": []},
            {"rooms": "One"},
            {"rooms": [{"name": "<b>One</b>"}]},
            {"rooms": [{"name": "One"}], "assign": {"ben": 7}},
            {"rooms": [{"name": "One"}], "assign": {"nobody": 0}},
            {"rooms": [{"name": "One"}], "durationSeconds": -1},
            {"rooms": [{"name": "x"}] * 200},
        ]
        for nonsense in wrong:
            await ada.says("breakout-create", **nonsense)
            assert ada.refused()[1] == "breakout-create"
        assert ben.take() == []


async def test_after_a_restart_people_come_back_to_where_they_were_and_are_called_back_in_time() -> None:
    log = MemoryLog()
    async with House(world=World(log=log)) as house:
        (_ada, ben, _cat), [one] = await broken_out(house, durationSeconds=30)
        token = ben.token
        issue = house.world.hall.passes
    async with House(world=World(log=log)) as after:
        after.world.hall.passes = issue
        back = after.connects()
        await back.says("join", username="Ben", resumeToken=token)
        await after.passes(0.2)
        heard = back.take()
        assert of(heard, "breakout-moved")[0]["breakoutId"] == one
        assert of(heard, "peers")[0]["yourId"] == "ben"
        await after.passes(40)
        assert of(back.take(), "breakout-moved")[0]["breakoutId"] is None
