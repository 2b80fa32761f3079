"""Recordings on the disk: MEET_RECORDINGS/ROOM/RECORDING/, written by the recorder (`docs/howto/recordings.md`).

Who was host or co-host while something was recorded may have it, for as long as it is there: `owners.json` says who.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tutti.core.ids import MemberId, RoomId
from tutti.service.ports import RecordedFile, RecordingKept

ABOUT, OWNERS, PROGRESS, COMBINED = "recording.json", "owners.json", "combined.json", "combined.webm"
EVENTS = "events.jsonl"
TYPES = {".webm": "video/webm", ".jsonl": "application/jsonl"}
UNFINISHED = ".part.webm"
NAME = re.compile(r"[A-Za-z0-9_~-]{1,120}(\.part)?\.webm|events\.jsonl", re.ASCII)


class RecordingShelf:
    """`folder` need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, room: RoomId, recording: str) -> Path:
        return self.folder / _safe(room) / _safe(recording)

    def owned(self, room: RoomId, recording: str, owners: Iterable[MemberId]) -> None:
        """These may have it from now on, as may those before."""
        place = self.place(room, recording)
        place.mkdir(parents=True, exist_ok=True)
        known = _read(place / OWNERS).get("owners", [])
        _write(place / OWNERS, {"owners": sorted({*known, *owners})})

    def owners(self, room: RoomId, recording: str) -> frozenset[MemberId]:
        return frozenset(_read(self.place(room, recording) / OWNERS).get("owners", []))

    def of(self, room: RoomId) -> tuple[RecordingKept, ...]:
        """Newest first."""
        found = [self._kept(about.parent) for about in (self.folder / _safe(room)).glob(f"*/{ABOUT}")]
        return tuple(sorted(found, key=lambda one: one.started_at_ms, reverse=True))

    def file(self, room: RoomId, recording: str, name: str) -> Path | None:
        """Where the file is that `of` named; None if there is none by this name."""
        if NAME.fullmatch(name) is None:
            return None
        path = self.place(room, recording) / name
        return path if path.is_file() else None

    def unfinished(self) -> Iterator[tuple[RoomId, str, Path]]:
        """What was being recorded when a server ended, and what has not been combined since."""
        for about in sorted(self.folder.glob(f"*/*/{ABOUT}")):
            said = _read(about)
            if "room" not in said or "recordingId" not in said:
                continue
            state = _read(about.with_name(PROGRESS)).get("state")
            if said.get("state") == "recording" or state not in ("done", "failed"):
                yield RoomId(str(said["room"])), str(said["recordingId"]), about.parent

    def over(self, place: Path, ended_ms: int) -> None:
        """Say so for a recorder that cannot any more."""
        said = _read(place / ABOUT)
        if said.get("state") == "recording":
            _write(place / ABOUT, {**said, "state": "ended", "endedAt": ended_ms})

    def _kept(self, place: Path) -> RecordingKept:
        about, progress = _read(place / ABOUT), _read(place / PROGRESS)
        files = tuple(
            RecordedFile(path.name, TYPES[path.suffix], path.stat().st_size, path.name.endswith(UNFINISHED))
            for path in sorted(place.iterdir())
            if NAME.fullmatch(path.name)
        )
        return RecordingKept(
            id=str(about.get("recordingId", "")),
            started_at_ms=float(about.get("startedAt", 0)),
            ended_at_ms=about.get("endedAt") if about.get("state") == "ended" else None,
            started_by=about.get("startedBy"),
            combined=str(progress.get("state", "waiting")),
            progress=progress.get("progress"),
            reason=progress.get("reason"),
            files=files,
        )


def _safe(name: str) -> str:
    """A folder's name that stands for nothing else: names that had to be changed end with a hash of theirs."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:60]
    if plain and plain == name:
        return plain
    return f"{plain.strip('_') or 'x'}~{blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(value, ensure_ascii=False) + "\n", "utf-8")
    beside.replace(path)
