"""What a room plays."""

from __future__ import annotations

from dataclasses import dataclass


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
