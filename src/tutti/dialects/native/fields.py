"""What values may look like, over the socket and over HTTP, and what is said of those that do not."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from tutti.core.media import MAX_EPISODE
from tutti.core.playback import MAX_POSITION_MS
from tutti.service.dialect import Malformed

_PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f]+\Z"
_REGEX = re.compile(r"Expected `str` matching regex '[^`]*'")

Ref = Annotated[str, Meta(max_length=128)] | Annotated[int, Meta(ge=-(2**53), le=2**53)]
"""Comes back with the answer, as it was."""
Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PRINTABLE, examples=["Ada"])]
Token = Annotated[str, Meta(min_length=1, max_length=8192)]
Epoch = Annotated[str, Meta(min_length=1, max_length=128)]
Seq = Annotated[int, Meta(ge=1, le=2**53)]
Capability = Annotated[str, Meta(max_length=64)]

MediaId = Annotated[str, Meta(min_length=1, max_length=2048, pattern=_PRINTABLE)]
Provider = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE, examples=["direct"])]
Kind = Annotated[str, Meta(min_length=1, max_length=32, pattern=_PRINTABLE, examples=["movie"])]
Title = Annotated[str, Meta(min_length=1, max_length=300, pattern=_PRINTABLE)]
Episode = Annotated[int, Meta(ge=0, le=MAX_EPISODE)]
DurationMs = Annotated[float, Meta(gt=0.0, le=MAX_POSITION_MS)]

Text = Annotated[str, Meta(max_length=16_384)]
"""How long a chat line or a reaction may be, the room says."""

Observed = Annotated[float, Meta(ge=0.0, le=MAX_POSITION_MS)]
Off = Annotated[float, Meta(ge=-MAX_POSITION_MS, le=MAX_POSITION_MS)]
Unsure = Annotated[float, Meta(ge=0.0, le=MAX_POSITION_MS)]
RoomTime = Annotated[float, Meta(ge=0.0, le=1e15)]
"""What nobody decides on is bounded here: a room checks only what can change it."""


def trimmed(text: str, what: str) -> str:
    """Without blanks around it; nothing but blanks is no name."""
    kept = text.strip()
    if not kept:
        raise Malformed(f"{what} must not be blank")
    return kept


def address(provider: str, media_id: str) -> None:
    """What every page loads from must be an address that pages load from."""
    if provider == "direct" and not re.match(r"https?://[^/\s]", media_id, re.IGNORECASE):
        raise Malformed("The id of direct media is its address, which begins with http:// or https://")


def explained(problem: Exception) -> str:
    """What was wrong with the JSON, for the person who wrote the client."""
    if isinstance(problem, RecursionError):
        return "The JSON is nested too deeply"
    if isinstance(problem, msgspec.ValidationError):
        return plain(str(problem))
    return f"This is not JSON ({problem})"


def plain(message: str) -> str:
    """A validation message without the pattern that was not matched."""
    return _REGEX.sub("Expected text without control characters", message)
