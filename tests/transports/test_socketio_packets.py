"""Socket.IO v5, "Packet encoding"."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti.service.frames import Attached, Frame
from tutti.transports.socketio_packets import (
    MAX_ATTACHMENTS,
    RESERVED,
    Acknowledgement,
    Connect,
    Disconnect,
    Event,
    Incomplete,
    PacketError,
    ack_frame,
    connect_error_frame,
    connect_frame,
    decode,
    disconnect_frame,
    event_frame,
    placeholder,
)


def values(packet: Event | Acknowledgement) -> list[Any]:
    return [json.loads(bytes(arg)) for arg in packet.args]


class TestDecode:
    def test_event_keeps_its_arguments_as_json(self) -> None:
        event = decode(b'2["move", {"x": 1.50}, "a", null]')
        assert isinstance(event, Event)
        assert (event.name, event.ack, event.namespace) == ("move", None, "/")
        assert [bytes(arg) for arg in event.args] == [b'{"x": 1.50}', b'"a"', b"null"]

    def test_event_that_wants_an_answer_has_an_id(self) -> None:
        event = decode(b'212["move"]')
        assert isinstance(event, Event)
        assert (event.name, event.args, event.ack) == ("move", [], 12)

    def test_event_in_a_namespace(self) -> None:
        event = decode(b'2/admin,7["move",[1]]')
        assert isinstance(event, Event)
        assert (event.namespace, event.ack, values(event)) == ("/admin", 7, [[1]])

    def test_name_may_be_a_number(self) -> None:
        event = decode(b"2[5,6]")
        assert isinstance(event, Event)
        assert (event.name, values(event)) == ("5", [6])

    def test_name_is_unescaped(self) -> None:
        event = decode('2["\\u00e9\\n€"]'.encode())
        assert isinstance(event, Event)
        assert event.name == "é\n€"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (b"0", Connect("/", None)),
            (b'0{"token":"123"}', Connect("/", b'{"token":"123"}')),
            (b"0/admin", Connect("/admin", None)),
            (b"0/admin,", Connect("/admin", None)),
            (b'0/admin,{"token":"123"}', Connect("/admin", b'{"token":"123"}')),
            (b"1", Disconnect("/")),
            (b"1/admin,", Disconnect("/admin")),
            (b"1/admin", Disconnect("/admin")),
        ],
    )
    def test_connect_and_disconnect(self, text: bytes, expected: Connect | Disconnect) -> None:
        assert decode(text) == expected

    def test_acknowledgement(self) -> None:
        packet = decode(b'3/admin,13["bar"]')
        assert isinstance(packet, Acknowledgement)
        assert (packet.id, packet.namespace, values(packet)) == (13, "/admin", ["bar"])
        assert isinstance(decode(b"30[]"), Acknowledgement)

    def test_binary_event_waits_for_its_attachments(self) -> None:
        packet = decode(b'52-/admin,9["x",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]')
        assert isinstance(packet, Incomplete)
        assert packet.missing == 2
        event = packet.complete((b"\x01", b"\x02"))
        assert isinstance(event, Event)
        assert (event.name, event.ack, event.namespace) == ("x", 9, "/admin")
        assert event.attachments == (b"\x01", b"\x02")

    def test_binary_acknowledgement_waits_for_its_attachments(self) -> None:
        packet = decode(b'61-15["bar",{"_placeholder":true,"num":0}]')
        assert isinstance(packet, Incomplete)
        answer = packet.complete((b"\x01",))
        assert isinstance(answer, Acknowledgement)
        assert (answer.id, answer.attachments) == (15, (b"\x01",))

    def test_longest_id_is_any_that_a_double_counts(self) -> None:
        event = decode(b'29007199254740991["x"]')
        assert isinstance(event, Event)
        assert event.ack == 2**53 - 1


ONE = b'["x",{"_placeholder":true,"num":0}]'


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"abc",
        b"7",
        b"9[]",
        b"-1",
        # events: a payload is a must, an array that begins with a name
        b"2",
        b"2{}",
        b"2[]",
        b'2"x"',
        b"2[{}]",
        b"2[null]",
        b"2[[]]",
        b'2["x"',
        b'2["x"]]',
        b'2["x",]',
        b'2["x",01]',
        b'2["x",NaN]',
        b'2["x",{"a"}]',
        b'2["x\xff"]',
        b'2abc["x"]',
        b'2-1["x"]',
        b'21.5["x"]',
        b'2/admin["x"]',
        *(b"2" + json.dumps([name]).encode() for name in sorted(RESERVED)),
        *(b"2/a,1" + json.dumps([name, 1]).encode() for name in sorted(RESERVED)),
        # connect, disconnect, acknowledgement, refusal
        b"0[]",
        b'0"x"',
        b"01",
        b"0{",
        b'1{"a":1}',
        b"11",
        b"1[]",
        b"3",
        b"31",
        b"3[]",
        b"31{}",
        b'4{"message":"no"}',
        b"4",
        # attachments: announced, numbered from 0, neither too many nor too few
        b"5" + ONE,
        b"5-" + ONE,
        b"50-" + ONE,
        b'50-["x"]',
        b"52-" + ONE,
        b"5-1-" + ONE,
        b"51.5-" + ONE,
        b"51e0-" + ONE,
        b"5999-" + ONE,
        b"59999999999-" + ONE,
        b"21-" + ONE,
        b'51-["x"]',
        b'51-["x",{"_placeholder":true,"num":1}]',
        b'51-["x",{"_placeholder":true,"num":-1}]',
        b'51-["x",{"_placeholder":true,"num":0.0}]',
        b'51-["x",{"_placeholder":true,"num":"0"}]',
        b'51-["x",{"_placeholder":true,"num":true}]',
        b'51-["x",{"_placeholder":true}]',
        b'51-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        b'51-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1e30}]',
        b"61-" + ONE,
        b"6" + ONE,
        # a namespace is printable and not endless
        b'2/\xc3\xa9,["x"]',
        b'2/a\x00,["x"]',
        b"0/a\n",
        b"0/" + b"a" * 1000,
    ],
)
def test_malformed_packet_is_refused(text: bytes) -> None:
    with pytest.raises(PacketError):
        decode(text)


def test_million_digit_id_is_refused_without_being_read_as_a_number() -> None:
    with pytest.raises(PacketError):
        decode(b"2" + b"1" * 1_000_000 + b'["x"]')


@pytest.mark.parametrize("opening", [b'2["x",', b"2", b'0{"a":', b'51-["x",', b"2/a,", b'31["x",'])
@pytest.mark.parametrize("bracket", [b"[]", b"{}"])
def test_deep_nesting_is_refused(opening: bytes, bracket: bytes) -> None:
    start, end = (b"[", b"]") if bracket == b"[]" else (b'{"a":', b"}")
    closing = b"]" if b"[" in opening else b""
    with pytest.raises(PacketError):
        decode(opening + start * 100_000 + b"1" + end * 100_000 + closing)


def test_as_many_attachments_as_allowed_and_no_more() -> None:
    def announced(count: int) -> bytes:
        return b'5%d-["x",%s]' % (count, b",".join(map(placeholder, range(count))))

    assert isinstance(decode(announced(MAX_ATTACHMENTS)), Incomplete)
    with pytest.raises(PacketError):
        decode(announced(MAX_ATTACHMENTS + 1))


class TestEncode:
    def test_event(self) -> None:
        assert event_frame("foo", b"1", b'{"a":2}').text == b'42["foo",1,{"a":2}]'
        assert event_frame("bar", namespace="/admin").text == b'42/admin,["bar"]'
        assert event_frame("foo", ack=12).text == b'4212["foo"]'
        assert event_frame('a"b').text == b'42["a\\"b"]'

    def test_acknowledgement(self) -> None:
        assert ack_frame(13, b'"bar"', namespace="/admin").text == b'43/admin,13["bar"]'
        assert ack_frame(0).text == b"430[]"

    def test_binary(self) -> None:
        event = event_frame("baz", placeholder(0), attachments=(b"\x01\x02",))
        assert isinstance(event, Attached)
        assert event.text == b'451-["baz",{"_placeholder":true,"num":0}]'
        assert event.attachments == (b"\x01\x02",)
        answer = ack_frame(15, placeholder(0), namespace="/a", attachments=(b"\x01",))
        assert answer.text == b'461-/a,15[{"_placeholder":true,"num":0}]'

    def test_connect_and_its_refusal(self) -> None:
        assert connect_frame("s1").text == b'40{"sid":"s1"}'
        assert connect_frame("s1", "/admin").text == b'40/admin,{"sid":"s1"}'
        assert connect_error_frame("Not authorized").text == b'44{"message":"Not authorized"}'
        assert connect_error_frame("No", "/a", b"[1]").text == b'44/a,{"message":"No","data":[1]}'

    def test_disconnect(self) -> None:
        assert disconnect_frame().text == b"41"
        assert disconnect_frame("/admin").text == b"41/admin,"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)
names = st.text(st.characters(codec="utf-8")).filter(lambda name: name not in RESERVED)
namespaces = st.sampled_from(["/", "/admin", "/a/b", "/1"])
acks = st.none() | st.integers(0, 2**53 - 1)


@given(names, st.lists(json_values, max_size=4), namespaces, acks)
def test_what_is_encoded_is_decoded(name: str, args: list[Any], namespace: str, ack: int | None) -> None:
    frame = event_frame(name, *(json.dumps(arg).encode() for arg in args), namespace=namespace, ack=ack)
    event = decode(frame.text[1:])
    assert isinstance(event, Event)
    assert (event.name, event.namespace, event.ack, values(event)) == (name, namespace, ack, args)


@given(st.lists(st.binary(), min_size=1, max_size=MAX_ATTACHMENTS), namespaces, st.integers(0, 999))
def test_attachments_are_found_where_they_were_put(data: list[bytes], namespace: str, ack: int) -> None:
    args = [placeholder(index) for index in range(len(data))]
    for frame in (
        event_frame("x", *args, namespace=namespace, ack=ack, attachments=tuple(data)),
        ack_frame(ack, *args, namespace=namespace, attachments=tuple(data)),
    ):
        assert isinstance(frame, Attached)
        packet = decode(frame.text[1:])
        assert isinstance(packet, Incomplete)
        assert packet.missing == len(data)
        assert packet.complete(frame.attachments).attachments == tuple(data)


pieces = st.sampled_from(
    [
        b"0",
        b"1",
        b"2",
        b"3",
        b"5",
        b"6",
        b"-",
        b"/",
        b",",
        b"[",
        b"]",
        b"{",
        b"}",
        b'"x"',
        b":",
        b"1-",
        b"null",
    ]
)
noise = st.binary(max_size=60) | st.lists(pieces | st.just(placeholder(0)), max_size=12).map(b"".join)


@given(noise)
def test_nothing_raises_anything_but_a_packet_error(text: bytes) -> None:
    try:
        packet = decode(text)
    except PacketError:
        return
    assert isinstance(packet, Event | Acknowledgement | Connect | Disconnect | Incomplete)


def test_frames_are_plain_unless_something_is_attached() -> None:
    assert type(event_frame("x")) is Frame
