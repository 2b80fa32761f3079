"""Settings in memory: for as long as the process runs."""

from __future__ import annotations

from tutti.core.ids import MemberId
from tutti.service.nearby.values import Settings


class MemoryChoices:
    """`Choices` of everybody who ever chose something else than what is set at first."""

    def __init__(self) -> None:
        self._kept: dict[MemberId, Settings] = {}

    def kept(self, user: MemberId) -> Settings | None:
        return self._kept.get(user)

    def keep(self, user: MemberId, settings: Settings | None) -> None:
        if settings is None:
            self._kept.pop(user, None)
        else:
            self._kept[user] = settings

    async def load(self, user: MemberId) -> None:
        """It is always at hand."""

    async def stored(self, user: MemberId) -> None:
        """This is all that there is."""
