"""What values may look like, and what is said of those that do not.

Names and messages are shown by front ends that we do not know: what an HTML parser would take for a tag or a comment
is refused, not rewritten. `a < b` stays what it is.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tutti.service.dialect import Malformed

_PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f]+\Z"
_SAFE = r"\A[A-Za-z0-9_.:@-]+\Z"
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_REGEX = re.compile(r"Expected `str` matching regex '[^`]*'")
_ROOM = re.compile(r"\w[\w.:~-]{0,127}")

PeerId = Annotated[str, Meta(min_length=1, max_length=64, pattern=_SAFE, examples=["peer_abc123"])]
Target = Annotated[str, Meta(max_length=128)]
"""Whom it is about: whether there is such a one, the room says."""
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE, examples=["John Doe"])]
ChatId = Annotated[str, Meta(min_length=1, max_length=64, pattern=_SAFE, examples=["msg_abc123"])]
Text = Annotated[str, Meta(max_length=16_384)]
"""How long a message may be, the room says."""
Token = Annotated[str, Meta(max_length=8_192)]
Password = Annotated[str, Meta(min_length=1, max_length=128)]
Epoch = Annotated[str, Meta(min_length=1, max_length=128)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
Emoji = Literal["👍", "❤️", "😂", "🎉", "👏", "🤔"]
"""The guide's, and no other."""


def is_room(room: str) -> bool:
    """Whether a meeting can have this id."""
    return _ROOM.fullmatch(room) is not None


def name(given: str) -> str:
    kept = given.strip()
    if not kept:
        raise Malformed("username must not be blank")
    if "<" in kept or ">" in kept:
        raise Malformed("username must not have < or > in it")
    return kept


def message(given: str) -> str:
    if _MARKUP.search(given) is not None:
        raise Malformed("message must not have HTML in it")
    return given


def harmless(text: str) -> str:
    """What was said or named in another dialect, which may have no such rule: a tag is none any more."""
    return text if "<" not in text else _MARKUP.sub(lambda tag: "‹" + tag[0][1:], text)


def explained(problem: Exception) -> str:
    """What was wrong with the JSON, for the person who wrote the client."""
    if isinstance(problem, RecursionError):
        return "The JSON is nested too deeply"
    if isinstance(problem, msgspec.ValidationError):
        return _REGEX.sub("Expected text without unusual characters", str(problem))
    return "This is not JSON"
