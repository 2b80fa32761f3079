"""Who of a meeting is in which breakout room: people are taken there and back on the connection that they have.

The meeting's log says where everybody is to be; this carries it out, here and now and after a restart. Whoever is away
stays a member of the meeting, and what concerns the whole of it reaches them where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from tutti.core.commands import EndBreakouts, Expire
from tutti.core.events import (
    Assigned,
    BreakoutsClosed,
    BreakoutsExtended,
    BreakoutsOpened,
    CloseReason,
    MemberLeft,
    Recorded,
)
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import BreakoutsShown, ClosingSoon, Everywhere, HelpAsked
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.service.ports import Clock
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import Accepted, LiveRoom
    from tutti.service.rooms import Rooms

WARNED_AT_S: Final = (60, 10)
RETRY_S: Final = 1.0


class Mover(Protocol):
    """A meeting connection, in the main room or in one of the others."""

    def move(self, meeting: LiveRoom, to: RoomId | None) -> None:
        """Be in that breakout room from now on; None: in the main room."""
        ...

    def hear(self, relayed: Everywhere, meeting: LiveRoom) -> None: ...

    def parted(self, recorded: Recorded, meeting: LiveRoom) -> None:
        """The meeting has let go of whoever is on it."""
        ...


class Breakrooms:
    def __init__(self, live: LiveRoom, rooms: Rooms, wheel: TimerWheel, clock: Clock) -> None:
        self._live = live
        self._rooms = rooms
        self._wheel = wheel
        self._clock = clock
        self._movers: dict[MemberId, Mover] = {}
        self._timers: list[Timer] = []
        self._showing = False
        self._open: tuple[RoomId, ...] = ()

    @property
    def busy(self) -> bool:
        """Somebody is away on a connection of this node: the meeting is alive, though nobody listens to it."""
        return bool(self._movers)

    def came(self, member: MemberId, mover: Mover) -> None:
        self._movers[member] = mover

    def went(self, member: MemberId, mover: Mover) -> None:
        if self._movers.get(member) is mover:
            del self._movers[member]
            self._rooms.release(self._live)

    def changed(self, recorded: Recorded, room: Room) -> None:
        match recorded.event:
            case Assigned(member, to):
                mover = self._movers.get(member)
                if mover is not None:
                    mover.move(self._live, to)
                self._show_soon()
            case MemberLeft(member, _, _):
                mover = self._movers.pop(member, None)
                if mover is not None:
                    mover.parted(recorded, self._live)
                if room.breakouts is not None:
                    self._show_soon()
            case BreakoutsOpened() | BreakoutsExtended():
                self._begin(room)
                self._show_soon()
            case BreakoutsClosed():
                self._end()
                self._show_soon()
            case _:
                pass

    def restored(self, room: Room) -> None:
        if room.breakouts is not None:
            self._begin(room)

    def say(self, relayed: Everywhere) -> None:
        """To everybody whom it concerns, in whichever room they are."""
        room = self._live.state
        if room is None:
            return
        for member, mover in tuple(self._movers.items()):
            here = room.members.get(member)
            moderates = here is not None and here.role is not Role.MEMBER
            if moderates or not isinstance(relayed, HelpAsked):
                mover.hear(relayed, self._live)

    def stop(self) -> None:
        self._cancel()
        self._movers.clear()

    def _begin(self, room: Room) -> None:
        self._cancel()
        if room.breakouts is None:
            return
        self._open = tuple(one.id for one in room.breakouts.rooms)
        if room.breakouts.until_ms is None:
            return
        left_s = max(0.0, (room.breakouts.until_ms - self._clock.now_ms()) / 1000)
        for seconds in WARNED_AT_S:
            if left_s > seconds:
                self._timers.append(self._wheel.after(left_s - seconds, lambda s=seconds: self._warn(s)))  # type: ignore[misc] # the default binds this round's seconds
        self._timers.append(self._wheel.after(left_s, self._over))

    def _warn(self, seconds: int) -> None:
        self.say(ClosingSoon(seconds))

    def _over(self) -> None:
        self._live.submit(EndBreakouts(), None, self._ended)

    def _ended(self, _answer: Accepted | Refused) -> None:
        """A timer may be a little early, and what could not be kept has to be tried again."""
        room = self._live.state
        if room is None or room.closed is not None or room.breakouts is None:
            return
        self._timers.append(self._wheel.after(RETRY_S, self._over))

    def _end(self) -> None:
        """The rooms are closed once everybody had time to be taken out of them."""
        self._cancel()
        for room_id in self._open:
            self._wheel.after(RETRY_S, lambda r=room_id: self._close(r))  # type: ignore[misc] # the default binds this round's room
        self._open = ()

    def _close(self, room_id: RoomId) -> None:
        self._rooms.submit(room_id, Expire(CloseReason.HOST_ENDED), None, lambda _: None)

    def _show_soon(self) -> None:
        """Once for all that is decided in the same moment."""
        if not self._showing:
            self._showing = True
            self._rooms.soon(self._show)

    def _show(self) -> None:
        self._showing = False
        self.say(BreakoutsShown())

    def _cancel(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
