"""What somebody's player plays, asked of whoever streams it to them: values, and the port."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tutti.core.ids import MemberId
from tutti.service.nearby.values import Track
from tutti.service.ports import Unavailable


class Playing(NamedTuple):
    """A player's answer. `progress_ms` may be unknown, and beyond `duration_ms` for a moment.

    `changed_at_ms`: when the player was last told something (play, pause, skip, seek), by the provider's wall clock. It
    is not the time of the answer.
    """

    track: Track
    is_playing: bool
    progress_ms: float | None
    duration_ms: float
    changed_at_ms: float | None


class Resting(Unavailable):
    """The provider is not asked for so long: it limits us, or it has not answered well for a while."""

    def __init__(self, why: str, retry_after_s: float) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class NoPlayer(Exception):
    """There is nothing to ask: not connected, or the consent is gone. Asking again changes nothing."""


class Players(Protocol):
    """People's players."""

    async def playing(self, user: MemberId) -> Playing | None:
        """What plays or is paused now; None: nothing. It ends within seconds, whatever happens over there.

        Raises `NoPlayer`; `Resting`, and then nobody's player is to be asked before that; `Unavailable`.
        """
        ...
