"""Files of conversations on the disk: TUTTI_DATA/attachments/ID, without an ending, so that nothing opens them."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from tutti.service.ports import Unavailable


class AttachmentShelf:
    """`folder` need not be there yet. What the disk refuses is `Unavailable`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, content: bytes) -> None:
        try:
            await asyncio.to_thread(_write, self._path(name), content)
        except OSError as problem:
            raise Unavailable(f"a file cannot be kept: {problem.strerror}") from None

    async def take(self, name: str) -> bytes | None:
        return await asyncio.to_thread(_read, self._path(name))

    async def remove(self, name: str) -> None:
        """A file that the disk does not let go of is nobody's by now."""
        with suppress(OSError):
            await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    def _path(self, name: str) -> Path:
        assert name.replace("-", "").isalnum(), "an id of ours"
        return self._folder / name


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing; only this server's user may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{token_hex(4)}.part")
    try:
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
