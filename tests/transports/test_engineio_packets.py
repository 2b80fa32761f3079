"""Engine.IO v4, "Packet encoding"."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti.service.frames import Attached, Frame
from tutti.transports.engineio_packets import (
    Binary,
    BinaryFrame,
    Handshake,
    PacketError,
    decode_payload,
    encode_open,
    encode_payload,
)


def test_open_packet_names_the_session_and_its_times_in_milliseconds() -> None:
    packet = encode_open(Handshake("s", ("websocket",), 25000, 20000, 1000000))
    assert packet[:1] == b"0"
    assert json.loads(packet[1:]) == {
        "sid": "s",
        "upgrades": ["websocket"],
        "pingInterval": 25000,
        "pingTimeout": 20000,
        "maxPayload": 1000000,
    }


def test_payload_splits_at_the_record_separator() -> None:
    assert decode_payload(b"4hello\x1e3\x1e4world") == [b"4hello", b"3", b"4world"]


def test_binary_packet_travels_in_base64_behind_a_b() -> None:
    assert decode_payload(b"4hello\x1ebAQIDBA==") == [b"4hello", Binary(b"\x01\x02\x03\x04")]
    assert encode_payload([Frame(b"4hello"), BinaryFrame(b"\x01\x02\x03\x04")]) == b"4hello\x1ebAQIDBA=="


def test_attachments_follow_their_text() -> None:
    frame = Attached(b"452-[]", (b"\x01\x02", b"\x03"))
    assert encode_payload([frame, Frame(b"2")]) == b"452-[]\x1ebAQI=\x1ebAw==\x1e2"


def test_binary_frame_is_a_websocket_binary_message() -> None:
    assert BinaryFrame(b"\x01\x02").wire == b"\x82\x02\x01\x02"


@pytest.mark.parametrize(
    "body",
    [b"", b"abc", b"7", b"4ok\x1e", b"4ok\x1e\x1e4ok", b"b!", b"bAQ", b"b=AQI", b"4\xff", b"B", b"\x1e"],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(PacketError):
        decode_payload(body)


@given(st.binary(max_size=200))
def test_no_payload_raises_anything_but_a_packet_error(body: bytes) -> None:
    try:
        packets = decode_payload(body)
    except PacketError:
        return
    assert len(packets) == body.count(b"\x1e") + 1


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x1e")).map(str.encode)


@given(st.lists(st.one_of(texts.map(lambda t: Frame(b"4" + t)), st.binary().map(BinaryFrame)), min_size=1))
def test_what_is_encoded_is_decoded(frames: list[Frame]) -> None:
    sent = [Binary(f.text) if isinstance(f, BinaryFrame) else f.text for f in frames]
    assert decode_payload(encode_payload(frames)) == sent
