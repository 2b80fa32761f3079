"""Recognising somebody in one room by what they hold: a pass that we signed, or the bearer token they came with.

A pass says "this member, in this room", and nothing about any other. It is bound to the mode it was made in: what was
only claimed in open mode is not believed in closed mode.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from hashlib import blake2b, sha256
from typing import TypeGuard

from tutti.core.ids import MemberId, RoomId
from tutti.core.membership import RECORDERS

PREFIX = "tp1."
RECORDER = "tr1."
LONGEST = 1024


class Passes:
    """`secret` is the operator's; passes live as long as it and the room do."""

    def __init__(self, secret: bytes, *, closed: bool) -> None:
        self._key = hmac.digest(secret, b"tutti pass " + (b"closed" if closed else b"open"), "sha256")

    def issue(self, room: RoomId, member: MemberId) -> str:
        return f"{PREFIX}{_text(member.encode())}.{_text(self._sign(room, member))}"

    def holder(self, room: RoomId, token: str | None) -> MemberId | None:
        """Whose pass for this room the token is; None if it is none."""
        recording = self.recording(room, token)
        if recording is not None:
            return MemberId(RECORDERS + recording)
        named = self._named(room, token, PREFIX, b"")
        return None if named is None else MemberId(named)

    def issue_recorder(self, room: RoomId, recording: str) -> str:
        """For our own recorder of this recording."""
        return f"{RECORDER}{_text(recording.encode())}.{_text(self._sign(room, recording, b'recorder'))}"

    def recording(self, room: RoomId, token: str | None) -> str | None:
        """Of which recording in this room the token makes its holder the recorder."""
        return self._named(room, token, RECORDER, b"recorder")

    def proof(self, room: RoomId, browser: str) -> str:
        """By what this room knows a browser again, which tells nothing of the browser itself."""
        return self._sign(room, browser, b"browser").hex()

    def _named(self, room: RoomId, token: str | None, prefix: str, purpose: bytes) -> str | None:
        """What the token names, if it is one of ours."""
        if token is None or not token.startswith(prefix) or len(token) > LONGEST:
            return None
        try:
            _, name, signature = token.split(".")
            named = _bytes(name).decode()
            given = _bytes(signature)
        except ValueError:
            return None
        return named if hmac.compare_digest(given, self._sign(room, named, purpose)) else None

    def _sign(self, room: RoomId, named: str, purpose: bytes = b"") -> bytes:
        said = b"%d:%s%s" % (len(room.encode()), room.encode(), named.encode())
        return blake2b(
            said, key=self._key, digest_size=18, person=purpose
        ).digest()  # a MAC: RFC 7693 section 2.9


class Bearers:
    """Open mode, where tokens prove nothing: who last came to a room with this token. Forgets the longest unused.

    A guide's curl lines use one token for everybody, so the host's seat and the others are remembered apart.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._known: OrderedDict[tuple[RoomId, bytes, bool], MemberId] = OrderedDict()

    def remember(self, room: RoomId, token: str, member: MemberId, *, as_host: bool) -> None:
        key = (room, _hash(token), as_host)
        self._known[key] = member
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def holder(self, room: RoomId, token: str | None, *, as_host: bool) -> MemberId | None:
        return None if token is None else self._known.get((room, _hash(token), as_host))


def is_pass(token: str | None) -> TypeGuard[str]:
    """Whether it looks like one, valid or not."""
    return token is not None and token.startswith((PREFIX, RECORDER)) and len(token) <= LONGEST


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
