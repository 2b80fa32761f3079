"""What a load generator says and hears: client-side WebSocket frames, with Socket.IO v5 text inside.

Frames are built before the measured stretch wherever possible, so that the generator stays cheap.
"""

from __future__ import annotations

import base64
import hashlib
import json

PING = b"2"

_MASK = b"\x37\xfa\x21\x3d"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = base64.b64encode(b"tutti bench nonce")[:22] + b"=="

TEXT_OPCODE = 0x1
CLOSE_OPCODE = 0x8
PING_OPCODE = 0x9
PONG_OPCODE = 0xA


SOCKET_IO = b"/socket.io/?EIO=4&transport=websocket"
"""Where a Socket.IO client begins that starts on WebSocket, as guide 001 sets it up."""


def upgrade_request(port: int, path: bytes = SOCKET_IO) -> bytes:
    """The opening handshake."""
    return (
        b"GET " + path + b" HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n" % (port, _KEY)
    )


def accept_value(key: bytes) -> bytes:
    """The `Sec-WebSocket-Accept` for this key (RFC 6455 §4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID).digest())


def masked(payload: bytes, opcode: int = TEXT_OPCODE) -> bytes:
    """One client frame. The mask is fixed: the server must unmask it all the same."""
    size = len(payload)
    key = (_MASK * (size // 4 + 1))[:size]
    body = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
    return bytes((0x80 | opcode,)) + _length(size, 0x80) + _MASK + body


def unmasked(payload: bytes) -> bytes:
    """One server text frame."""
    return b"\x81" + _length(len(payload), 0) + payload


def event_text(name: str, data: object) -> bytes:
    """A Socket.IO event on the default namespace, without the WebSocket frame."""
    return b"42" + json.dumps([name, data], separators=(",", ":")).encode()


def event(name: str, data: object) -> bytes:
    """A Socket.IO event as a client frame."""
    return masked(event_text(name, data))


def playback_template(room: str, user: str, kind: str) -> bytes:
    """Guide 001's `playback_action` that carries a position, as text with a `%s` where the position goes."""
    action = {"type": kind, "data": {"currentTime": -1}}
    text = event_text("playback_action", {"roomId": room, "action": action, "userId": user})
    return text.replace(b"%", b"%%").replace(b":-1}", b":%s}")


def playback(room: str, user: str, kind: str, position_s: float) -> bytes:
    """The same with its position, as a client frame."""
    return masked(playback_template(room, user, kind) % str(position_s).encode())


def _length(size: int, mask_bit: int) -> bytes:
    if size < 126:
        return bytes((mask_bit | size,))
    if size < 65536:
        return bytes((mask_bit | 126,)) + size.to_bytes(2, "big")
    return bytes((mask_bit | 127,)) + size.to_bytes(8, "big")


class FrameReader:
    """Splits a byte stream into frames. `feed` returns the whole ones as (opcode, payload) and keeps the rest."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        if self._rest:
            data = self._rest + data
        frames: list[tuple[int, bytes]] = []
        at, end = 0, len(data)
        while end - at >= 2:
            start, size, key = _header(data, at)
            if start + size > end:
                break
            payload = data[start : start + size]
            frames.append((data[at] & 0x0F, _unmask(payload, key) if key else payload))
            at = start + size
        self._rest = data[at:]
        return frames


def _header(data: bytes, at: int) -> tuple[int, int, bytes]:
    """Where the payload starts, how long it is, and its mask. An incomplete header gives a start past the end."""
    size = data[at + 1] & 0x7F
    start = at + 2
    if size == 126:
        size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
    elif size == 127:
        size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
    if data[at + 1] < 0x80:
        return start, size, b""
    return start + 4, size, data[start : start + 4]


def _unmask(payload: bytes, key: bytes) -> bytes:
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


PONG = masked(b"3")
CLOSE = masked(b"\x03\xe8", CLOSE_OPCODE)
CONNECT = masked(b'40{"token":"bench"}')
DISCONNECT = masked(b"41")
