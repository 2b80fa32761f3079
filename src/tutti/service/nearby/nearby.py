"""The nearby service as dialects call it: everything about who is live, where, and who finds whom.

What anybody is told about somebody else depends on that person's place only through their published cell. Nothing
waits, so nothing is `async` but opening a room and what has to do with kept settings. Who calls has verified who
`user` is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Final
from zlib import crc32

from tutti.core.geo import Cell, around, parse, ring_km
from tutti.core.geo import name as geohash_of
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.choices import MemoryChoices
from tutti.service.nearby.finds import Finds
from tutti.service.nearby.index import CellIndex
from tutti.service.nearby.pairs import Pairs
from tutti.service.nearby.person import Person
from tutti.service.nearby.ports import Attend, Choices, Companions, Draw, MayMeet
from tutti.service.nearby.presence import Presence, terms
from tutti.service.nearby.rota import Ticks
from tutti.service.nearby.shield import Shield
from tutti.service.nearby.topics import HEARING, Topics
from tutti.service.nearby.values import (
    MAX_RADIUS_KM,
    NOBODY,
    NOT_LIVE,
    FindEvent,
    FindId,
    FindView,
    Hear,
    Live,
    Match,
    Near,
    Place,
    PlaceChanged,
    PlayerLost,
    Settings,
    Track,
    TrackUpdate,
    UserJoined,
    UserLeft,
    WentOffline,
)
from tutti.service.nearby.vibes import COMPARED, Vibes
from tutti.service.ports import Clock
from tutti.service.timers import TimerWheel

MAX_LIMIT: Final = 200

_RADIUS: Final = Refused(
    Reason.OUT_OF_RANGE, f"The radius must be above 0 and at most {MAX_RADIUS_KM:.0f} km"
)
_LIMIT: Final = Refused(Reason.OUT_OF_RANGE, f"The limit must be 1 to {MAX_LIMIT}")
_SHARE_FIRST: Final = Refused(Reason.NOT_ALLOWED, "Share your track first: matches are between people who do")


class Nearby:
    """`draw` and `new_id` must be unforeseeable in a server. `may_meet` None: nobody blocks anybody."""

    def __init__(
        self,
        clock: Clock,
        wheel: TimerWheel,
        *,
        draw: Draw,
        new_id: Callable[[], str],
        companions: Companions,
        choices: Choices | None = None,
        may_meet: MayMeet | None = None,
    ) -> None:
        time = Ticks(clock, wheel)
        self._people: dict[MemberId, Person] = {}
        self._may_meet = may_meet
        self._choices: Choices = choices or MemoryChoices()
        self._shared: dict[Settings, Settings] = {}
        self._index = CellIndex()
        self._topics = Topics(may_meet)
        self._vibes = Vibes(clock)
        self._presence = Presence(time, self._leave)
        self._shield = Shield(time, draw, self._publish)
        self._finds = Finds(clock, time, self, companions, new_id)
        self._pairs = Pairs(time, companions, self.tell, self.name_of)
        self._attend: Attend = lambda _: None

    def attended_by(self, attend: Attend) -> None:
        """Whoever has to know who is live and what they share: one, which is told after it is so."""
        self._attend = attend

    # Presence

    def go_live(
        self, user: MemberId, device: str, *, name: str | None = None, avatar_url: str | None = None
    ) -> Live | Refused:
        """A lease for this device. Twice renews it; a second device adds one. `device`: any id that stays the same."""
        person = self._people.get(user)
        if person is not None:
            person.name, person.avatar_url = name or person.name, avatar_url or person.avatar_url
            return self._presence.renewed(person, device) or terms(user)
        person = Person(user, name, avatar_url, self._one(self.settings(user)), 0, 0)
        self._people[user] = person
        self._presence.began(person, device)
        self._attend(user)
        return terms(user)

    def heartbeat(self, user: MemberId, device: str) -> Live | Refused:
        """Renews the device's lease. Refused (`NOT_LIVE`) once the person is gone: going live takes consent."""
        person = self._people.get(user)
        if person is None:
            return NOT_LIVE
        return self._presence.renewed(person, device) or terms(user)

    def go_offline(self, user: MemberId) -> None:
        """The kill switch, for all devices. When it returns, no structure of this node has their place or track."""
        person = self._people.get(user)
        if person is not None:
            self._leave(person)

    def is_live(self, user: MemberId) -> bool:
        return user in self._people

    def is_sharing(self, user: MemberId) -> bool:
        """Live, and others may know what they listen to."""
        person = self._people.get(user)
        return person is not None and person.settings.share_track

    # Settings

    def settings(self, user: MemberId) -> Settings:
        person = self._people.get(user)
        if person is not None:
            return person.settings
        return self._choices.kept(user) or _DEFAULTS

    def change_settings(
        self,
        user: MemberId,
        *,
        share_track: bool | None = None,
        allow_find: bool | None = None,
        radius_km: float | None = None,
    ) -> Settings | Refused:
        """None leaves it as it is. Live or not. Not sharing the track any more is told at once."""
        if radius_km is not None and not _is_radius(radius_km):
            return _RADIUS
        old = self.settings(user)
        new = self._one(
            Settings(
                old.share_track if share_track is None else share_track,
                old.allow_find if allow_find is None else allow_find,
                old.radius_km if radius_km is None else float(radius_km),
            )
        )
        self._choices.keep(user, None if new == _DEFAULTS else new)
        person = self._people.get(user)
        if person is not None:
            before, person.settings = person.shared_track, new
            self._track_changed(person, before)
            if new.share_track != old.share_track:
                self._attend(user)
        return new

    async def load_settings(self, user: MemberId) -> None:
        """Before somebody who may not be live asks for their settings or goes live. Raises `Unavailable`."""
        if user not in self._people:
            await self._choices.load(user)

    async def settings_stored(self, user: MemberId) -> None:
        """After a change: returns once it would outlive the process. Raises `Unavailable`."""
        await self._choices.stored(user)

    # What plays

    def update_track(self, user: MemberId, track: Track | None) -> Refused | None:
        """What plays; None: nothing. Others get it only while `share_track`. Refused while not live."""
        person = self._people.get(user)
        if person is None:
            return NOT_LIVE
        before, person.track = person.shared_track, track
        self._track_changed(person, before)
        return None

    def track(self, user: MemberId) -> Track | None:
        """One's own; shared or not."""
        person = self._people.get(user)
        return person.track if person is not None else None

    # Place

    def update_location(self, user: MemberId, geohash: str) -> Place | Refused:
        """At most 6 characters are read. The first one while live is published; later ones when it is time.

        Refused while not live, with wrong letters, and if it is coarser than 5 characters.
        """
        cell = parse(geohash)
        if isinstance(cell, Refused):
            return cell
        person = self._people.get(user)
        if person is None:
            return NOT_LIVE
        self._shield.said(person, cell)
        return self._place(person)

    def remove_location(self, user: MemberId) -> None:
        """Stay live without a place: for others as if gone; synchronous like `go_offline`."""
        person = self._people.get(user)
        if person is None:
            return
        self._finds.end_all(user)
        if person.place is not None or person.published is not None:
            self._withdraw(person)
            self._topics.tell(user, PlaceChanged(None))

    def place(self, user: MemberId) -> Place:
        """One's own."""
        person = self._people.get(user)
        return self._place(person) if person is not None else Place(None, False)

    # Who is near

    def nearby(
        self, user: MemberId, radius_km: float | None = None, limit: int = 50
    ) -> tuple[Near, ...] | Refused:
        """Around the caller's own published cell, nearest ring first; nobody while they have none.

        `radius_km` None: as in their settings. Refused while not live, or with a radius or limit out of range.
        """
        person = self._people.get(user)
        if person is None:
            return NOT_LIVE
        radius_km = person.settings.radius_km if radius_km is None else radius_km
        if not _is_radius(radius_km):
            return _RADIUS
        if not 1 <= limit <= MAX_LIMIT:
            return _LIMIT
        here = person.published
        if here is None:
            return ()
        rings: dict[Cell, tuple[str, int]] = {}
        return tuple(_near(here, other, rings) for other in self._around(person, here, radius_km, limit))

    def live_users(self, user: MemberId, limit: int = 100) -> tuple[Near, ...] | Refused:
        """As `nearby` with the widest radius."""
        return self.nearby(user, MAX_RADIUS_KM, limit)

    def matches(self, user: MemberId, limit: int = 10) -> tuple[Match, ...] | Refused:
        """People near with shared music, the best first. Both must be sharing their tracks."""
        person = self._people.get(user)
        if person is None:
            return NOT_LIVE
        if not person.settings.share_track:
            return _SHARE_FIRST
        if not 1 <= limit <= MAX_LIMIT:
            return _LIMIT
        here = person.published
        if here is None:
            return ()
        near = self._around(person, here, MAX_RADIUS_KM, COMPARED, sharing=True)
        return self._vibes.matches(user, near, limit)

    # Finding somebody

    def start_find(self, seeker: MemberId, target: MemberId) -> FindView | Refused:
        """Offer it to the target, who has 60 s to accept. Refused with `NOBODY` whatever is in the way over there."""
        return self._finds.start(seeker, target) if seeker in self._people else NOT_LIVE

    def accept(self, user: MemberId, session: FindId) -> FindView | Refused:
        """The target's consent; again, while it runs: consent to six more answers."""
        return self._finds.accept(user, session)

    def decline(self, user: MemberId, session: FindId) -> Refused | None:
        """The target's no; for a while the same seeker gets `NOBODY`."""
        return self._finds.decline(user, session)

    def active(self, user: MemberId) -> FindView | None:
        """The session one is in, as seeker or target: an accepted one before an offered one."""
        return self._finds.active(user)

    def update_find(self, user: MemberId, session: FindId, geohash: str) -> FindView | Refused:
        """Where one is. Both hear a bucket (`BucketUpdate`) if 10 s have passed since the last and answers are left."""
        return self._finds.update(user, session, geohash)

    def complete(self, user: MemberId, session: FindId) -> FindView | Refused:
        """ "Found": it is when both say so. Refused while the last bucket was neither `warm` nor `close`."""
        return self._finds.complete(user, session)

    def end(self, user: MemberId, session: FindId) -> FindView | Refused:
        """Either side, at once, offered or accepted."""
        return self._finds.end(user, session)

    # Together

    async def together(self, user: MemberId, session: FindId) -> RoomId | Refused:
        """A room to listen in for the two of an accepted find (or one completed lately); the same for both."""
        return await self._finds.together(user, session)

    async def together_with(self, user: MemberId, other: MemberId) -> RoomId | Refused:
        """As `together`, with somebody who shares music with them (`matches`)."""
        if not self._match(user, other):
            return NOBODY
        return await self._pairs.together(user, other)

    # Hearing of it

    def subscribe(self, user: MemberId, hear: Hear) -> Callable[[], None]:
        """Tell `hear` every event for this person until the result is called. One call per socket."""
        person = self._people.get(user)
        return self._topics.subscribe(user, hear, person.published if person is not None else None)

    def forget(self, user: MemberId) -> None:
        """The account is deleted: `go_offline`, and settings and taste as well."""
        self.go_offline(user)
        self._choices.keep(user, None)
        self._vibes.forget(user)

    def forget_taste(self, user: MemberId) -> None:
        """What they listened to counts for no match any more."""
        self._vibes.forget(user)

    def part(self, one: MemberId, other: MemberId) -> None:
        """They may not meet any more: whoever saw the other sees them leave, and what they were finding ends."""
        self._finds.part(one, other)
        self._pairs.part(one, other)
        a, b = self._people.get(one), self._people.get(other)
        if a is None or b is None or a.published is None or b.published is None:
            return
        if b.published in around(a.published, HEARING):
            self._topics.tell(one, UserLeft(other))
            self._topics.tell(other, UserLeft(one))

    # What finding asks (`finds.People`)

    def may_be_found(self, seeker: MemberId, target: MemberId) -> bool:
        person = self._people.get(target)
        allowed = person.settings.allow_find if person is not None else False
        return self._meet(seeker, target) and allowed

    def name_of(self, user: MemberId) -> str | None:
        person = self._people.get(user)
        return person.name if person is not None else None

    def published(self, user: MemberId) -> tuple[Cell | None, int]:
        person = self._people.get(user)
        return (None, 0) if person is None else (person.published, person.plausible_at)

    def tell(self, user: MemberId, event: FindEvent | PlayerLost) -> None:
        self._topics.tell(user, event)

    # Below

    def _publish(self, person: Person, cell: Cell) -> None:
        """The shield says that it is time."""
        old = person.published
        self._index.put(person, cell)
        self._topics.moved(person.user, cell)
        joined = UserJoined(person.user, person.name, person.avatar_url)
        if old is None:
            self._topics.publish(person.user, cell, joined)
        else:
            self._topics.publish_move(person.user, old, cell, left=UserLeft(person.user), joined=joined)
        self._topics.tell(person.user, PlaceChanged(geohash_of(cell)))

    def _withdraw(self, person: Person) -> None:
        """Their place is gone before anybody is told."""
        cell = person.published
        if cell is not None:
            self._shield.withdrawn(person)
        self._index.take(person)
        person.place = None
        self._topics.moved(person.user, None)
        if cell is not None:
            self._topics.publish(person.user, cell, UserLeft(person.user))

    def _leave(self, person: Person) -> None:
        del self._people[person.user]
        person.track = None
        self._withdraw(person)
        self._finds.end_all(person.user)
        person.wipe()
        self._attend(person.user)
        self._topics.tell(person.user, WentOffline())

    def _track_changed(self, person: Person, before: Track | None) -> None:
        now = person.shared_track
        if now == before:
            return
        if now is not None:
            self._vibes.heard(person.user, now)
        if person.published is not None:
            self._topics.publish(person.user, person.published, TrackUpdate(person.user, now))

    def _around(
        self, person: Person, here: Cell, radius_km: float, limit: int, *, sharing: bool = False
    ) -> list[Person]:
        """The whole kilometres of a radius count, and at least one."""
        may_meet = self._may_meet

        def shown(other: Person) -> bool:
            if other is person or (sharing and not other.settings.share_track):
                return False
            return may_meet is None or may_meet(person.user, other.user)

        turn = crc32(person.user.encode())
        return self._index.near(here, max(int(radius_km), 1), limit, turn, shown)

    def _match(self, user: MemberId, other: MemberId) -> bool:
        one, two = self._people.get(user), self._people.get(other)
        if one is None or two is None or one is two or not self._meet(user, other):
            return False
        if one.published is None or two.published is None:
            return False
        near = ring_km(one.published, two.published) <= MAX_RADIUS_KM
        sharing = one.settings.share_track and two.settings.share_track
        return near and sharing and self._vibes.between(user, other) is not None

    def _meet(self, one: MemberId, other: MemberId) -> bool:
        return self._may_meet is None or self._may_meet(one, other)

    def _place(self, person: Person) -> Place:
        published = person.published
        return Place(None if published is None else geohash_of(published), self._shield.is_settled(person))

    def _one(self, settings: Settings) -> Settings:
        """The same object for everybody who chose the same."""
        if len(self._shared) > 10_000:
            self._shared.clear()
        return self._shared.setdefault(settings, settings)


_DEFAULTS: Final = Settings()


def _is_radius(radius_km: float) -> bool:
    return isfinite(radius_km) and 0.0 < radius_km <= MAX_RADIUS_KM


def _near(here: Cell, other: Person, known: dict[Cell, tuple[str, int]]) -> Near:
    cell = other.published
    assert cell is not None, "who is in the index is published"
    said = known.get(cell)
    if said is None:
        said = known[cell] = (geohash_of(cell), ring_km(here, cell))
    return Near(other.user, other.name, other.avatar_url, said[0], said[1], other.shared_track)
