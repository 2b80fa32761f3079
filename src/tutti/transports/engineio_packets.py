"""Engine.IO v4 packets: one WebSocket message each, or many in one long-polling payload.

A text packet is kept as it travels, type byte first (`4hello`); a binary one is its bytes in a `Binary`, and
is always a message. Source: the Engine.IO protocol document, 4th revision, "Packet encoding".
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from tutti.service.frames import Attached, Frame, websocket_header

OPEN: Final = b"0"
CLOSE: Final = b"1"
PING: Final = b"2"
PONG: Final = b"3"
MESSAGE: Final = b"4"
UPGRADE: Final = b"5"
NOOP: Final = b"6"

PROBE_PING: Final = b"2probe"
PROBE_PONG: Final = b"3probe"

SEPARATOR: Final = b"\x1e"

_TYPES: Final = frozenset((OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP))


class PacketError(Exception):
    """What arrived is not Engine.IO; the protocol says to close the session."""


class Binary(NamedTuple):
    data: bytes


Packet: TypeAlias = bytes | Binary


class BinaryFrame(Frame):
    """A binary message with no text before it: plain Engine.IO sends these, Socket.IO attaches its own."""

    __slots__ = ()

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._wire = websocket_header(0x82, len(data)) + data


class Handshake(msgspec.Struct, rename="camel"):
    """The payload of the open packet; times in milliseconds, `max_payload` in bytes."""

    sid: str
    upgrades: tuple[str, ...]
    ping_interval: int
    ping_timeout: int
    max_payload: int


def encode_open(handshake: Handshake) -> bytes:
    return OPEN + msgspec.json.encode(handshake)


def decode_payload(body: bytes) -> list[Packet]:
    """The packets of one POST body, in order. Raises `PacketError` if any of them is none."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise PacketError("payload is not UTF-8") from error
    return [_decode_packet(encoded) for encoded in body.split(SEPARATOR)]


def encode_payload(frames: Iterable[Frame]) -> bytes:
    """The body of one GET response: each frame's text, then what is attached to it in base64."""
    packets: list[bytes] = []
    for frame in frames:
        if isinstance(frame, BinaryFrame):
            packets.append(_encode_binary(frame.text))
            continue
        packets.append(frame.text)
        if isinstance(frame, Attached):
            packets.extend(map(_encode_binary, frame.attachments))
    return SEPARATOR.join(packets)


def weight(frame: Frame) -> int:
    """The bytes this frame keeps in memory while it waits."""
    return len(frame.text) + (sum(map(len, frame.attachments)) if isinstance(frame, Attached) else 0)


def _decode_packet(encoded: bytes) -> Packet:
    if encoded[:1] in _TYPES:
        return encoded
    if encoded[:1] != b"b":
        raise PacketError("unknown packet type")
    try:
        return Binary(binascii.a2b_base64(encoded[1:], strict_mode=True))
    except binascii.Error as error:
        raise PacketError("binary packet is not base64") from error


def _encode_binary(data: bytes) -> bytes:
    return b"b" + binascii.b2a_base64(data, newline=False)
