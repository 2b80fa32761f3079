"""One live person, as the structures of this node refer to them.

There are as many as there are people, so each field is a reference to something shared wherever that is possible.
They take no part in garbage collection (`gc=False`; a collection would look at every one of them): no field may ever
lead back to the person.
"""

from __future__ import annotations

import msgspec

from tutti.core.geo import Cell
from tutti.core.ids import MemberId
from tutti.service.nearby.values import Settings, Track


class Person(msgspec.Struct, gc=False, eq=False):
    user: MemberId
    name: str | None
    avatar_url: str | None
    settings: Settings
    device: int
    until: int
    """The tick at which the lease of `device` ends; 0: not live any more."""
    more: dict[int, int] | None = None
    """Leases of further devices."""
    track: Track | None = None
    place: Cell | None = None
    """The cell that they said last. Nothing that others get may depend on it: only the shield reads it."""
    published: Cell | None = None
    at: int = 0
    """Where in the crowd of their published cell."""
    plausible_at: int = 0
    """The tick at which they were last where they could be."""
    first_at: int = 0
    """The tick at which their first place was published; 0: they have said none, -1: one that had to wait."""

    @property
    def live(self) -> bool:
        return self.until != 0

    @property
    def shared_track(self) -> Track | None:
        return self.track if self.settings.share_track else None

    def wipe(self) -> None:
        """Whoever still refers to this person finds nobody."""
        self.until = 0
        self.name = self.avatar_url = self.track = self.place = self.published = self.more = None
