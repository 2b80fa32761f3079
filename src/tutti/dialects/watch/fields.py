"""What the fields of this dialect may hold: ids, names, positions and rates, with their bounds."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tutti.core.media import MAX_EPISODE
from tutti.core.playback import MAX_POSITION_MS
from tutti.core.timeline import MAX_RATE, MIN_RATE
from tutti.service.dialect import Malformed

_PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f]+\Z"
_REGEX = re.compile(r"Expected `str` matching regex '[^`]*'")

UserId = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE, examples=["user123"])]
RoomCode = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE, examples=["K7PMXQ2RWD"])]
RoomName = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PRINTABLE, examples=["Movie Night"])]
PersonName = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PRINTABLE, examples=["Ada"])]
MediaId = Annotated[str, Meta(min_length=1, max_length=2048, pattern=_PRINTABLE, examples=["666243"])]
ProviderId = Annotated[str, Meta(min_length=1, max_length=64, pattern=_PRINTABLE, examples=["vidnest"])]
MediaType = Literal["movie", "tv"]
Seconds = Annotated[float, Meta(ge=0.0, le=MAX_POSITION_MS / 1000, examples=[120])]
Step = Annotated[float, Meta(gt=0.0, le=86_400.0, examples=[10])]
Duration = Annotated[float, Meta(gt=0.0, le=MAX_POSITION_MS / 1000, examples=[5400])]
PlaybackRate = Annotated[float, Meta(ge=MIN_RATE, le=MAX_RATE, examples=[1.5])]
Episode = Annotated[int, Meta(ge=0, le=MAX_EPISODE, examples=[2])]


def trimmed(text: str, what: str) -> str:
    """Without blanks around it; nothing but blanks is no name."""
    kept = text.strip()
    if not kept:
        raise Malformed(f"{what} must not be blank")
    return kept


def explained(problem: Exception) -> str:
    """What was wrong with the JSON, for the person who wrote the client."""
    if isinstance(problem, RecursionError):
        return "the JSON is nested too deeply"
    if isinstance(problem, msgspec.ValidationError):
        return plain(str(problem))
    return f"not JSON ({problem})"


def plain(message: str) -> str:
    """A validation message without the pattern that was not matched."""
    return _REGEX.sub("Expected text without control characters", message)
