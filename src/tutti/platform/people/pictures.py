"""People's pictures: whatever is uploaded is decoded and drawn anew, so that only pixels are kept of it.

What a picture says of where and on what it was taken goes, and so does whatever else hides in a file. How large it will
be is read from its head, before anything is decoded.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Final, Protocol

from PIL import Image, ImageOps

from tutti.platform.accounts.models import User
from tutti.platform.people.blocks import picture_name
from tutti.platform.people.models import Profile
from tutti.platform.people.profiles import profile_of, to_change
from tutti.platform.people.schemas import Amiss
from tutti.platform.rows import RandomBytes, Sql

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS: Final = 40_000_000
SIDE: Final = 512
QUALITY: Final = 82

Image.MAX_IMAGE_PIXELS = None  # ours is lower, and is an answer instead of a warning


class Shelf(Protocol):
    """Where pictures are kept, one of each person."""

    async def put(self, user: str, picture: bytes) -> None:
        """Kept for good when it returns. Twice: the later one."""
        ...

    async def take(self, user: str) -> bytes | None: ...

    async def remove(self, user: str) -> None:
        """Of nobody: nothing happens."""
        ...


class Pictures:
    """All raise `Unavailable`."""

    def __init__(self, sql: Sql, shelf: Shelf, random: RandomBytes) -> None:
        self._sql = sql
        self._shelf = shelf
        self._random = random
        self._one_at_a_time = asyncio.Lock()

    async def change(self, user: str, uploaded: bytes) -> Amiss | None:
        if not await self._is_there(user):
            return Amiss.NO_SUCH
        async with self._one_at_a_time:  # a large one takes much memory while it is decoded
            drawn = await asyncio.to_thread(redrawn, uploaded)
        if isinstance(drawn, Amiss):
            return drawn
        await self._shelf.put(user, drawn)
        await self._name(user, picture_name(self._random))
        return None

    async def remove(self, user: str) -> None:
        if await self._is_there(user):
            await self._name(user, None)
            await self._shelf.remove(user)

    async def shown(self, user: str, name: str) -> bytes | None:
        """To whoever knows its name."""
        async with self._sql.reading() as db:
            profile = await db.get(Profile, user)
        if profile is None or profile.avatar is None or profile.avatar != name:
            return None
        return await self._shelf.take(user)

    async def _is_there(self, user: str) -> bool:
        """Tokens may be signed for somebody who has no account, or no more."""
        async with self._sql.reading() as db:
            row = await db.get(User, user)
        return row is not None and row.active

    async def _name(self, user: str, name: str | None) -> None:
        async with self._sql.writing() as db:
            if await to_change(db, user) is not None:
                (await profile_of(db, user)).avatar = name


def redrawn(uploaded: bytes) -> bytes | Amiss:
    """A WebP of at most 512 pixels a side; of what moves, the first picture."""
    try:
        with Image.open(BytesIO(uploaded), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return Amiss.TOO_LARGE
            image.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
        upright.thumbnail((SIDE, SIDE))
        only_pixels = Image.new("RGBA", upright.size)
        only_pixels.paste(upright)
        kept = BytesIO()
        only_pixels.save(kept, "WEBP", quality=QUALITY)
        return kept.getvalue()
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError):
        return Amiss.NOT_A_PICTURE  # what Pillow says of a broken file depends on where it is broken
