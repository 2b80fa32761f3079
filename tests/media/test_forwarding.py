"""One stream on its way through the SFU: what is lost is had again, and numbers go on when its source changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from tutti_media.sfu import rtcp, rtp
from tutti_media.sfu.forward import Forward
from tutti_media.sfu.pace import FIRST_BPS, LEAST_BPS, MOST_BPS, Downlink, Uplink
from tutti_media.sfu.port import Port
from tutti_media.sfu.rtp import LEVEL, Packet
from tutti_media.sfu.source import CACHED, PICTURE_EVERY_S, Source, Track

WHOLE = bytes((0x10, 0x00, 1, 2))
"""VP8: a packet that begins a key frame."""
PART = bytes((0x10, 0x01, 1, 2))
HERE, THERE = ((LEVEL, 3),), ((LEVEL, 2),)


class Wire:
    """What goes out."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def send(self, data: bytes) -> None:
        packet = rtp.parse(data, 0.0)
        assert packet is not None
        self.packets.append(packet)

    @property
    def sequences(self) -> list[int]:
        return [packet.sequence for packet in self.packets]


def packet(sequence: int, *, payload: bytes = WHOLE, timestamp: int = 0, at_s: float = 0.0) -> Packet:
    return Packet(sequence & 0xFFFF, timestamp, 7, 96, payload, at_s=at_s)


def stream(kind: str = "video") -> tuple[Track, Source, Forward, Wire]:
    track, wire = Track(kind, "stream track"), Wire()
    source = Source(kind, 7, 96, (), track)
    forward = Forward(track, 96, (), name="n", send_rtp=wire.send, send_rtcp=lambda _: None)
    forward.start()
    track.comes_from(source)
    return track, source, forward, wire


def feed(source: Source, sequences: Sequence[int], *, first: bytes = WHOLE) -> None:
    for index, sequence in enumerate(sequences):
        source.came(packet(sequence, payload=first if index == 0 else PART, at_s=index / 100))


# -- RTP


@given(st.binary(max_size=120))
def test_whatever_arrives_is_a_packet_or_nothing(data: bytes) -> None:
    found = rtp.parse(data, 0.0)
    assert found is None or found.payload in data
    rtp.is_rtcp(data)
    rtp.begins_key_frame(data)
    assert rtcp.heard(data) is not None


@given(st.binary(max_size=40), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.booleans())
def test_what_is_written_is_read(payload: bytes, sequence: int, timestamp: int, marker: bool) -> None:
    sent = Packet(sequence, timestamp, 9, 96, payload, marker=marker, elements={3: b"\x85", 5: b"xx"})
    first, tail = sent.tail(HERE, THERE)
    second = 96 | (0x80 if marker else 0)
    got = rtp.parse(rtp.HEADER.pack(first, second, sequence, timestamp, 9) + tail, 0.0)
    assert got is not None
    assert (got.sequence, got.timestamp, got.ssrc, got.marker) == (sequence, timestamp, 9, marker)
    assert got.payload == payload
    assert got.elements == {2: b"\x85"}, "under the number of the other connection, and nothing else"


def test_padding_contributing_sources_and_both_forms_of_extensions_are_read() -> None:
    two_bytes = bytes.fromhex("b1800001 00000002 00000003 0000000a 1000 0001 0501ff00") + b"media" + b"\0\0\3"
    got = rtp.parse(two_bytes, 0.0)
    assert got is not None
    assert (got.payload, got.elements, got.marker) == (b"media", {5: b"\xff"}, True)
    assert rtp.parse(bytes.fromhex("b1800001 00000002 00000003 0000000a 1000 ffff"), 0.0) is None
    assert rtp.parse(bytes.fromhex("a0800001 00000002 00000003") + b"\xff", 0.0) is None, (
        "more padding than packet"
    )


