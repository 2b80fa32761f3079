"""Socket.IO v5 packets, without Engine.IO's type byte when decoded and with it when encoded.

An event's arguments stay raw JSON in both directions: whoever knows their shape decodes them once, straight
into it. The grammar has been checked by then (msgspec walks every value it keeps raw). Source: the Socket.IO
protocol document, 5th revision, "Packet encoding".
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw

from tutti.service.frames import Attached, Frame

MAX_ATTACHMENTS: Final = 16

# Names with a meaning of their own on one of the two sides; an event that bears one is invalid.
RESERVED: Final = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)


class PacketError(Exception):
    """What arrived is not Socket.IO; the protocol says to close the connection."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """`args`: what follows the name, each as JSON. `ack`: the id to acknowledge with, if an answer is expected.

    A binary argument is `{"_placeholder":true,"num":n}` in `args` and is found at `attachments[n]`.
    """

    name: str
    args: list[Raw]
    ack: int | None = None
    namespace: str = "/"
    attachments: tuple[bytes, ...] = ()


class Acknowledgement(msgspec.Struct, frozen=True, gc=False):
    """The answer to an event of ours; binary arguments as in `Event`."""

    id: int
    args: list[Raw]
    namespace: str = "/"
    attachments: tuple[bytes, ...] = ()


class Connect(msgspec.Struct, frozen=True, gc=False):
    """A wish to enter a namespace. `auth`: a JSON object, or nothing."""

    namespace: str
    auth: bytes | None


class Disconnect(msgspec.Struct, frozen=True, gc=False):
    namespace: str


class Incomplete(msgspec.Struct, frozen=True, gc=False):
    """A packet whose `missing` attachments follow, each a binary message; `complete` it with all of them."""

    packet: Event | Acknowledgement
    missing: int

    def complete(self, attachments: tuple[bytes, ...]) -> Event | Acknowledgement:
        return msgspec.structs.replace(self.packet, attachments=attachments)


Packet: TypeAlias = Event | Acknowledgement | Connect | Disconnect | Incomplete


def decode(text: bytes) -> Packet:
    """The packet in one Engine.IO message. Raises `PacketError`, and only that, on anything malformed."""
    if text[:2] == b"2[":  # an event to the main namespace that wants no answer: nearly all of them
        args = _array(text[1:])
        return Event(_event_name(args), args)
    header = _HEADER.match(text)
    if header is None:
        raise PacketError("unknown packet type")
    kind, count, named, digits = header.groups()
    namespace = named.decode() if named else "/"
    payload = text[header.end() :]
    if (count is not None) != (kind in _BINARY):
        raise PacketError("attachments belong to binary packets")
    if count is not None and not 0 < int(count) <= MAX_ATTACHMENTS:
        raise PacketError("illegal number of attachments")
    ack = int(digits) if digits else None
    match kind:
        case b"0":
            return _connect(namespace, ack, payload)
        case b"1":
            if payload or ack is not None:
                raise PacketError("a disconnect carries nothing")
            return Disconnect(namespace)
        case b"2" | b"5":
            args = _array(payload)
            event = Event(_event_name(args), args, ack, namespace)
            return Incomplete(event, _attached(payload, int(count))) if count else event
        case b"3" | b"6":
            if ack is None:
                raise PacketError("an acknowledgement of nothing")
            answer = Acknowledgement(ack, _array(payload), namespace)
            return Incomplete(answer, _attached(payload, int(count))) if count else answer
        case _:
            raise PacketError("only a server refuses a connection")


def event_frame(
    name: str, *args: bytes, namespace: str = "/", ack: int | None = None, attachments: tuple[bytes, ...] = ()
) -> Frame:
    """An event. `args`: JSON each; a binary one is `placeholder(n)` and its bytes are `attachments[n]`."""
    return _frame((b"2", b"5"), (msgspec.json.encode(name), *args), namespace, ack, attachments)


def ack_frame(ack: int, *args: bytes, namespace: str = "/", attachments: tuple[bytes, ...] = ()) -> Frame:
    """The answer to the event that carried this id; arguments as in `event_frame`."""
    return _frame((b"3", b"6"), args, namespace, ack, attachments)


def connect_frame(sid: str, namespace: str = "/") -> Frame:
    return Frame(b'40%s{"sid":%s}' % (_named(namespace), msgspec.json.encode(sid)))


def connect_error_frame(message: str, namespace: str = "/", data: bytes | None = None) -> Frame:
    """A refusal to enter. `data`: JSON; the client finds it beside the message."""
    told = msgspec.json.encode(message)
    body = b'{"message":%s}' % told if data is None else b'{"message":%s,"data":%s}' % (told, data)
    return Frame(b"44%s%s" % (_named(namespace), body))


def disconnect_frame(namespace: str = "/") -> Frame:
    return Frame(b"41" + _named(namespace))


def placeholder(index: int) -> bytes:
    """The JSON that stands where attachment `index` belongs."""
    return b'{"_placeholder":true,"num":%d}' % index


# type, attachments and "-", namespace and "," (which may be left out at the end), id. Sixteen digits hold every
# id that a double can count; a longer one leaves a digit in front of the payload, which then is no JSON array.
_HEADER: Final = re.compile(rb"([0-6])(?:(\d{1,3})-)?(?:(/[^,\x00-\x1f\x7f-\xff]{0,255})(?:,|\Z))?(\d{0,16})")
_BINARY: Final = frozenset((b"5", b"6"))

_raw_array: Final = msgspec.json.Decoder(list[Raw])
_raw_object: Final = msgspec.json.Decoder(dict[str, Raw])
_name: Final = msgspec.json.Decoder(str | int | float)
_anything: Final = msgspec.json.Decoder()


def _array(payload: bytes) -> list[Raw]:
    try:
        return _raw_array.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PacketError("payload is not a JSON array") from error


def _event_name(args: list[Raw]) -> str:
    """Take the name from the front of the arguments. A number is a name too: its own digits."""
    if not args:
        raise PacketError("an event without a name")
    try:
        name = _name.decode(args.pop(0))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PacketError("an event's name is text") from error
    if name in RESERVED:
        raise PacketError("a reserved event name")
    return name if isinstance(name, str) else str(name)


def _connect(namespace: str, ack: int | None, payload: bytes) -> Connect:
    if ack is not None:
        raise PacketError("a connect cannot be acknowledged")
    if not payload:
        return Connect(namespace, None)
    try:
        _raw_object.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PacketError("auth is not a JSON object") from error
    return Connect(namespace, payload)


def _attached(payload: bytes, announced: int) -> int:
    """The number of attachments, if the placeholders agree that it is `announced`: all numbers, no others."""
    found: set[int] = set()
    waiting: list[Any] = [_decoded(payload)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if value.get("_placeholder") is True:
                number = value.get("num")
                if type(number) is not int:  # a bool is an int, and no index
                    raise PacketError("a placeholder without a number")
                found.add(number)
            else:
                waiting.extend(value.values())
    if found != set(range(announced)):
        raise PacketError("placeholders and attachments do not agree")
    return announced


def _decoded(payload: bytes) -> Any:
    try:
        return _anything.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PacketError("payload is not JSON") from error


def _frame(
    kinds: tuple[bytes, bytes],
    args: tuple[bytes, ...],
    namespace: str,
    ack: int | None,
    attachments: tuple[bytes, ...],
) -> Frame:
    plain, binary = kinds
    kind = b"%s%d-" % (binary, len(attachments)) if attachments else plain
    number = b"" if ack is None else b"%d" % ack
    text = b"4%s%s%s[%s]" % (kind, _named(namespace), number, b",".join(args))
    return Attached(text, attachments) if attachments else Frame(text)


def _named(namespace: str) -> bytes:
    return b"" if namespace == "/" else namespace.encode() + b","
