"""Somebody comes into a room: under which id, by what right, and opening it if need be; one try, one answer."""

from __future__ import annotations

from collections.abc import Callable

from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.core.membership import holds_lease
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Password
from tutti.service import dialect as d
from tutti.service.hall import Hall
from tutti.service.live_room import Answer, LiveRoom
from tutti.service.turn import Turn

NOT_OURS = Refused(Reason.NOT_ALLOWED, "Only the host may join as host")

Arrived = Callable[[LiveRoom, MemberId, Answer], None]


class Arrival:
    """`known`: it is proven that `who` asks; else `enter.named` says under which id it would like to come.

    `recording`: of which recording it is the recorder. `then` hears how it went.
    """

    __slots__ = ("_client", "_enter", "_hall", "_known", "_name", "_recording", "_then", "_turn", "_who")

    def __init__(
        self,
        hall: Hall,
        turn: Turn,
        enter: d.Enter,
        who: MemberId,
        *,
        name: str,
        known: bool,
        recording: str | None,
        client: str,
        then: Arrived,
    ) -> None:
        self._hall = hall
        self._turn = turn
        self._enter = enter
        self._who = who
        self._name = name
        self._known = known
        self._recording = recording
        self._client = client
        self._then = then

    def at(self, live: LiveRoom) -> None:
        """Ask this room to be let in."""
        room, enter = live.state, self._enter
        if enter.as_host and room is not None and room.host != self._who:
            self._turn.refuse(NOT_OURS)
            return
        if room is None or room.closed is not None:
            slow = self._hall.taken(self._hall.founding, self._client) if enter.opens is not None else None
            if slow is not None:
                self._turn.refuse(slow)
                return
        who, fresh = self._named(live)
        if room is not None and self._needs_password(room, who):
            self._turn.later(self._knowing(live, room, who, fresh))
        else:
            self._ask(live, who, fresh, None)

    def _named(self, live: LiveRoom) -> tuple[MemberId, bool]:
        """Its id, and whether nobody here may have it."""
        named = self._enter.named
        if self._known or named is None:
            return self._who, False
        if named.id is None:
            return self._who, True
        return named.id, not _is_proven(live, named.id, named.proof)

    def _needs_password(self, room: Room, who: MemberId) -> bool:
        if room.password is None or who in room.members or self._enter.password is None:
            return False
        return holds_lease(room, who, self._hall.rooms.clock.now_ms()) is None

    async def _knowing(self, live: LiveRoom, room: Room, who: MemberId, fresh: bool) -> None:
        """Whoever keeps saying what is not the password is guessing, and has to wait."""
        hall, said, password = self._hall, self._enter.password, room.password
        slow = hall.dry(hall.failed_passwords, self._client)
        if slow is not None:
            self._turn.refuse(slow)
        elif said is None or password is None or await hall.passwords.matches(password, said):
            self._ask(live, who, fresh, password)
        else:
            hall.taken(hall.failed_passwords, self._client)
            self._turn.refuse(Refused(Reason.WRONG_PASSWORD, "This is not the password"))

    def _ask(self, live: LiveRoom, who: MemberId, fresh: bool, password: Password | None) -> None:
        enter = self._enter
        command = c.Join(
            self._name,
            calling=enter.calling,
            fresh=fresh,
            opens=enter.opens,
            knocks=enter.door is not None,
            password=password,
            recording=self._recording,
            proof=None if enter.named is None else enter.named.proof,
        )

        def joined(answer: Answer) -> None:
            taken = isinstance(answer, Refused) and answer.reason is Reason.ID_TAKEN
            if taken and enter.named is not None and not self._known and who != self._who:
                self._ask(live, self._who, True, password)
            else:
                self._then(live, who, answer)

        live.submit(command, who, self._turn.guard(joined))


def _is_proven(live: LiveRoom, who: MemberId, proof: str | None) -> bool:
    """Whether this browser was `who` until a moment ago, and `who` is not on another connection now."""
    room = live.state
    if room is None or proof is None or live.calls.connected(who) or live.door.is_here(who):
        return False
    member, seat, knock = room.members.get(who), room.seat, room.knocks.get(who)
    if member is not None:
        return member.proof == proof
    if seat is not None and seat.member == who:
        return seat.proof == proof
    return knock is not None and knock.proof == proof
