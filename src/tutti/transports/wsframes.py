"""The WebSocket wire of RFC 6455, sans I/O: bytes in, whole messages and control frames out.

The reader speaks for the server's side: every frame it reads must be masked, none that it builds is. It raises
`Broken` at the first byte that cannot belong to a valid stream; after that it must not be fed again. No extension is
ever negotiated, so a reserved bit is always an error.
"""

from __future__ import annotations

from typing import Final, Protocol

from tutti.service.frames import websocket_header

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled wheel: slower, the same result
    from websockets.utils import apply_mask

FINAL: Final = 0x80
MASKED: Final = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NORMAL, NO_STATUS, ABNORMAL = 1000, 1005, 1006
PROTOCOL_ERROR, INVALID_DATA, TOO_BIG, INTERNAL_ERROR = 1002, 1007, 1009, 1011
SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013

_FINAL_TEXT: Final = FINAL | TEXT
_MASKED_16_BIT: Final = MASKED | 126
_CONTROL_LIMIT: Final = 125
_SENDABLE_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


class Broken(Exception):
    """The peer's stream is not a WebSocket any more: close with `code` and read nothing further."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Messages(Protocol):
    """Who takes whole data messages: the channel of an open connection."""

    def text(self, data: bytes) -> None: ...
    def binary(self, data: bytes) -> None: ...


class Controls(Protocol):
    """Who answers control frames: the connection."""

    def control(self, opcode: int, payload: bytes) -> None:
        """A close, ping or pong frame, in its place between the data messages."""
        ...


class Deaf:
    """Takes messages that nobody wants any more: those that arrive after we have said goodbye."""

    def text(self, data: bytes) -> None: ...
    def binary(self, data: bytes) -> None: ...


class Reader:
    """Reads one client's frames. Set `halted` (from within a call too) to keep the rest until it is fed again."""

    __slots__ = (
        "_controls",
        "_fast",
        "_joined",
        "_joined_text",
        "_max",
        "_need",
        "_rest",
        "halted",
        "messages",
    )

    def __init__(self, messages: Messages, controls: Controls, max_payload: int) -> None:
        self.messages = messages
        self.halted = False
        self._controls = controls
        self._max = max_payload
        self._fast = MASKED | min(_CONTROL_LIMIT, max_payload)
        self._rest: bytearray | None = (
            None  # bytes of a frame that is not complete, or everything behind a halt
        )
        self._need = 0  # how long `_rest` must be before looking at it again is worth while
        self._joined: bytearray | None = None  # the fragments so far
        self._joined_text = False

    def feed(self, data: bytes) -> None:
        """Read what these bytes complete. Raises `Broken`; passes on whatever the receivers raise."""
        if self._rest is not None:
            self._rest += data
            if self.halted or len(self._rest) < self._need:
                return
            data, self._rest = bytes(self._rest), None
        at, end, fast = 0, len(data), self._fast
        while at < end and not self.halted:
            # Nearly every frame from a client is a whole text message of less than 64 KiB, wholly received.
            if data[at] == _FINAL_TEXT and end - at >= 8 and self._joined is None:
                second, body = data[at + 1], at + 6
                stop = 0
                if MASKED <= second <= fast:
                    stop = body + second - MASKED
                elif second == _MASKED_16_BIT:
                    length, body = data[at + 2] << 8 | data[at + 3], at + 8
                    stop = body + length if 126 <= length <= self._max else 0
                if 0 < stop <= end:
                    payload = apply_mask(data[body:stop], data[body - 4 : body])
                    at = stop
                    if not payload.isascii():
                        _check_utf8(payload)
                    self.messages.text(payload)
                    continue
            size = self._frame(data, at)
            if not size:
                break
            at += size
        if at < end:
            self._rest = bytearray(data[at:] if at else data)
            if self.halted:
                self._need = 0

    def _frame(self, data: bytes, at: int) -> int:
        """Read the frame that begins at `at`: its size, or 0 (and `_need`) when it is not complete."""
        available = len(data) - at
        first = data[at]
        self._check_order(first)
        if available < 2:
            self._need = 2
            return 0
        second = data[at + 1]
        head = _head_size(first & 0x0F, second)
        if available < head:
            self._need = head
            return 0
        length = second & 0x7F if head == 6 else _extended(data[at + 2 : at + head - 4])
        if length > self._max - len(self._joined or b"") and not first & 0x08:
            raise Broken(TOO_BIG, f"messages are at most {self._max} bytes")
        size = head + length
        if available < size:
            self._need = size
            return 0
        mask = data[at + head - 4 : at + head]
        self._take(first & FINAL, first & 0x0F, apply_mask(data[at + head : at + size], mask))
        return size

    def _check_order(self, first: int) -> None:
        """What the first byte alone can get wrong: reserved bits, opcodes, and the order of fragments (§5.2, §5.4)."""
        if first & 0x70:
            raise Broken(PROTOCOL_ERROR, "reserved bits must be 0")
        match first & 0x0F:
            case 0x0 if self._joined is None:
                raise Broken(PROTOCOL_ERROR, "nothing to continue")
            case 0x1 | 0x2 if self._joined is not None:
                raise Broken(PROTOCOL_ERROR, "expected a continuation")
            case 0x8 | 0x9 | 0xA if not first & FINAL:
                raise Broken(PROTOCOL_ERROR, "control frames cannot be fragmented")
            case 0x0 | 0x1 | 0x2 | 0x8 | 0x9 | 0xA:
                return
            case _:
                raise Broken(PROTOCOL_ERROR, "reserved opcode")

    def _take(self, final: int, opcode: int, payload: bytes) -> None:
        if opcode & 0x08:
            self._controls.control(opcode, payload)
            return
        if opcode != CONTINUATION:
            if final:
                self._deliver(opcode == TEXT, payload)
                return
            self._joined = bytearray()
            self._joined_text = opcode == TEXT
        joined = self._joined
        assert joined is not None  # `_check_order` lets a continuation through only behind a first fragment
        joined += payload
        if final:
            self._joined = None
            self._deliver(self._joined_text, bytes(joined))

    def _deliver(self, text: bool, payload: bytes) -> None:
        if not text:
            self.messages.binary(payload)
            return
        _check_utf8(payload)
        self.messages.text(payload)


