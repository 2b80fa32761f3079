"""What a track is called: the host's reports have only its URI, so somebody has to be asked, and may not know."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tutti.core.media import Media
from tutti.service.passes import is_pass
from tutti.service.ports import Unavailable

WITHIN_S = 1.0
"""A name is not worth more waiting than this: the next request will find it remembered."""


class Facts(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def artists(self) -> str: ...

    @property
    def duration_ms(self) -> int: ...


class TrackFacts(Protocol):
    """A catalogue of tracks."""

    async def track(self, uri: str, token: str) -> Facts | None:
        """What this is, asked in the name of the token's owner; None if it is unknown. Raises `Unavailable`.

        Remembers what it was told, so that asking often costs nothing.
        """
        ...


async def facts(catalogue: TrackFacts | None, media: Media, token: str) -> Facts | None:
    """What the catalogue says of it, if there is one and it answers soon. A pass of ours is shown to nobody."""
    if catalogue is None or media.provider != "spotify" or is_pass(token):
        return None
    try:
        async with asyncio.timeout(WITHIN_S):
            return await catalogue.track(media.id, token)
    except (TimeoutError, Unavailable):
        return None