def test_a_packet_that_is_sent_again_is_the_one_before() -> None:
    repair = Packet(1, 500, 8, 97, (70_000 & 0xFFFF).to_bytes(2, "big") + b"media")
    before = rtp.sent_before(repair, 7, 96)
    assert before is not None
    assert (before.sequence, before.timestamp, before.ssrc, before.payload_type) == (
        70_000 & 0xFFFF,
        500,
        7,
        96,
    )
    assert before.payload == b"media"
    assert rtp.sent_before(Packet(1, 0, 8, 97, b""), 7, 96) is None


def test_a_key_frame_is_known_through_every_form_of_its_description() -> None:
    assert rtp.begins_key_frame(bytes((0x10, 0x00)))
    assert not rtp.begins_key_frame(bytes((0x10, 0x01))), "this one leans on those before"
    assert not rtp.begins_key_frame(bytes((0x00, 0x00))), "not its beginning"
    long_id, level, layer = 0x80, 0x40, 0x20
    described = bytes((0x90, long_id | level | layer, 0x80, 0x01, 0x05, 0x00, 0x00))
    assert rtp.begins_key_frame(described)
    assert not rtp.begins_key_frame(described[:3])


# -- in


def test_what_is_missing_is_asked_for_again_until_it_comes() -> None:
    _, source, _, wire = stream()
    feed(source, [65_533, 65_534, 2, 3])
    assert source.missing(0.02) == []
    assert source.missing(0.05) == [65_535, 0, 1]
    assert source.missing(0.06) == [], "not at once again"
    source.came(packet(0, payload=PART, at_s=0.07))
    assert source.missing(0.12) == [65_535, 1]
    assert source.missing(2.0) == [], "too late to be shown"
    assert wire.sequences == [65_533, 65_534, 2, 3, 0]


def test_a_packet_goes_out_once_however_often_it_comes() -> None:
    _, source, _, wire = stream()
    feed(source, [10, 11, 11, 10, 12])
    assert wire.sequences == [10, 11, 12]


def test_a_sender_that_counts_anew_is_not_taken_for_one_that_lost_everything() -> None:
    track, source, _, _ = stream()
    feed(source, [10, 11])
    assert track.asks_for_picture(1.0)
    source.came(packet(9_000, payload=PART, at_s=1.1))
    assert source.missing(2.0) == []
    assert track.asks_for_picture(1.1 + PICTURE_EVERY_S)


def test_a_report_says_what_was_lost() -> None:
    _, source, _, _ = stream()
    feed(source, [0, 1, 2, 3, 5, 6, 7, 9])
    told = source.reception(0.1)
    assert (told.packets_lost, told.fraction_lost, told.highest_sequence) == (2, 51, 9)
    feed(source, [10, 11])
    assert source.reception(0.2).fraction_lost == 0


# -- out


def test_a_picture_begins_with_a_whole_one() -> None:
    track, source, forward, wire = stream()
    feed(source, [1, 2], first=PART)
    assert wire.packets == []
    assert forward.waits_for_picture
    assert track.asks_for_picture(0.0)
    assert not track.asks_for_picture(0.1), "its sender is not asked all the time"
    source.came(packet(3, payload=WHOLE, at_s=0.2))
    source.came(packet(2, payload=PART, at_s=0.3))
    assert wire.sequences == [3], "nothing from before it"
    assert not forward.waits_for_picture


def test_sound_begins_with_any_packet() -> None:
    _, source, _, wire = stream("audio")
    feed(source, [1, 2], first=PART)
    assert wire.sequences == [1, 2]


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_numbers_and_time_go_on_when_the_source_changes(first: int, second: int, began: int) -> None:
    track, source, forward, wire = stream()
    feed(source, [first, first + 1])
    other = Source("video", 8, 96, (), track)
    track.comes_from(other)
    other.came(packet(second, timestamp=began, at_s=1.01))
    other.came(packet(second + 1, payload=PART, timestamp=(began + 3_000) & 0xFFFFFFFF, at_s=1.04))
    sequences, times = wire.sequences, [one.timestamp for one in wire.packets]
    assert [(b - a) & 0xFFFF for a, b in pairwise(sequences)] == [1, 1, 1]
    assert (times[2] - times[1]) & 0xFFFFFFFF == 90_000, "as long as it was silent"
    assert (times[3] - times[2]) & 0xFFFFFFFF == 3_000
    assert {one.ssrc for one in wire.packets} == {forward.ssrc}


