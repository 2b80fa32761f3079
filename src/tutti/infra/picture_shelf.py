"""People's pictures on the disk: TUTTI_DATA/avatars/ACCOUNT.webp."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from secrets import token_hex


class PictureShelf:
    """`folder` need not be there yet. Ids of accounts are ours; others have no picture."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, user: str, picture: bytes) -> None:
        await asyncio.to_thread(_write, self._path(user), picture)

    async def take(self, user: str) -> bytes | None:
        return await asyncio.to_thread(_read, self._path(user))

    async def remove(self, user: str) -> None:
        await asyncio.to_thread(self._path(user).unlink, missing_ok=True)

    def _path(self, user: str) -> Path:
        assert user.replace("-", "").isalnum(), "an id of ours"
        return self._folder / f"{user}.webp"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes) -> None:
    """All of it or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{token_hex(4)}.part")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
