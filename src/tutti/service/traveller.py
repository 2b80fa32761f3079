"""One meeting connection that may be taken to a breakout room of the meeting, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

from tutti.core import commands as c
from tutti.core.events import Recorded
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import BreakoutsShown, Everywhere, Moved
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.service.dialect import Dialect, Viewer
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.live_room import Answer, LiveRoom
from tutti.service.ports import Position
from tutti.service.rooms import canonical

OF_THE_MEETING: Final = (
    c.OpenBreakouts,
    c.Assign,
    c.ExtendBreakouts,
    c.CloseBreakouts,
    c.TellBreakouts,
    c.AskHelp,
)
"""What is the meeting's to decide, from wherever it is asked."""


class Seat(Protocol):
    """The connection's visits, which know where it listens."""

    gone: bool

    def say(self, frame: Frame) -> None: ...

    def take(self, traveller: Traveller, to: LiveRoom, resume: Position | None) -> None:
        """Listen there from now on, and nowhere else."""
        ...

    def let_go(self, room: Room | None, member: MemberId) -> None:
        """The meeting has."""
        ...


class Traveller:
    """`at`: the room that it listens to, the meeting's own or a breakout room; None: it is on its way from outside."""

    def __init__(
        self,
        seat: Seat,
        hall: Hall,
        dialect: Dialect,
        meeting: LiveRoom,
        member: MemberId,
        *,
        at: LiveRoom | None = None,
    ) -> None:
        self.dialect = dialect
        self.meeting = meeting
        self.member = member
        self.at = at
        self._seat = seat
        self._hall = hall
        self._to: RoomId | None = None
        self._resume: Position | None = None

    @property
    def away(self) -> bool:
        return self.at is not self.meeting

    def elsewhere(self, room: RoomId, command: c.Command) -> bool:
        """Whether somebody who says this to the meeting means the breakout room that it is in."""
        return self.away and canonical(room) == self.meeting.id and not isinstance(command, OF_THE_MEETING)

    def enter(self, to: RoomId, resume: Position | None) -> None:
        """It came back to the meeting, and was in this breakout room before."""
        self._resume = resume
        self.move(self.meeting, to)

    def move(self, meeting: LiveRoom, to: RoomId | None) -> None:
        self._to = to
        if to is None:
            if self.away:
                self._arrive(meeting)
            return
        self._hall.rooms.reach(to, lambda live: self._knock(live, to))

    def hear(self, relayed: Everywhere, meeting: LiveRoom) -> None:
        if meeting.state is not None:
            now_ms = self._hall.rooms.clock.now_ms()
            for frame in self.dialect.relay(relayed, meeting.state, now_ms):
                self._seat.say(frame)

    def parted(self, recorded: Recorded, meeting: LiveRoom) -> None:
        """Whoever is away has to be told here: it does not listen to the meeting."""
        room, at = meeting.state, self.at
        if not self.away or room is None:
            return
        viewer = Viewer(self.member, 0.0)
        for frame in self.dialect.tell(recorded, room, viewer, recorded.at_ms):
            self._seat.say(frame)
        self._seat.let_go(room, self.member)
        if at is not None:
            at.submit(c.Leave(), self.member, lambda _: None)

    def _knock(self, live: LiveRoom | Refused, to: RoomId) -> None:
        join = self._join(to)
        if isinstance(live, Refused) or join is None:
            self._give_up()
        elif self._to == to and not self._seat.gone:
            live.submit(join, self.member, lambda answer: self._answered(live, to, answer))

    def _answered(self, live: LiveRoom, to: RoomId, answer: Answer) -> None:
        if isinstance(answer, Refused):
            self._give_up()
        elif self._to != to or self._seat.gone:  # called elsewhere meanwhile
            live.submit(c.Leave(), self.member, lambda _: None)
        else:
            self._arrive(live)

    def _arrive(self, live: LiveRoom) -> None:
        before, room = self.at, live.state
        if room is None or before is live:
            return
        self.at = live
        resume, self._resume = self._resume, None
        former = () if before is None else self._others_in(before)
        self.hear(Moved(self.member, live.id, self._name_of(live), former), self.meeting)
        self._seat.take(self, live, resume)
        self.hear(BreakoutsShown(), self.meeting)
        if before is not None and before is not self.meeting:
            before.submit(c.Leave(), self.member, lambda _: None)

    def _give_up(self) -> None:
        """There is no such room to be had: the meeting is to know that it is not there."""
        self.meeting.submit(c.Assign(self.member, None), None, lambda _: None)

    def _join(self, to: RoomId) -> c.Join | None:
        """As what it is in the meeting: nobody is host of a breakout room, and hosts moderate there."""
        room = self.meeting.state
        member = None if room is None else room.members.get(self.member)
        name = self._breakout_name(to)
        if room is None or member is None or name is None:
            return None
        defaults = replace(room.defaults, parent=room.id)
        role = Role.MEMBER if member.role is Role.MEMBER else Role.MODERATOR
        opens = c.Open(name, member.name, defaults)
        return c.Join(member.name, calling=True, opens=opens, proof=member.proof, moved_as=role)

    def _others_in(self, live: LiveRoom) -> tuple[MemberId, ...]:
        room = live.state
        members = () if room is None else tuple(room.members.values())
        return tuple(m.id for m in members if m.calling and m.id != self.member and m.away is None)

    def _name_of(self, live: LiveRoom) -> str | None:
        return None if live is self.meeting else (self._breakout_name(live.id) or live.id)

    def _breakout_name(self, to: RoomId) -> str | None:
        room = self.meeting.state
        rooms = () if room is None or room.breakouts is None else room.breakouts.rooms
        return next((one.name for one in rooms if one.id == to), None)
