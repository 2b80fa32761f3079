"""What values may look like on a party's sockets, and what is said of those that do not."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tutti.core.ids import Epoch, Seq
from tutti.platform.chat_archive.schemas import place
from tutti.service.dialect import Malformed

LONGEST_MESSAGE: Final = 500
"""Characters of one message; other dialects' people may say more."""

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=16_384)]
Emoji = Annotated[str, Meta(min_length=1, max_length=64)]
Token = Annotated[str, Meta(min_length=1, max_length=8_192)]
Seconds = float


def message(*given: str | None) -> str:
    """What somebody says, by the first of its names that is there."""
    text = next((one for one in given if one is not None), None)
    if text is None:
        raise Malformed("content is needed")
    if len(text) > LONGEST_MESSAGE:
        raise Malformed(f"A message has no more than {LONGEST_MESSAGE} characters")
    return text


def line(of: str, epoch: Epoch | None) -> Seq:
    """The number of the message in this life of the room; 0, which nothing has, if it is of none, or of another."""
    named = place(of)
    return named[1] if named is not None and named[0] == epoch else Seq(0)


def ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000.0


def s(milliseconds: float) -> float:
    return round(milliseconds / 1000.0, 3)


def explained(problem: Exception) -> str:
    """What was wrong with the JSON, for the person who wrote the client."""
    if isinstance(problem, RecursionError):
        return "The JSON is nested too deeply"
    return str(problem) if isinstance(problem, msgspec.ValidationError) else "This is not JSON"
