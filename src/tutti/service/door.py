"""Those who wait to be let into a room: their connections wait here, and are told how many are before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tutti.core.commands import Admit, EndKnock
from tutti.core.events import Event, KnockEnded, MemberJoined, MemberLeft, SeatKept
from tutti.core.ids import MemberId
from tutti.core.membership import people
from tutti.core.room import Room
from tutti.service.ports import Clock
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import LiveRoom

AFTER_RESTART_S = 60.0
"""So long may somebody who knocked take to come back when the server itself was away."""
SLACK_S = 0.2
"""A timer may be a little early."""


class Knocker(Protocol):
    """A connection that waits."""

    def waits(self, position: int) -> None: ...

    def let_in(self) -> None: ...

    def turned_away(self) -> None: ...


class Door:
    def __init__(self, live: LiveRoom, wheel: TimerWheel, clock: Clock) -> None:
        self._live = live
        self._wheel = wheel
        self._clock = clock
        self._here: dict[MemberId, Knocker] = {}
        self._cleaning: Timer | None = None
        self._opening: Timer | None = None

    @property
    def waiting(self) -> bool:
        return bool(self._here)

    def is_here(self, member: MemberId) -> bool:
        return member in self._here

    def came(self, member: MemberId, knocker: Knocker) -> None:
        """Who knocked already and comes on another connection waits there."""
        before = self._here.get(member)
        self._here[member] = knocker
        if before is not None and before is not knocker:
            before.turned_away()
        self._say_positions(member)

    def went(self, member: MemberId, knocker: Knocker) -> None:
        """Its connection is gone: it waits no more."""
        if self._here.get(member) is knocker:
            del self._here[member]
            self._live.submit(EndKnock(member), None, lambda _: None)

    def changed(self, event: Event, room: Room) -> None:
        match event:
            case MemberJoined(member):
                knocker = self._here.pop(member.id, None)
                if knocker is not None:
                    knocker.let_in()
            case KnockEnded(who, admitted):
                self._say_positions()
                knocker = None if admitted else self._here.pop(who, None)
                if knocker is not None:
                    knocker.turned_away()
            case MemberLeft() | SeatKept():
                self._open_if_unattended(room)
            case _:
                pass

    def restored(self, room: Room) -> None:
        self._open_if_unattended(room)
        if room.knocks and self._cleaning is None:
            self._cleaning = self._wheel.after(AFTER_RESTART_S, self._clean)

    def stop(self) -> None:
        for timer in (self._cleaning, self._opening):
            if timer is not None:
                timer.cancel()
        self._cleaning = self._opening = None
        here, self._here = self._here, {}
        for knocker in here.values():
            knocker.turned_away()

    def _open_if_unattended(self, room: Room) -> None:
        """Nobody is inside: nobody waits longer than a lost host may take to be back."""
        if not room.knocks or people(room):
            return
        if self._opening is not None:
            self._opening.cancel()
        lease_ms = 0.0 if room.seat is None else room.seat.until_ms - self._clock.now_ms()
        self._opening = self._wheel.after(max(lease_ms, 0.0) / 1000 + SLACK_S, self._open)

    def _open(self) -> None:
        self._opening = None
        self._live.submit(Admit(), None, lambda _: None)

    def _clean(self) -> None:
        self._cleaning = None
        room = self._live.state
        for who in () if room is None else tuple(room.knocks):
            if who not in self._here:
                self._live.submit(EndKnock(who), None, lambda _: None)

    def _say_positions(self, only: MemberId | None = None) -> None:
        room = self._live.state
        for n, who in enumerate(() if room is None else tuple(room.knocks), 1):
            knocker = self._here.get(who)
            if knocker is not None and only in (None, who):
                knocker.waits(n)
