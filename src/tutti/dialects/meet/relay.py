"""The three events of a meeting that are passed on to one peer: who sent them is stamped, what they carry is not read.

`sdp` and `candidate` leave as the very bytes they came as, string or object. Nothing else is ever relayed by naming a
`targetPeerId`. Limits: 64 KiB a message, 16 members besides.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import msgspec

from tutti.core.ids import MemberId
from tutti.service.dialect import Malformed

Kind: TypeAlias = Literal["offer", "answer", "candidate"]

KINDS: Final[frozenset[str]] = frozenset({"offer", "answer", "candidate"})
MAX_MESSAGE: Final = 64 * 1024
MOST_MEMBERS: Final = 16
LONGEST_ID: Final = 128

_CARRIES: Final = {"offer": "sdp", "answer": "sdp", "candidate": "candidate"}
_BEFORE: Final = {kind: b'{"event":"' + kind.encode() + b'","data":' for kind in KINDS}
_OPAQUE: Final = b'"{'
_NULL: Final = ord("n")


class Relayed(msgspec.Struct, frozen=True, gc=False):
    """`frame`: the text of the message for `target`."""

    kind: Kind
    target: MemberId
    frame: bytes


class _Message(msgspec.Struct, frozen=True, gc=False):
    event: Kind
    data: dict[str, msgspec.Raw]


_decode = msgspec.json.Decoder(_Message).decode
_decode_id = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def relayed(raw: bytes, sender: MemberId, username: str | None = None) -> Relayed:
    """The message for the other side, its `peerId` the true sender's. Raises `Malformed` for all that is not one.

    `username`: the sender's, in place of whatever the message claims; None: the message may claim none.
    """
    if len(raw) > MAX_MESSAGE:
        raise Malformed(f"A message is at most {MAX_MESSAGE} bytes")
    try:
        message = _decode(raw)
        target = _decode_id(message.data["targetPeerId"])
    except (msgspec.MsgspecError, RecursionError):
        raise Malformed("Not an offer, answer or candidate with a `targetPeerId`") from None
    except KeyError:
        raise Malformed("`targetPeerId` is missing") from None
    kind = message.event
    _check(kind, target, message.data)
    data: dict[str, Any] = message.data
    data["peerId"] = sender
    if "username" in data:  # names are what the room knows, in which there is no HTML
        data["username"] = username
        if username is None:
            del data["username"]
    return Relayed(kind, MemberId(target), _BEFORE[kind] + _encode(data) + b"}")


def _check(kind: Kind, target: str, data: dict[str, msgspec.Raw]) -> None:
    if not 0 < len(target) <= LONGEST_ID:
        raise Malformed(f"A `targetPeerId` has 1 to {LONGEST_ID} characters")
    name = _CARRIES[kind]
    carried = data.get(name)
    if carried is None:
        raise Malformed(f"`{name}` is missing")
    first = memoryview(carried)[0]
    if first not in _OPAQUE and not (first == _NULL and kind == "candidate"):  # null: there are no more
        raise Malformed(f"`{name}` is a string or an object")
    if len(data) > MOST_MEMBERS:
        raise Malformed(f"A message has at most {MOST_MEMBERS} members")