def _head_size(opcode: int, second: int) -> int:
    """How long header and mask are. Raises `Broken` for a frame that is not masked or too long for a control."""
    if not second & MASKED:
        raise Broken(PROTOCOL_ERROR, "a client's frames must be masked")
    length = second & 0x7F
    if length < 126:
        return 6
    if opcode & 0x08:
        raise Broken(PROTOCOL_ERROR, "a control frame holds at most 125 bytes")
    return 8 if length == 126 else 14


def _extended(digits: bytes) -> int:
    """A length of 16 or 63 bits, in the fewest bytes that hold it (§5.2)."""
    length = int.from_bytes(digits, "big")
    if length < (126 if len(digits) == 2 else 65536) or length >> 63:
        raise Broken(PROTOCOL_ERROR, "malformed length")
    return length


def _check_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise Broken(INVALID_DATA, "text must be UTF-8") from None


def control_frame(opcode: int, payload: bytes) -> bytes:
    """A whole control frame, ready to write. At most 125 bytes of payload."""
    return websocket_header(FINAL | opcode, len(payload)) + payload


def close_frame(code: int, reason: str) -> bytes:
    """A close frame. 1005 has no payload; a reason that does not fit is cut at a character (§5.5.1)."""
    if code == NO_STATUS:
        return control_frame(CLOSE, b"")
    told = reason.encode()[: _CONTROL_LIMIT - 2].decode(errors="ignore")
    return control_frame(CLOSE, code.to_bytes(2, "big") + told.encode())


def read_close(payload: bytes) -> tuple[int, str]:
    """The code and reason of a close frame's payload. Raises `Broken` if it has one that must not be sent (§7.4)."""
    if not payload:
        return NO_STATUS, ""
    if len(payload) == 1:
        raise Broken(PROTOCOL_ERROR, "a close code has two bytes")
    code = int.from_bytes(payload[:2], "big")
    if code not in _SENDABLE_CODES and not 3000 <= code < 5000:
        raise Broken(PROTOCOL_ERROR, "invalid close code")
    _check_utf8(payload[2:])
    return code, payload[2:].decode()
