"""The wire of RFC 6455 as a server must read it, held to the case classes of the public fuzzing suite."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame as PeerFrame
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from tutti.transports import wsframes
from tutti.transports.wsframes import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Broken, Reader

FIN = 0x80
LIMIT = 1_000_000

Heard = tuple[str, bytes]


class Listener:
    """Writes down what the reader says, in order. Stops it after `halt_after` messages."""

    def __init__(self, *, max_payload: int = LIMIT, halt_after: int = -1) -> None:
        self.heard: list[Heard] = []
        self.reader = Reader(self, self, max_payload)
        self._left = halt_after

    def text(self, data: bytes) -> None:
        assert type(data) is bytes
        self._hear("text", data)

    def binary(self, data: bytes) -> None:
        assert type(data) is bytes
        self._hear("binary", data)

    def control(self, opcode: int, payload: bytes) -> None:
        self.heard.append((f"control {opcode}", payload))

    def _hear(self, kind: str, data: bytes) -> None:
        self.heard.append((kind, data))
        self._left -= 1
        self.reader.halted = self._left == 0

    def feed(self, chunks: Iterable[bytes]) -> int:
        """The close code that the stream earns, or 0 while it is a valid one."""
        try:
            for chunk in chunks:
                self.reader.feed(chunk)
        except Broken as broken:
            return broken.code
        return 0


def frame(first: int, payload: bytes = b"", *, mask: bytes = b"\x11\x22\x33\x44", digits: int = 0) -> bytes:
    """As a client sends it. `digits`: the bytes of an extended length, when it shall not be the shortest."""
    length = len(payload)
    digits = digits or (0 if length < 126 else 2 if length < 65536 else 8)
    short = length if digits == 0 else 126 if digits == 2 else 127
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes((first, 0x80 | short)) + (length.to_bytes(digits, "big") if digits else b"") + mask + masked


def hear(*frames: bytes) -> list[Heard]:
    listener = Listener()
    assert listener.feed(frames) == 0
    return listener.heard


def refuse(*frames: bytes) -> int:
    return Listener().feed(frames)


# -- framing (class 1) and limits (9)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 65535, 65536, 1_000_000])
@pytest.mark.parametrize("chunk", [997, 10_000_000])
def test_a_message_of_any_length_comes_out_as_it_went_in(opcode: int, size: int, chunk: int) -> None:
    wire = frame(FIN | opcode, b"*" * size)
    pieces = [wire[at : at + chunk] for at in range(0, len(wire), chunk)]
    assert hear(*pieces) == [("text" if opcode == TEXT else "binary", b"*" * size)]


@pytest.mark.parametrize(("payload", "code"), [(1000, 0), (1001, wsframes.TOO_BIG)])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_the_limit_is_on_the_payload_and_exact(opcode: int, payload: int, code: int) -> None:
    assert Listener(max_payload=1000).feed([frame(FIN | opcode, b"x" * payload)]) == code


@pytest.mark.parametrize("first", [FIN | TEXT, TEXT])
def test_a_short_limit_holds_on_the_short_path_too(first: int) -> None:
    assert Listener(max_payload=10).feed([frame(first, b"x" * 11)]) == wsframes.TOO_BIG


def test_fragments_are_counted_together() -> None:
    listener = Listener(max_payload=1000)
    assert listener.feed([frame(TEXT, b"x" * 600), frame(CONTINUATION, b"x" * 400)]) == 0
    assert listener.feed([frame(FIN | CONTINUATION, b"x")]) == wsframes.TOO_BIG


def test_a_message_too_long_is_refused_before_its_bytes_have_come() -> None:
    announced = bytes((FIN | BINARY, 0xFF)) + (2**40).to_bytes(8, "big") + b"mask"
    assert refuse(announced) == wsframes.TOO_BIG


def test_control_frames_pass_through_a_message_that_is_full() -> None:
    listener = Listener(max_payload=10)
    wire = [frame(TEXT, b"x" * 10), frame(FIN | PING, b"y" * 100), frame(FIN | CONTINUATION)]
    assert listener.feed(wire) == 0
    assert listener.heard == [(f"control {PING}", b"y" * 100), ("text", b"x" * 10)]


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(frame(FIN | TEXT, b"x" * 100, digits=2), id="16 bits for 100"),
        pytest.param(frame(FIN | TEXT, b"x" * 100, digits=8), id="64 bits for 100"),
        pytest.param(frame(FIN | TEXT, b"x" * 1000, digits=8), id="64 bits for 1000"),
        pytest.param(bytes((FIN | TEXT, 0xFF)) + b"\xff" * 8 + b"mask", id="the highest bit"),
    ],
)
def test_a_length_has_one_spelling(wire: bytes) -> None:
    assert refuse(wire) == wsframes.PROTOCOL_ERROR


@pytest.mark.parametrize("first", [FIN | TEXT, TEXT, FIN | BINARY, FIN | PING, FIN | CLOSE])
@pytest.mark.parametrize("length", [0, 5, 126, 127])
def test_a_frame_that_is_not_masked_is_an_error(first: int, length: int) -> None:
    assert refuse(bytes((first, length)) + b"x" * 20) == wsframes.PROTOCOL_ERROR


# -- pings and pongs (2)


@pytest.mark.parametrize("opcode", [PING, PONG])
@pytest.mark.parametrize("payload", [b"", b"hello", bytes(range(120, 245)), b"\xff\xfe"])
def test_a_control_frame_keeps_its_payload(opcode: int, payload: bytes) -> None:
    assert hear(frame(FIN | opcode, payload)) == [(f"control {opcode}", payload)]


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_holds_at_most_125_bytes(opcode: int) -> None:
    assert refuse(frame(FIN | opcode, b"x" * 126)) == wsframes.PROTOCOL_ERROR


# -- reserved bits and opcodes (3, 4)


@pytest.mark.parametrize("reserved", [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70])
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE, CONTINUATION])
def test_reserved_bits_are_an_error_and_what_came_before_still_counts(reserved: int, opcode: int) -> None:
    listener = Listener()
    wire = frame(FIN | TEXT, b"before") + frame(FIN | reserved | opcode, b"x") + frame(FIN | TEXT, b"behind")
    assert listener.feed([wire]) == wsframes.PROTOCOL_ERROR
    assert listener.heard == [("text", b"before")]


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("final", [FIN, 0])
def test_reserved_opcodes_are_an_error(opcode: int, final: int) -> None:
    assert refuse(frame(final | opcode, b"x")) == wsframes.PROTOCOL_ERROR


# -- fragments (5)


def test_fragments_are_joined_around_the_control_frames_between_them() -> None:
    wire = [
        frame(TEXT, b"one "),
        frame(FIN | PING, b"p"),
        frame(CONTINUATION),
        frame(FIN | CONTINUATION, b"two"),
    ]
    assert hear(*wire) == [(f"control {PING}", b"p"), ("text", b"one two")]


def test_messages_of_fragments_follow_one_another_whatever_their_kind() -> None:
    wire = [frame(BINARY, b"a"), frame(FIN | CONTINUATION, b"\xff"), frame(TEXT), frame(FIN | CONTINUATION)]
    assert hear(*wire, frame(FIN | TEXT, b"x")) == [("binary", b"a\xff"), ("text", b""), ("text", b"x")]


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param([frame(PING, b"x")], id="a ping in fragments"),
        pytest.param([frame(PONG, b"x")], id="a pong in fragments"),
        pytest.param([frame(CLOSE)], id="a close in fragments"),
        pytest.param([frame(FIN | CONTINUATION, b"x")], id="nothing to continue"),
        pytest.param([frame(CONTINUATION, b"x")], id="nothing to continue, and more to come"),
        pytest.param([frame(FIN | TEXT, b"x"), frame(FIN | CONTINUATION)], id="already whole"),
        pytest.param([frame(TEXT, b"x"), frame(FIN | TEXT, b"y")], id="a text inside a text"),
        pytest.param([frame(TEXT, b"x"), frame(FIN | BINARY, b"y")], id="a binary inside a text"),
        pytest.param([frame(BINARY, b"x"), frame(TEXT, b"y")], id="a second beginning"),
    ],
)
def test_fragments_out_of_order_are_an_error(wire: list[bytes]) -> None:
    listener = Listener()
    assert listener.feed(wire) == wsframes.PROTOCOL_ERROR
    assert listener.heard in ([], [("text", b"x")])


def test_many_tiny_fragments_do_not_outgrow_the_message() -> None:
    listener = Listener(max_payload=50_000)
    wire = frame(BINARY) + frame(CONTINUATION, b"x") * 50_000
    assert listener.feed([wire, frame(CONTINUATION), frame(FIN | CONTINUATION)]) == 0
    assert listener.heard == [("binary", b"x" * 50_000)]


# -- UTF-8 (6)


@pytest.mark.parametrize("text", ["κόσμε", "\U0010ffff", "￿", "Hello-µ@ßöäüàá-UTF-8!!", "\x00", "퟿", ""])
def test_valid_utf8_passes_wherever_it_is_cut(text: str) -> None:
    data = text.encode()
    assert hear(frame(FIN | TEXT, data)) == [("text", data)]
    for cut in range(len(data) + 1):
        assert hear(frame(TEXT, data[:cut]), frame(FIN | CONTINUATION, data[cut:])) == [("text", data)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", id="a surrogate"),
        pytest.param(b"\xce\xba\xe1\xbd", id="cut short"),
        pytest.param(b"\x80", id="a continuation alone"),
        pytest.param(b"\xfe", id="fe"),
        pytest.param(b"\xff", id="ff"),
        pytest.param(b"\xc0\xaf", id="an overlong slash"),
        pytest.param(b"\xe0\x80\x80", id="an overlong nought"),
        pytest.param(b"\xf4\x90\x80\x80", id="beyond the last character"),
        pytest.param(b"\xf8\x88\x80\x80\x80", id="five bytes"),
        pytest.param(b"x" * 70_000 + b"\xff", id="at the end of a long text"),
    ],
)
def test_invalid_utf8_is_refused_whole_or_in_fragments(data: bytes) -> None:
    assert refuse(frame(FIN | TEXT, data)) == wsframes.INVALID_DATA
    assert refuse(frame(TEXT, data[:1]), frame(FIN | CONTINUATION, data[1:])) == wsframes.INVALID_DATA
    assert hear(frame(FIN | BINARY, data)) == [("binary", data)]


# -- close frames (7)


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
)
@pytest.mark.parametrize("reason", ["", "bye", "x" * 123, "ü"])
def test_codes_that_may_be_sent_are_understood(code: int, reason: str) -> None:
    assert wsframes.read_close(code.to_bytes(2, "big") + reason.encode()) == (code, reason)


def test_a_close_without_a_code_is_1005() -> None:
    assert wsframes.read_close(b"") == (1005, "")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_codes_that_must_not_be_sent_are_an_error(code: int) -> None:
    with pytest.raises(Broken) as broken:
        wsframes.read_close(code.to_bytes(2, "big"))
    assert broken.value.code == wsframes.PROTOCOL_ERROR


@pytest.mark.parametrize(("payload", "code"), [(b"\x03", 1002), (b"\x03\xe8\xce\xba\xe1\xbd", 1007)])
def test_a_broken_close_payload_is_an_error(payload: bytes, code: int) -> None:
    with pytest.raises(Broken) as broken:
        wsframes.read_close(payload)
    assert broken.value.code == code


@pytest.mark.parametrize("reason", ["", "bye", "ü" * 200, "x" * 122 + "ü"])
def test_our_own_close_frames_are_valid_however_long_the_reason(reason: str) -> None:
    wire = wsframes.close_frame(4000, reason)
    assert len(wire) == 2 + wire[1] <= 127
    code, told = wsframes.read_close(wire[2:])
    assert code == 4000
    assert reason.startswith(told)
    assert len(told.encode()) >= min(len(reason.encode()), 122)


# -- halting


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_a_halted_reader_keeps_the_rest_until_it_goes_on(chunk: int) -> None:
    wire = b"".join(frame(FIN | TEXT, b"%d" % number) for number in range(5))
    listener = Listener(halt_after=2)
    assert listener.feed(wire[at : at + chunk] for at in range(0, len(wire), chunk)) == 0
    assert listener.heard == [("text", b"0"), ("text", b"1")]
    listener.reader.halted = False
    assert listener.feed([b""]) == 0
    assert [data for _, data in listener.heard] == [b"0", b"1", b"2", b"3", b"4"]


def test_what_lies_behind_a_halt_does_not_wait_for_the_size_of_an_earlier_frame() -> None:
    long, short = frame(FIN | TEXT, b"x" * 500), frame(FIN | TEXT, b"y")
    listener = Listener(halt_after=1)
    assert listener.feed([long[:100], long[100:] + short]) == 0
    listener.reader.halted = False
    assert listener.feed([b""]) == 0
    assert listener.heard == [("text", b"x" * 500), ("text", b"y")]


# -- properties

messages = st.one_of(
    st.tuples(st.just("text"), st.text(max_size=300).map(str.encode)),
    st.tuples(st.just("binary"), st.binary(max_size=300)),
    st.tuples(st.just(f"control {PING}"), st.binary(max_size=125)),
    st.tuples(st.just(f"control {PONG}"), st.binary(max_size=125)),
)
opcodes = {
    "text": Opcode.TEXT,
    "binary": Opcode.BINARY,
    f"control {PING}": Opcode.PING,
    f"control {PONG}": Opcode.PONG,
}
first_bytes = st.one_of(
    st.sampled_from([0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x89, 0x8A]), st.integers(0, 255)
)


def sent(message: Heard, cuts: list[int]) -> bytes:
    """As another library writes it, data messages in fragments that end at `cuts`."""
    kind, data = message
    inside = sorted({cut for cut in cuts if cut < len(data)}) if kind in ("text", "binary") else []
    pieces = [data[a:b] for a, b in zip([0, *inside], [*inside, len(data)], strict=True)]
    return b"".join(
        PeerFrame(opcodes[kind] if at == 0 else Opcode.CONT, piece, fin=at == len(pieces) - 1).serialize(
            mask=True
        )
        for at, piece in enumerate(pieces)
    )


@settings(deadline=None)
@given(
    st.lists(st.tuples(messages, st.lists(st.integers(0, 300), max_size=3)), max_size=6),
    st.lists(st.integers(1, 400), max_size=20),
)
def test_any_split_of_a_stream_gives_the_messages_that_were_sent(
    said: list[tuple[Heard, list[int]]], chunks: list[int]
) -> None:
    wire = b"".join(sent(message, cuts) for message, cuts in said)
    listener = Listener()
    at = 0
    for size in chunks:
        assert listener.feed([wire[at : at + size]]) == 0
        at += size
    assert listener.feed([wire[at:]]) == 0
    assert listener.heard == [message for message, _ in said]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8))
@example([bytes((0x81, 0xFE))])
def test_arbitrary_bytes_are_messages_or_a_protocol_error(chunks: list[bytes]) -> None:
    code = Listener(max_payload=100).feed(chunks)
    assert code in (0, wsframes.PROTOCOL_ERROR, wsframes.INVALID_DATA, wsframes.TOO_BIG)


@settings(deadline=None)
@given(st.lists(st.tuples(first_bytes, st.binary(max_size=140)), max_size=5))
def test_another_library_accepts_and_refuses_the_same_streams(frames: list[tuple[int, bytes]]) -> None:
    """All are short: of two faults in one frame, its length is the one that the other finds first.

    Its `ServerProtocol` does not check the UTF-8 of texts, so the texts here are ASCII.
    """
    wire = b"".join(
        frame(first, payload if first & 0x0F == BINARY else payload.hex()[:140].encode())
        for first, payload in frames
        if first & 0x0F != CLOSE  # the reader leaves close payloads to `read_close`
    )
    other = ServerProtocol(state=OPEN)
    other.receive_data(wire)
    ours = Listener()
    assert ours.feed([wire]) == (other.close_sent.code if other.close_sent else 0)
    assert ours.heard == list(joined(other))


def joined(other: ServerProtocol) -> Iterable[Heard]:
    kind, parts = "", b""
    for event in other.events_received():
        assert isinstance(event, PeerFrame)
        if event.opcode in (Opcode.PING, Opcode.PONG):
            yield f"control {int(event.opcode)}", bytes(event.data)
            continue
        if event.opcode is not Opcode.CONT:
            kind, parts = ("text" if event.opcode is Opcode.TEXT else "binary"), b""
        parts += bytes(event.data)
        if event.fin:
            yield kind, parts


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(min_size=4, max_size=4))
def test_any_mask_is_taken_off(payload: bytes, mask: bytes) -> None:
    assert hear(frame(FIN | BINARY, payload, mask=mask)) == [("binary", payload)]