def test_whoever_lost_a_packet_has_it_again_but_not_twice_in_a_moment() -> None:
    _, source, forward, wire = stream()
    feed(source, range(100, 110))
    forward.wanted_again([104, 105], 0.0 + 1.0)
    forward.wanted_again([104, 99], 1.001)
    assert wire.sequences[10:] == [104, 105], "what was never sent cannot be sent again"
    forward.wanted_again([104], 1.1)
    assert wire.sequences[12:] == [104]
    feed(source, range(110, 110 + CACHED), first=PART)
    forward.wanted_again([105], 3.0)
    assert wire.sequences[-1] != 105, "too long ago"


def test_whoever_left_is_sent_nothing() -> None:
    _, source, forward, wire = stream()
    feed(source, [1])
    forward.close()
    source.came(packet(2, payload=PART))
    assert wire.sequences == [1]


# -- how fast


def test_a_line_that_lets_packets_wait_is_asked_for_less_and_then_for_more_again() -> None:
    uplink = Uplink()
    assert uplink.decide(0.0, 0, []) == FIRST_BPS
    slower = uplink.decide(1.0, 100_000, [0.3])
    assert slower == pytest.approx(0.85 * 800_000)
    assert uplink.decide(2.0, 100_000, [0.5]) == LEAST_BPS, (
        "nothing came at all: but not below what a picture needs"
    )
    rates = [uplink.decide(3.0 + n, 200_000, [0.0]) for n in range(60)]
    assert rates == sorted(rates)
    assert rates[-1] == MOST_BPS


def test_whoever_loses_much_is_sent_less() -> None:
    downlink = Downlink()
    for _ in range(10):
        downlink.hears(80)
        downlink.decide()
    assert downlink.bits_per_s < MOST_BPS / 2
    for _ in range(200):
        downlink.hears(0)
        downlink.decide()
    assert downlink.bits_per_s == MOST_BPS


# -- the port


class Unreached:
    ours, password = "abcdef", "p" * 32

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def checked(self, address: object, *, chosen: bool) -> None:
        raise AssertionError(f"somebody got in from {address}, {chosen}")

    def datagram(self, data: bytes) -> None:
        self.heard.append(data)


@given(st.binary(max_size=200))
def test_what_proves_no_password_reaches_nobody(data: bytes) -> None:
    assert heard_of(data, b"\0\1" + data[2:], _forged(Unreached.ours)) == []


@pytest.mark.parametrize("attribute", ["0006 0001 ff000000", "0024 0000", "8029 0004 00000001", "0025 ffff"])
def test_a_check_that_cannot_be_read_is_passed_over(attribute: str) -> None:
    """A name that is no text, numbers that are too short, and more than there is."""
    body = bytes.fromhex(attribute)
    head = b"\0\1" + len(body).to_bytes(2, "big") + bytes.fromhex("2112a442") + bytes(12)
    assert heard_of(head + body) == []


def heard_of(*datagrams: bytes) -> list[bytes]:
    """By the only path that there is."""
    path = Unreached()
    port = Port.__new__(Port)
    port._by_name, port._by_address = {path.ours: path}, {}
    for datagram in datagrams:
        port.heard(datagram, ("127.0.0.1", 9))
    return path.heard


def _forged(name: str) -> bytes:
    asked = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": f"{name}:x"})
    asked.add_message_integrity(b"another password")
    return bytes(asked)
