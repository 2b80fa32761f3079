"""What a recording is on the disk: one folder, from which everything else can be made again.

recording.json   whose it is, and whether it is over
events.jsonl     one line an event: `at` in milliseconds since the recording began
NAME.webm        what one person sent; NAME.part.webm while it is written
combined.json    how far the combined file is; combined.webm when it is done
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tutti_media.recorder.recovery import recover
from tutti_media.recorder.take import UNFINISHED, finished

ABOUT, EVENTS, COMBINED, PROGRESS = "recording.json", "events.jsonl", "combined.webm", "combined.json"
LOCK = "lock"
Event = Mapping[str, Any]


class Busy(Exception):
    """The text is one line for a person."""


class Folder:
    """`path` is made if it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else records, mends or combines here meanwhile. Raises `Busy` if somebody does."""
        self.path.mkdir(parents=True, exist_ok=True)
        held = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Busy(f"{self.path} is in use by another process") from None
        finally:
            os.close(held)

    def begin(self, *, room: str, recording: str, started_ms: int, by: str | None = None) -> int:
        """When it began, milliseconds since 1970: another time than `started_ms` if it is being gone on with."""
        self.path.mkdir(parents=True, exist_ok=True)
        before = self.about()
        began_ms = int(before.get("startedAt", started_ms))
        about = {"version": 1, "room": room, "recordingId": recording, "startedAt": began_ms, "startedBy": by}
        self._tell({**about, **before, "state": "recording"})
        return began_ms

    def end(self, ended_ms: int) -> None:
        self._tell({**self.about(), "state": "ended", "endedAt": ended_ms})

    def about(self) -> dict[str, Any]:
        """Empty if nothing is known."""
        return read_json(self.path / ABOUT)

    def free(self, who: str, slot: str) -> Path:
        """A name for an unfinished file that nothing has yet."""
        number = 1
        while True:
            path = self.path / f"{safe(who)}-{slot}-{number:02}{UNFINISHED}"
            if not path.exists() and not finished(path).exists():
                return path
            number += 1

    def files(self) -> list[Path]:
        """What people sent, finished or not."""
        return sorted(path for path in self.path.glob("*.webm") if path.name != COMBINED)

    def repair(self) -> list[Path]:
        """Finish what a recorder left that was killed; what is finished by that. An empty file is removed."""
        mended: list[Path] = []
        for path in sorted(self.path.glob(f"*{UNFINISHED}")):
            if recover(path) is None:
                path.unlink()
                continue
            mended.append(path.rename(finished(path)))
        return mended

    def events(self) -> Iterator[dict[str, Any]]:
        """In the order in which they were written; a torn line is passed over."""
        try:
            lines = (self.path / EVENTS).read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict):
                yield said

    def _tell(self, about: Mapping[str, Any]) -> None:
        write_json(self.path / ABOUT, about)


class EventLog:
    """Lines that are in the kernel's hands when `tell` returns."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        if (length := os.lseek(self._fd, 0, os.SEEK_END)) and os.pread(self._fd, 1, length - 1) != b"\n":
            os.write(self._fd, b"\n")  # a line that was torn stays alone

    def tell(self, at_ms: int, event: str, **data: Any) -> None:
        line = json.dumps({"at": at_ms, "event": event, **data}, ensure_ascii=False, separators=(",", ":"))
        os.write(self._fd, line.encode("utf-8", "replace") + b"\n")

    def close(self) -> None:
        os.close(self._fd)


def safe(name: str) -> str:
    """A part of a file's name that stands for nothing else: names that had to be changed end with a hash of theirs."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:40]
    if plain and plain == name:
        return plain
    return f"{plain.strip('_') or 'x'}~{blake2b(name.encode('utf-8', 'surrogatepass'), digest_size=5).hexdigest()}"


def read_json(path: Path) -> dict[str, Any]:
    """Empty if it is not there or not whole."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(value, ensure_ascii=False) + "\n", "utf-8")
    beside.replace(path)
