"""The nearby service as dialects call it: everything about who is live, where, and who finds whom.

What anybody is told about somebody else depends on that person's place only through their published cell. Nothing
waits, so nothing is `async` but opening a room. Who calls has verified who `user` is.
"""

from __future__ import annotations

from collections.abc import Callable

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.nearby.values import (
    FindId,
    FindView,
    Hear,
    Live,
    Match,
    Near,
    Place,
    Settings,
    Track,
)


class Nearby:
    def go_live(
        self, user: MemberId, device: str, *, name: str | None = None, avatar_url: str | None = None
    ) -> Live | Refused:
        """A lease for this device. Twice renews it; a second device adds one. `device`: any id that stays the same."""
        raise NotImplementedError

    def heartbeat(self, user: MemberId, device: str) -> Live | Refused:
        """Renews the device's lease. Refused (`NOT_LIVE`) once the person is gone: going live takes consent."""
        raise NotImplementedError

    def go_offline(self, user: MemberId) -> None:
        """The kill switch, for all devices. When it returns, no structure of this node has their place or track."""
        raise NotImplementedError

    def is_live(self, user: MemberId) -> bool:
        raise NotImplementedError

    def settings(self, user: MemberId) -> Settings:
        raise NotImplementedError

    def change_settings(
        self,
        user: MemberId,
        *,
        share_track: bool | None = None,
        allow_find: bool | None = None,
        radius_km: float | None = None,
    ) -> Settings | Refused:
        """None leaves it as it is. Live or not. Not sharing the track any more is told at once."""
        raise NotImplementedError

    def update_track(self, user: MemberId, track: Track | None) -> None | Refused:
        """What plays; None: nothing. Others get it only while `share_track`. Refused while not live."""
        raise NotImplementedError

    def track(self, user: MemberId) -> Track | None:
        """One's own; shared or not."""
        raise NotImplementedError

    def update_location(self, user: MemberId, geohash: str) -> Place | Refused:
        """At most 6 characters are read. The first one while live is published; later ones when it is time.

        Refused while not live, with wrong letters, and if it is coarser than 5 characters.
        """
        raise NotImplementedError

    def remove_location(self, user: MemberId) -> None:
        """Stay live without a place: for others as if gone; synchronous like `go_offline`."""
        raise NotImplementedError

    def place(self, user: MemberId) -> Place:
        """One's own."""
        raise NotImplementedError

    def nearby(
        self, user: MemberId, radius_km: float | None = None, limit: int = 50
    ) -> tuple[Near, ...] | Refused:
        """Around the caller's own published cell, nearest ring first; nobody while they have none.

        `radius_km` None: as in their settings. Refused while not live, or with a radius or limit out of range.
        """
        raise NotImplementedError

    def live_users(self, user: MemberId, limit: int = 100) -> tuple[Near, ...] | Refused:
        """As `nearby` with the widest radius."""
        raise NotImplementedError

    def matches(self, user: MemberId, limit: int = 10) -> tuple[Match, ...] | Refused:
        """People near with shared music, the best first. Both must be sharing their tracks."""
        raise NotImplementedError

    def start_find(self, seeker: MemberId, target: MemberId) -> FindView | Refused:
        """Offer it to the target, who has 60 s to accept. Refused with `NOBODY` whatever is in the way over there."""
        raise NotImplementedError

    def accept(self, user: MemberId, session: FindId) -> FindView | Refused:
        """The target's consent; again, while it runs: consent to six more answers."""
        raise NotImplementedError

    def decline(self, user: MemberId, session: FindId) -> None | Refused:
        """The target's no; for a while the same seeker gets `NOBODY`."""
        raise NotImplementedError

    def active(self, user: MemberId) -> FindView | None:
        """The session one is in, as seeker or target: an accepted one before an offered one."""
        raise NotImplementedError

    def update_find(self, user: MemberId, session: FindId, geohash: str) -> FindView | Refused:
        """Where one is. Both hear a bucket (`BucketUpdate`) if 10 s have passed since the last and answers are left."""
        raise NotImplementedError

    def complete(self, user: MemberId, session: FindId) -> FindView | Refused:
        """ "Found": it is when both say so. Refused while the last bucket was neither `warm` nor `close`."""
        raise NotImplementedError

    def end(self, user: MemberId, session: FindId) -> FindView | Refused:
        """Either side, at once, offered or accepted."""
        raise NotImplementedError

    async def together(self, user: MemberId, session: FindId) -> RoomId | Refused:
        """A room to listen in for the two of an accepted find (or one completed lately); the same for both."""
        raise NotImplementedError

    async def together_with(self, user: MemberId, other: MemberId) -> RoomId | Refused:
        """As `together`, with somebody out of `matches(user)`."""
        raise NotImplementedError

    def subscribe(self, user: MemberId, hear: Hear) -> Callable[[], None]:
        """Tell `hear` every event for this person until the result is called. One call per socket."""
        raise NotImplementedError

    def forget(self, user: MemberId) -> None:
        """The account is deleted: `go_offline`, and settings and taste as well."""
        raise NotImplementedError
