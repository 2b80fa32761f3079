"""What peers are told of STUN and TURN: nothing unless it is set, and then credentials of their own."""

from __future__ import annotations

import json

import msgspec

from tutti.dialects.meet.ice import Ice

TURN = ("turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:5349")


def told(ice: Ice, peer: str = "peer_abc123", now_s: float = 1_700_000_000.9) -> object:
    return json.loads(msgspec.json.encode(ice.ice_servers(peer, now_s)))


def test_nothing_is_said_of_servers_that_were_not_set() -> None:
    assert told(Ice()) == []
    assert Ice().refresh_every_s is None


def test_stun_needs_no_credentials() -> None:
    ice = Ice(stun_urls=("stun:stun.example.org",))
    assert told(ice) == [{"urls": ["stun:stun.example.org"]}]
    assert ice.refresh_every_s is None


def test_turn_credentials_are_an_expiry_a_peer_and_their_mac() -> None:
    """The MAC is what `openssl dgst -sha1 -hmac north -binary | base64` says of the username."""
    ice = Ice(turn_urls=TURN, turn_secret=b"north", turn_ttl_s=600)
    assert told(ice) == [
        {
            "urls": list(TURN),
            "username": "1700000600:peer_abc123",
            "credential": "84BzO2GgIDXYhE+/05D+IPDaZTA=",
        }
    ]


def test_everybody_is_told_again_while_what_they_have_still_counts() -> None:
    ice = Ice(turn_urls=TURN, turn_secret=b"north", turn_ttl_s=600)
    assert ice.refresh_every_s == 300


def test_the_secret_is_in_nothing_that_is_printed() -> None:
    assert "north" not in repr(Ice(turn_urls=TURN, turn_secret=b"north"))
