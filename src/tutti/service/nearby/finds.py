"""Finding one another: `core/find.py` over time, between two live people, one of whom has to allow and accept it.

A session is where the two cells are while it runs, and they go when it ends. Whatever is in the way of an offer, the
seeker gets the same answer, and all of it is looked at each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from tutti.core import find as core
from tutti.core.geo import Cell, parse
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.ports import Companions
from tutti.service.nearby.rota import Ticks, ticks
from tutti.service.nearby.shield import plausible
from tutti.service.nearby.values import (
    NO_SUCH_FIND,
    NOBODY,
    BucketUpdate,
    FindAccepted,
    FindEnded,
    FindEvent,
    FindId,
    FindRequested,
    FindView,
    FoundClaimed,
    TogetherOpened,
)
from tutti.service.ports import Clock

REMEMBERED_S: Final = 300.0
"""How long a completed session can still be made a room of."""
COOL_S: Final = 600.0
"""Who was declined, or not answered, is told for so long that there is nobody."""
MOST_OFFERS: Final = 5

_BUSY: Final = Refused(Reason.ROOM_EXISTS, "You are finding somebody already: end that first")
_NOT_YET: Final = Refused(Reason.NOT_ALLOWED, "Both of you have to want it first: accept the find session")
_ENDED: Final = Refused(Reason.ROOM_CLOSED, "This find session has ended")


class People(Protocol):
    """What finding needs to know of people who are live."""

    def may_be_found(self, seeker: MemberId, target: MemberId) -> bool:
        """The target is live and allows it, and neither blocks the other."""
        ...

    def name_of(self, user: MemberId) -> str | None: ...

    def published(self, user: MemberId) -> tuple[Cell | None, int]:
        """Their published cell, and the tick at which it was plausible last."""
        ...

    def tell(self, user: MemberId, event: FindEvent) -> None:
        """To every socket of that person."""
        ...


class Session:
    __slots__ = ("find", "id", "opening", "places", "room")

    def __init__(self, session_id: FindId, find: core.Find) -> None:
        self.id = session_id
        self.find = find
        self.places: dict[MemberId, tuple[Cell, int]] = {}
        """Where both are, and the tick at which they said so. Only while the session is accepted."""
        self.room: RoomId | None = None
        self.opening = asyncio.Lock()

    @property
    def two(self) -> tuple[MemberId, MemberId]:
        return self.find.seeker, self.find.target

    @property
    def running(self) -> bool:
        return self.find.ending is None


class Finds:
    def __init__(
        self,
        clock: Clock,
        time: Ticks,
        people: People,
        companions: Companions,
        new_id: Callable[[], str],
    ) -> None:
        self._clock = clock
        self._time = time
        self._people = people
        self._companions = companions
        self._new_id = new_id
        self._sessions: dict[FindId, Session] = {}
        self._of: dict[MemberId, list[Session]] = {}
        self._cooling: set[tuple[MemberId, MemberId]] = set()
        self._ending = time.rota(self._time_may_be_up)
        self._forgetting = time.rota(self._forget)
        self._thawing = time.rota(self._cooling.discard)

    def start(self, seeker: MemberId, target: MemberId) -> FindView | Refused:
        offered = core.offer(seeker, target, self._clock.now_ms())
        if isinstance(offered, Refused):
            return offered
        own = self._running(seeker)
        again = next((one for one in own if one.find.target == target), None)
        if again is not None:
            return self._view(again)
        if any(one.find.seeker == seeker or one.find.stage is core.Stage.ACCEPTED for one in own):
            return _BUSY
        if not self._can_be_asked(seeker, target):
            return NOBODY
        session = Session(FindId(self._new_id()), offered)
        self._sessions[session.id] = session
        for user in session.two:
            self._of.setdefault(user, []).append(session)
        self._await_end(session)
        view = self._view(session)
        self._people.tell(target, FindRequested(view, self._people.name_of(seeker)))
        return view

    def accept(self, user: MemberId, session_id: FindId) -> FindView | Refused:
        session = self._session(user, session_id)
        if session is None:
            return NO_SUCH_FIND
        accepted = core.accept(session.find, user, self._clock.now_ms())
        if isinstance(accepted, Refused):
            return accepted
        if session.find.stage is core.Stage.OFFERED and self._is_finding(user):
            return _BUSY
        renewed = session.find.stage is core.Stage.ACCEPTED
        session.find = accepted
        if not renewed:
            self._await_end(session)
        return self._tell(session, FindAccepted)

    def decline(self, user: MemberId, session_id: FindId) -> Refused | None:
        session = self._session(user, session_id)
        if session is None:
            return NO_SUCH_FIND
        declined = core.decline(session.find, user, self._clock.now_ms())
        if isinstance(declined, Refused):
            return declined
        session.find = declined
        self._ended(session)
        return None

    def active(self, user: MemberId) -> FindView | None:
        """An accepted one before an offered one."""
        running = self._running(user)
        running.sort(key=lambda session: session.find.stage is not core.Stage.ACCEPTED)
        return self._view(running[0]) if running else None

    def update(self, user: MemberId, session_id: FindId, geohash: str) -> FindView | Refused:
        session = self._session(user, session_id)
        if session is None:
            return NO_SUCH_FIND
        cell = parse(geohash)
        if isinstance(cell, Refused):
            return cell
        if session.find.stage is not core.Stage.ACCEPTED:
            return _NOT_YET if session.running else _ENDED
        self._place(session, user, cell)
        if len(session.places) < 2 or not core.may_answer(session.find, self._clock.now_ms()):
            return self._view(session)
        (one, _), (other, _) = session.places.values()
        session.find = core.answer(session.find, one, other, self._clock.now_ms())
        return self._tell(session, BucketUpdate)

    def complete(self, user: MemberId, session_id: FindId) -> FindView | Refused:
        session = self._session(user, session_id)
        if session is None:
            return NO_SUCH_FIND
        confirmed = core.confirm(session.find, user, self._clock.now_ms())
        if isinstance(confirmed, Refused):
            return confirmed
        news = confirmed.confirmed != session.find.confirmed
        session.find = confirmed
        if not session.running:
            return self._ended(session)
        return self._tell(session, FoundClaimed) if news else self._view(session)

    def end(self, user: MemberId, session_id: FindId) -> FindView | Refused:
        session = self._session(user, session_id)
        if session is None:
            return NO_SUCH_FIND
        if not session.running:
            return _ENDED
        session.find = core.end(session.find)
        return self._ended(session)

    def end_all(self, user: MemberId) -> None:
        """They are not live any more. When this returns, their place is in no session."""
        for session in self._running(user):
            session.find = core.end(session.find)
            self._ended(session)

    def part(self, one: MemberId, other: MemberId) -> None:
        """One of them blocks the other: what they are in together ends, and no room comes of what they were in."""
        for session in tuple(self._of.get(one, ())):
            if other not in session.two:
                continue
            if session.running:
                session.find = core.end(session.find)
                self._ended(session)
            else:
                session.find = replace(session.find, ending=core.Ending.CANCELLED)

    async def together(self, user: MemberId, session_id: FindId) -> RoomId | Refused:
        session = self._session(user, session_id)
        if session is None:
            return NO_SUCH_FIND
        async with session.opening:
            if refused := _no_room_for(session.find):
                return refused
            if session.room is not None:
                return session.room
            other = session.find.other(user)
            room = await self._companions.open_listen(user, other, self._people.name_of(user))
            if isinstance(room, Refused):
                return room
            session.room = room
        if refused := _no_room_for(session.find):  # called off while the room was made
            return refused
        for one in session.two:
            self._people.tell(one, TogetherOpened(room, user, other, session.id))
        return room

    def _can_be_asked(self, seeker: MemberId, target: MemberId) -> bool:
        """Everything is looked at, whatever the first of it says."""
        allowed = self._people.may_be_found(seeker, target)
        theirs = self._running(target)
        busy = len(theirs) >= MOST_OFFERS or self._is_finding(target)
        cooling = (seeker, target) in self._cooling
        return allowed and not busy and not cooling

    def _is_finding(self, user: MemberId) -> bool:
        return any(one.find.stage is core.Stage.ACCEPTED for one in self._running(user))

    def _running(self, user: MemberId) -> list[Session]:
        return [session for session in self._of.get(user, ()) if session.running]

    def _session(self, user: MemberId, session_id: FindId) -> Session | None:
        session = self._sessions.get(session_id)
        return session if session is not None and user in session.two else None

    def _place(self, session: Session, user: MemberId, cell: Cell) -> None:
        """Who cannot have got there is still where they were: nobody finds a person by asking from everywhere."""
        tick = self._time.now()
        before = session.places.get(user)
        old, then = before if before is not None else self._people.published(user)
        if plausible(old, then, cell, tick):
            session.places[user] = (cell, tick)

    def _await_end(self, session: Session) -> None:
        self._ending.put(self._time.at(session.find.until_ms) + 1, session)

    def _time_may_be_up(self, session: Session) -> None:
        """It has a turn for the offer, and another since it was accepted."""
        if session.running and self._clock.now_ms() >= session.find.until_ms:
            session.find = core.end(session.find, core.Ending.EXPIRED)
            self._ended(session)

    def _ended(self, session: Session) -> FindView:
        """Nothing of it stays but that there was one, for a while."""
        session.places.clear()
        never_accepted = session.find.accepted_at_ms is None
        if never_accepted and session.find.ending is not core.Ending.CANCELLED:
            self._cooling.add(session.two)
            self._thawing.put(self._time.now() + ticks(COOL_S), session.two)
        self._forgetting.put(self._time.now() + ticks(REMEMBERED_S), session)
        return self._tell(session, FindEnded)

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        for user in session.two:
            sessions = self._of[user]
            sessions.remove(session)
            if not sessions:
                del self._of[user]

    def _tell(
        self,
        session: Session,
        event: Callable[[FindView], FindAccepted | BucketUpdate | FoundClaimed | FindEnded],
    ) -> FindView:
        view = self._view(session)
        said = event(view)
        for user in session.two:
            self._people.tell(user, said)
        return view

    def _view(self, session: Session) -> FindView:
        find = session.find
        left_s = (find.until_ms - self._clock.now_ms()) / 1000 if session.running else 0.0
        return FindView(
            session.id,
            find.seeker,
            find.target,
            find.stage,
            find.bucket,
            find.answers_left,
            max(left_s, 0.0),
            find.confirmed,
            find.ending,
            session.room,
        )


def _no_room_for(find: core.Find) -> Refused | None:
    if find.stage is core.Stage.OFFERED:
        return _NOT_YET
    return None if find.ending in (None, core.Ending.COMPLETED) else _ENDED
