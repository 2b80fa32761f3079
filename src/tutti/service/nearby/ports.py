"""What the nearby service needs of the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.nearby.values import Settings

Draw = Callable[[], float]
"""A random number, at least 0 and less than 1. In a server it must be one that nobody can foretell."""

MayMeet = Callable[[MemberId, MemberId], bool]
"""Whether these two may know of one another at all (neither blocks the other). Symmetric, quick, and never raises."""


Attend = Callable[[MemberId], None]
"""This person went live or offline, or shares something else than before. It must neither wait nor raise."""


class Companions(Protocol):
    """Rooms, as far as two people who are near need them."""

    async def open_listen(self, host: MemberId, guest: MemberId, host_name: str | None) -> RoomId | Refused:
        """A new room to listen together in, the host's, which the guest may enter. Twice: another one."""
        ...


class Choices(Protocol):
    """Where people's settings stay while they are away. Nothing waits but what says so."""

    def kept(self, user: MemberId) -> Settings | None:
        """What was kept last, once it was loaded; None: nothing was, or it was forgotten."""
        ...

    def keep(self, user: MemberId, settings: Settings | None) -> None:
        """Remember these; None: forget them. They count at once."""
        ...

    async def load(self, user: MemberId) -> None:
        """Have at hand what was kept, for as long as nothing else is awaited. Raises `Unavailable`."""
        ...

    async def stored(self, user: MemberId) -> None:
        """Returns once what was kept last would outlive the process. Raises `Unavailable`: it might not; ask again."""
        ...
