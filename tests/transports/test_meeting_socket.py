"""Meetings as front ends of guide 004 hold them: who is there, what is told to whom, and how it ends."""

from __future__ import annotations

from tests.transports.meeting_room import House


async def test_the_first_who_joins_opens_the_room_and_is_its_host() -> None:
    async with House() as house:
        ada = house.connects()
        peers = await ada.joins(peerId="peer_ada", username="Ada")
        assert {key: peers[key] for key in ("yourId", "peers", "isHost", "hostId", "roomLocked")} == {
            "yourId": "peer_ada",
            "peers": [],
            "isHost": True,
            "hostId": "peer_ada",
            "roomLocked": False,
        }
        ben = house.connects()
        peers = await ben.joins(peerId="peer_ben", username="Ben")
        assert (peers["peers"], peers["isHost"], peers["hostId"]) == (["peer_ada"], False, "peer_ada")
        assert ada.only("peer-joined") == {"peerId": "peer_ben", "username": "Ben"}
        await ben.says("leave")
        assert ben.ended == 1000
        assert ada.only("peer-left") == {"peerId": "peer_ben"}
