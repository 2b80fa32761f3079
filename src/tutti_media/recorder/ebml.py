"""EBML (RFC 8794): an element is an id, the size of what it holds, and that."""

from __future__ import annotations

import struct

UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


def element(number: int, *held: bytes) -> bytes:
    body = b"".join(held)
    return identifier(number) + size(len(body)) + body


def unsigned(number: int, value: int) -> bytes:
    return element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def decimal(number: int, value: float) -> bytes:
    return element(number, struct.pack("!d", value))


def text(number: int, value: str) -> bytes:
    return element(number, value.encode())


def identifier(number: int) -> bytes:
    """It carries its own length marker, and is written as it is."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def size(length: int, octets: int = 0) -> bytes:
    """In so many octets, or in as few as will do."""
    octets = octets or next(n for n in range(1, 9) if length < (1 << (7 * n)) - 1)
    return (length | 1 << (7 * octets)).to_bytes(octets, "big")


def void(length: int) -> bytes:
    """So many octets that mean nothing: at least 2."""
    octets = 1 if length < 100 else 8
    return b"\xec" + size(length - 1 - octets, octets) + bytes(length - 1 - octets)


def padded(body: bytes, length: int) -> bytes:
    """In a place of this length, so that something longer can be written there later."""
    if len(body) + 2 > length:
        raise ValueError(f"{len(body)} octets do not fit in {length}")
    return body + void(length - len(body))
