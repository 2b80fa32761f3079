"""What a room plays."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tutti.core.refusals import Reason, Refused

MAX_EPISODE = 100_000


@dataclass(frozen=True, slots=True)
class Media:
    """`id` means something to `provider` only: a track URI, a catalogue number, a URL. Unknown facts are None."""

    id: str
    provider: str
    kind: str
    """`movie`, `tv` or `track`."""
    episode: int | None = None
    title: str | None = None
    artist: str | None = None
    duration_ms: float | None = None


def unsound(media: Media) -> Refused | None:
    """Why these media cannot be played by: numbers that nobody can compute with, or keep."""
    if media.duration_ms is not None and not (math.isfinite(media.duration_ms) and media.duration_ms > 0):
        return Refused(Reason.OUT_OF_RANGE, "The duration must be a finite number above 0")
    if media.episode is not None and not 0 <= media.episode <= MAX_EPISODE:
        return Refused(Reason.OUT_OF_RANGE, f"The episode must be 0 to {MAX_EPISODE}")
    return None
