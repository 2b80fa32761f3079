"""RTP as it arrives: taken apart, put in order, made into frames."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from tests.media.sender import Sender
from tutti_media.recorder import rtp
from tutti_media.recorder.ordering import Ordering
from tutti_media.recorder.rtp import Packet
from tutti_media.recorder.vp8 import Picture, Pictures, descriptor, key_size


def packet(sequence: int, payload: bytes = b"x") -> Packet:
    return Packet(sequence & 0xFFFF, 0, 96, False, 7, payload)


def test_header_extension_and_padding_are_not_payload() -> None:
    extension = struct.pack("!HH", rtp.ONE_BYTE, 1) + b"\x10" + b"2" + b"\x00\x00"
    data = struct.pack("!BBHII", 0xB0, 0x80 | 96, 5, 6, 7) + extension + b"payload" + b"\x00\x00\x03"
    read = rtp.parse(data)
    assert read is not None
    assert (read.sequence, read.timestamp, read.ssrc, read.marker, read.payload) == (
        5,
        6,
        7,
        True,
        b"payload",
    )
    assert rtp.extension(read, 1) == b"2"
    assert rtp.extension(read, 2) is None


@given(st.binary(max_size=80))
def test_no_datagram_breaks_the_parser(data: bytes) -> None:
    read = rtp.parse(data)
    if read is not None:
        rtp.extension(read, 1)
        rtp.unwrapped(read, 96, 7)


def test_a_packet_sent_again_is_the_packet_that_was_lost() -> None:
    again = Packet(900, 6, 97, True, 8, b"\x01\x02rest")
    assert rtp.unwrapped(again, 96, 7) == Packet(0x0102, 6, 96, True, 7, b"rest")
    assert rtp.unwrapped(again._replace(payload=b""), 96, 7) is None


def test_reordered_packets_come_out_in_order_over_the_end_of_the_count() -> None:
    ordering = Ordering(settle_s=0.0)
    read: list[int] = []
    for number in (65_534, 0, 65_535, 3, 2, 1, 2):
        read += [one.sequence for one, gap in ordering.add(packet(number), 0.0) if not gap]
    assert read == [65_534, 65_535, 0, 1, 2, 3]


def test_the_first_packets_may_overtake_one_another() -> None:
    ordering = Ordering(settle_s=0.15)
    assert ordering.add(packet(2), 0.0) == ordering.add(packet(1), 0.1) == []
    assert ordering.add(packet(3), 0.16) == [(packet(1), False), (packet(2), False), (packet(3), False)]
    assert ordering.first == 1


def test_a_missing_packet_is_asked_for_until_it_is_given_up() -> None:
    ordering = Ordering(patience_s=0.8, ask_again_s=0.05, settle_s=0.0)
    ordering.add(packet(1), 0.0)
    assert ordering.add(packet(3), 0.0) == []
    assert ordering.to_ask_for(0.0) == [2]
    assert ordering.to_ask_for(0.04) == []
    assert ordering.to_ask_for(0.06) == [2]
    assert ordering.to_ask_for(0.15) == []
    assert ordering.to_ask_for(0.17) == [2]
    assert ordering.give_up(0.79) == []
    assert ordering.give_up(0.81) == [(packet(3), True)]
    assert (ordering.to_ask_for(2.0), ordering.given_up) == ([], 1)


def test_a_packet_whose_answers_are_lost_too_is_asked_for_often_enough_to_be_had() -> None:
    """On a line that loses every twelfth, four questions in vain happen in every hour, and six do not in days."""
    ordering = Ordering()
    ordering.add(packet(1), 0.0)
    ordering.give_up(0.2)
    ordering.add(packet(3), 0.2)
    beats_s = (0.21 + 0.05 * beat for beat in range(40))
    asked_s = [now_s for now_s in beats_s if not ordering.give_up(now_s) and ordering.to_ask_for(now_s)]
    assert len(asked_s) >= 6


def test_a_sender_that_counts_from_somewhere_else_is_followed() -> None:
    ordering = Ordering(settle_s=0.0)
    ordering.add(packet(10), 0.0)
    assert ordering.add(packet(30_000), 0.0) == [(packet(30_000), True)]
    assert ordering.add(packet(30_001), 0.0) == [(packet(30_001), False)]


@given(st.permutations(range(12)), st.sets(st.integers(1, 11), max_size=4), st.integers(0, 65_535))
def test_whatever_the_order_each_packet_is_read_once_and_in_order(
    order: list[int], lost: set[int], first: int
) -> None:
    ordering = Ordering(patience_s=1.0, settle_s=0.0)
    ordering.add(packet(first - 1), 0.0)
    read: list[int] = []
    for number in order:
        if number not in lost:
            read += [(one.sequence - first) & 0xFFFF for one, _ in ordering.add(packet(first + number), 0.1)]
    read += [(one.sequence - first) & 0xFFFF for one, _ in ordering.give_up(2.0)]
    assert read == [number for number in range(12) if number not in lost]


def pictures_of(packets: list[Packet], *, without: int | None = None) -> tuple[Pictures, list[Picture]]:
    pictures, ordering = Pictures(), Ordering(patience_s=0.0, settle_s=0.0)
    found: list[Picture | None] = []
    for number, one in enumerate(packets):
        if number != without:
            read = ordering.add(one, 0.0) + ordering.give_up(1.0)
            found += [pictures.add(each, after_gap=gap) for each, gap in read]
    return pictures, [picture for picture in found if picture is not None]


def test_frames_are_whole_and_their_key_frames_known() -> None:
    sender = Sender(7, 90_000)
    packets = [
        *sender.picture(0.0, key=True, parts=3),
        *sender.picture(0.1, key=False),
        *sender.picture(0.2, key=True, parts=1),
    ]
    pictures, found = pictures_of(packets)
    assert [(one.key, one.size) for one in found] == [(True, (640, 360)), (False, None), (True, (640, 360))]
    assert found[0].data.endswith(b"\x01" * 50 + b"\x02" * 50)
    assert (pictures.wants_key, pictures.left_out) == (False, 0)


def test_after_a_loss_nothing_is_shown_until_the_next_key_frame() -> None:
    sender = Sender(7, 90_000)
    packets = [
        one
        for at, key in ((0.0, True), (0.1, False), (0.2, False), (0.3, True), (0.4, False))
        for one in sender.picture(at, key=key)
    ]
    _, found = pictures_of(packets, without=2)
    assert [one.timestamp for one in found] == [sender.timestamp(at) for at in (0.0, 0.3, 0.4)]


def test_the_descriptor_may_say_more_than_we_need() -> None:
    assert descriptor(b"\x10x") == (1, True)
    assert descriptor(b"\x00x") == (1, False)
    assert descriptor(b"\x11x") == (1, False)  # the second partition of a frame begins no frame
    assert descriptor(b"\x90\xe0\x81\x02\x03\x04x") == (6, True)  # 15 bits of picture id, TL0PICIDX, TID
    assert descriptor(b"\x90\x80\x01x") == (3, True)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_no_payload_breaks_the_frames(payloads: list[bytes]) -> None:
    pictures = Pictures()
    for number, payload in enumerate(payloads):
        picture = pictures.add(packet(number, payload)._replace(marker=number % 2 == 0), after_gap=False)
        assert picture is None or picture.size == key_size(picture.data)
