"""What is passed from peer to peer: stamped, and otherwise as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutti.core.ids import MemberId
from tutti.dialects.meet.relay import MAX_MESSAGE, relayed
from tutti.service.dialect import Malformed

ADA = MemberId("ada")
TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OPAQUE = TEXT | st.dictionaries(TEXT, JSON, max_size=4)


def message(event: str, **data: Any) -> bytes:
    return json.dumps({"event": event, "data": data}).encode()


@given(st.sampled_from(["offer", "answer", "candidate"]), OPAQUE, st.booleans(), st.booleans())
def test_what_a_message_carries_leaves_as_the_bytes_it_came_as(
    event: str, carried: Any, spaced: bool, ascii_only: bool
) -> None:
    name = "candidate" if event == "candidate" else "sdp"
    opaque = json.dumps(carried, ensure_ascii=ascii_only, indent=2 if spaced else None).encode()
    raw = b'{"data": {"targetPeerId": "bob", "%b": %b}, "event": "%b"}' % (
        name.encode(),
        opaque,
        event.encode(),
    )
    made = relayed(raw, ADA)
    assert (made.kind, made.target) == (event, "bob")
    assert b'"%b":%b' % (name.encode(), opaque) in made.frame
    assert json.loads(made.frame) == {
        "event": event,
        "data": {"targetPeerId": "bob", name: carried, "peerId": "ada"},
    }


@pytest.mark.parametrize(
    "claimed",
    [
        '"peerId":"mal"',
        '"peerId":"mal","peerId":"malory"',
        '"pe\\u0065rId":"mal"',
        '"peerId":{"x":1}',
        '"x":1',
    ],
)
def test_the_sender_is_the_true_one_and_named_once(claimed: str) -> None:
    raw = b'{"event":"offer","data":{%b,"targetPeerId":"bob","sdp":"v=0"}}' % claimed.encode()
    frame = relayed(raw, ADA).frame
    pairs = json.loads(frame, object_pairs_hook=list)[1][1]
    assert [value for key, value in pairs if key == "peerId"] == ["ada"]
    assert b"mal" not in frame


def test_members_said_twice_are_said_once() -> None:
    raw = b'{"event":"kicked","event":"offer","data":1,"data":{"targetPeerId":"mal","targetPeerId":"bob","sdp":"v=0"}}'
    with pytest.raises(Malformed):
        relayed(raw, ADA)
    raw = b'{"event":"offer","data":{"targetPeerId":"mal","targetPeerId":"bob","sdp":"v=0"}}'
    assert relayed(raw, ADA).target == "bob"
    assert b"mal" not in relayed(raw, ADA).frame


def test_a_name_is_the_one_the_room_knows() -> None:
    raw = message("offer", targetPeerId="bob", username="<b>Eve</b>", sdp="v=0")
    assert json.loads(relayed(raw, ADA, "Ada").frame)["data"]["username"] == "Ada"
    assert "username" not in json.loads(relayed(raw, ADA).frame)["data"]


def test_members_of_their_own_are_kept() -> None:
    raw = message("offer", targetPeerId="bob", sdp="v=0", type="screen", mids=["0"])
    data = json.loads(relayed(raw, ADA).frame)["data"]
    assert (data["type"], data["mids"]) == ("screen", ["0"])


def test_the_end_of_candidates_is_one() -> None:
    assert relayed(message("candidate", targetPeerId="bob", candidate=None), ADA).kind == "candidate"


@pytest.mark.parametrize(
    "raw",
    [
        message("kicked", targetPeerId="bob"),
        message("kicked", targetPeerId="bob", sdp="v=0"),
        message("Offer", targetPeerId="bob", sdp="v=0"),
        message("offer", sdp="v=0"),
        message("offer", targetPeerId=7, sdp="v=0"),
        message("offer", targetPeerId="", sdp="v=0"),
        message("offer", targetPeerId="b" * 129, sdp="v=0"),
        message("offer", targetPeerId="bob"),
        message("offer", targetPeerId="bob", sdp=None),
        message("offer", targetPeerId="bob", sdp=["v=0"]),
        message("candidate", targetPeerId="bob", sdp="v=0"),
        message("offer", targetPeerId="bob", sdp="v=0", **{str(n): n for n in range(20)}),
        message("offer", targetPeerId="bob", sdp="v" * MAX_MESSAGE),
        b'{"event":"offer","data":[]}',
        b'{"event":"offer","data":{"targetPeerId":"bob","sdp":"\\q"}}',
        b'{"event":"offer","data":{"targetPeerId":"bob","sdp":"v=0"}} x',
    ],
)
def test_everything_else_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        relayed(raw, ADA)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"event":"offer","data":{"targetPeerId":"bob","sdp":' + b"[" * 30_000)
@example(
    b'{"event":"offer","data":{"targetPeerId":"bob","sdp":{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}}}"
)
@example(b'{"event":"offer","data":{"targetPeerId":"\\ud800","sdp":"v=0"}}')
def test_garbage_is_malformed_and_nothing_worse(raw: bytes) -> None:
    try:
        frame = relayed(raw, ADA).frame
    except Malformed:
        return
    assert json.loads(frame)["data"]["peerId"] == "ada"
