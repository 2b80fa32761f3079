"""What a player here can open for what a room has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tutti_client.wire import Media

CLIP = "/clip.webm"
"""Where the server has the clip that comes with it."""


@dataclass(frozen=True, slots=True)
class Source:
    """`where` None: nothing that can be opened here, and `why` says what to do about it."""

    where: str | None
    why: str | None = None


def source(media: Media | None, file: str | None, file_is_for: Media | None, origin: str) -> Source:
    """`file` was given for what the room had chosen then; None: for whatever it chooses."""
    if file is not None and (file_is_for is None or media is None or media.id == file_is_for.id):
        return Source(file)
    if media is None:
        return Source(None, "the room has not chosen anything yet")
    if media.provider == "direct" and urlsplit(media.id).scheme in ("http", "https"):
        return Source(media.id)
    if media.provider == "clip":
        return Source(origin + CLIP)
    title = media.title or media.id
    return Source(None, f"the room plays “{title}”, which needs a file of yours: tutti join URL FILE")


def other_length(media: Media | None, duration_ms: float | None) -> str | None:
    """The warning about a file that is not as long as what the room has chosen."""
    if media is None or media.duration_ms is None or duration_ms is None:
        return None
    longer_s = (duration_ms - media.duration_ms) / 1000
    if abs(longer_s) < 1.0:
        return None
    much = f"{abs(longer_s):.0f} s {'longer' if longer_s > 0 else 'shorter'}"
    return f"this file is {much} than the room's; if it is another cut, join with --offset MS"
