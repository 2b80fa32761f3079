"""The rooms that one connection has entered, and what each of its sentences asks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.service import dialect as d
from tutti.service.arrival import Arrival
from tutti.service.connection import Connection
from tutti.service.fanout import Subscription
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.limits import Buckets
from tutti.service.live_room import Accepted, Answer, LiveRoom
from tutti.service.ports import Position, Principal
from tutti.service.resume import Missed, missed_since, picture
from tutti.service.rooms import canonical, ended
from tutti.service.skew import Skew
from tutti.service.speaker import Speaker, Spoken
from tutti.service.traveller import Traveller
from tutti.service.turn import Turn

Parted = Callable[[Room | None, MemberId], None]
"""A room, as it is now, has let go of this connection, which listened to it as this member."""

WISHES = (c.Play, c.Pause, c.Seek)
MOST_UNDER_WAY = 32
"""Wishes of one connection in a room's queue at once."""


class Visits:
    """`heed` a sentence once it is known who says it; `end` when the connection has gone."""

    __slots__ = (
        "_connection",
        "_hall",
        "_has_entered",
        "_knock",
        "_next",
        "_parted",
        "_skew",
        "_speaker",
        "_subscriptions",
        "_traveller",
        "_under_way",
        "gone",
    )

    def __init__(
        self,
        hall: Hall,
        connection: Connection,
        speaker: Speaker,
        parted: Parted,
        entered: Callable[[], None] | None = None,
    ) -> None:
        self._hall = hall
        self._connection = connection
        self._speaker = speaker
        self._parted = parted
        self._has_entered = entered
        self._subscriptions: dict[RoomId, tuple[LiveRoom, Subscription]] = {}
        self.gone = False
        self._skew: Skew | None = None
        self._knock: _Knock | None = None
        self._traveller: Traveller | None = None
        """Of a connection that meets: in the meeting, or in one of its breakout rooms."""
        self._under_way = 0
        self._next: Callable[[], None] | None = None
        """What was said behind wishes that are under way, and waits for them."""

    def __bool__(self) -> bool:
        return bool(self._subscriptions)

    @property
    def first(self) -> tuple[LiveRoom, Subscription] | None:
        """Where it is, if it is in one room at most."""
        return next(iter(self._subscriptions.values()), None)

    def heed(self, turn: Turn, sentence: Spoken, who: Principal) -> None:
        """Wishes that want no answer may follow one another into a room's queue; whatever else is said waits for them."""
        if self._under_way and not isinstance(sentence, d.Ask):
            self._next = turn.guarded(lambda: self._heed(turn, sentence, who))
        else:
            self._heed(turn, sentence, who)

    def _heed(self, turn: Turn, sentence: Spoken, who: Principal) -> None:
        match sentence:
            case d.Ask():
                self._ask(turn, sentence, who.id)
            case d.Enter():
                self._enter(turn, sentence, who)
            case d.Exit():
                self._exit(turn, sentence, who.id)
            case d.Renew() | d.Resync():
                self._see(turn, sentence, who.id)
            case d.Found():
                self._found(turn, sentence, who)
            case d.Protect():
                self._protect(turn, sentence, who.id)
            case _:
                assert_never(sentence)

    def end(self) -> None:
        """The connection is gone: its members are lost, not left."""
        self.gone = True
        self._stop_knocking()
        for live, subscription in tuple(self._subscriptions.values()):
            self._detach(live, subscription)
        traveller = self._stop_travelling()
        if traveller is not None and traveller.away:
            traveller.meeting.presence.missed(traveller.member)

    def leave(self) -> None:
        """The connection is gone, and whoever was on it meant to go."""
        for live, subscription in tuple(self._subscriptions.values()):
            self._forget(live.id, subscription)
            live.go(subscription)
        traveller = self._stop_travelling()
        if traveller is not None and traveller.away:
            traveller.meeting.leave(traveller.member)

    def part_from_others(self, member: MemberId) -> None:
        """Whoever is known to be somebody listens no longer as somebody else."""
        for live, subscription in tuple(self._subscriptions.values()):
            if subscription.member != member:
                self._detach(live, subscription)

    def entered_as(self, sentence: Spoken) -> MemberId | None:
        """Who somebody is that does not say so in every sentence: whoever entered the room on this connection."""
        if isinstance(sentence, d.Found):
            return None
        room = canonical(sentence.room)
        entered = self._subscriptions.get(room)
        if entered is not None:
            return entered[1].member
        if self._knock is not None and self._knock.live.id == room:
            return self._knock.member
        traveller = self._traveller
        return traveller.member if traveller is not None and traveller.meeting.id == room else None

    def _ask(self, turn: Turn, ask: d.Ask, who: MemberId) -> None:
        traveller = self._traveller
        moved = traveller is not None and traveller.elsewhere(ask.room, ask.command)
        there = traveller.at if traveller is not None and moved else None
        entered = self._entered(ask.room if there is None else there.id, who)
        command = ask.command
        if isinstance(command, c.Report):
            command = self._sampled(command, ask.stamped_ms)
        if entered is None:
            self._find_to(turn, ask.room, command, who)
        elif self._hall.rooms.draining:
            turn.refuse(Refused(Reason.DRAINING))
        else:
            live, subscription = entered
            self._ask_here(turn, command, live, subscription)

    def _ask_here(self, turn: Turn, command: c.Command, live: LiveRoom, subscription: Subscription) -> None:
        """As somebody who is told of the timeline, and so may only repeat it."""
        done_already = not subscription.dialect.schedules
        if not isinstance(command, WISHES):
            live.submit(command, subscription.member, turn.answered, done_already=done_already)
            return
        echo = live.echo(command, subscription) if subscription.dialect.echoes else None
        later = turn.hand_over() if self._under_way < MOST_UNDER_WAY else None
        self._under_way += 1

        def answered(answer: Answer) -> None:
            self._under_way -= 1
            if later is None:
                turn.answered(answer)
            elif isinstance(answer, Refused):
                later(answer)
            if echo is not None and isinstance(answer, Accepted) and not answer.events:
                live.helm.overtaken(subscription, echo)
            if self._next is not None and not self._under_way:
                then, self._next = self._next, None
                then()

        if echo is not None:
            command = replace(command, told=echo)
        live.submit(command, subscription.member, turn.guard(answered), done_already=done_already)
        if later is not None:
            turn.handed_over()

    def _sampled(self, report: c.Report, stamped_ms: float | None) -> c.Report:
        """With the time at which the player was where it says: earlier than it was heard, by the way here."""
        late_ms = self._connection.half_rtt_ms
        if stamped_ms is not None:
            if self._skew is None:
                self._skew = Skew()
            late_ms += self._skew.late_ms(stamped_ms, report.sampled_at_ms)
        if not late_ms:
            return report
        return c.Report(report.position_ms, report.sampled_at_ms - late_ms, report.playing, report.media)

    def _enter(self, turn: Turn, enter: d.Enter, who: Principal) -> None:
        """Join if not a member yet, then listen, then be welcomed; in that order nothing is missed or told twice."""

        anew = (
            enter.resume is None and self._speaker.shows_pass(enter.room) and self.entered_as(enter) is None
        )

        def joined(live: LiveRoom, member: MemberId, answer: Answer) -> None:
            if enter.door is not None and isinstance(answer, Accepted) and self._knocks(live, member):
                self._wait(turn, live, member, enter.door)
            elif enter.resume is None or isinstance(answer, Refused):
                self._welcome(turn, live, member, answer, anew=anew)
            else:
                turn.later(self._resume(turn, live, member, answer, enter.resume))

        arrival = Arrival(
            self._hall,
            turn,
            enter,
            who.id,
            name=enter.name or who.name or who.id,
            known=self._known(turn, enter),
            recording=self._hall.passes.recording(canonical(enter.room), self._speaker.token),
            client=self._connection.client,
            then=joined,
        )
        self._find(turn, enter.room, arrival.at, self._hall.failed_joins, opening=enter.opens is not None)

    def _known(self, turn: Turn, enter: d.Enter) -> bool:
        return self._speaker.proven(enter, turn.dialect.name) or self.entered_as(enter) is not None

    def _knocks(self, live: LiveRoom, member: MemberId) -> bool:
        return live.state is not None and member in live.state.knocks

    def _wait(self, turn: Turn, live: LiveRoom, member: MemberId, doorway: d.Doorway) -> None:
        """Until somebody who may says whether it is let in."""
        if self.gone:
            live.submit(c.EndKnock(member), None, lambda _: None)
            return
        knock = self._knock
        if knock is None or knock.live is not live or knock.member != member:
            self._stop_knocking()
            self._knock = knock = _Knock(self, live, member, turn.dialect, doorway)
        turn.done(live.state)
        live.door.came(member, knock)

    def let_in(self, knock: _Knock) -> None:
        """It need wait no longer."""
        self._knock = None
        room = knock.live.state
        if room is not None:
            self._begin(knock.dialect, knock.live, room, knock.member, None)

    def turned_away(self, knock: _Knock) -> None:
        if self._knock is knock:
            self._knock = None
            self._connection.send(knock.doorway.turned_away())
            self._parted(knock.live.state, knock.member)

    def say(self, frame: Frame) -> None:
        self._connection.send(frame)

    def _stop_knocking(self) -> None:
        knock, self._knock = self._knock, None
        if knock is not None:
            knock.live.door.went(knock.member, knock)
            self._hall.rooms.release(knock.live)

    async def _resume(
        self, turn: Turn, live: LiveRoom, who: MemberId, answer: Answer, after: Position
    ) -> None:
        missed = await missed_since(self._hall.rooms, live, after)
        self._welcome(turn, live, who, answer, missed, resume=after)

    def _find(
        self,
        turn: Turn,
        room_id: RoomId,
        then: Callable[[LiveRoom], None],
        guesses: Buckets | None,
        *,
        opening: bool = False,
    ) -> None:
        """`then` hears the room. Whoever keeps naming rooms that there are not is guessing, and has to wait.

        `opening`: a room that is not there is one to be opened.
        """
        hall, client = self._hall, self._connection.client
        slow = hall.dry(guesses, client)
        if slow is not None:
            turn.refuse(slow)
            return

        def found(live: LiveRoom | Refused) -> None:
            if self.gone:
                return
            if isinstance(live, Refused):
                if live.reason is Reason.ROOM_NOT_FOUND:
                    hall.taken(guesses, client)
                turn.refuse(live)
            elif hall.rooms.draining:
                turn.refuse(Refused(Reason.DRAINING))
            else:
                then(live)

        look = hall.rooms.reach if opening else hall.rooms.find
        look(room_id, turn.guard(found))

    def _welcome(
        self,
        turn: Turn,
        live: LiveRoom,
        who: MemberId,
        answer: Answer,
        missed: Missed | None = None,
        *,
        anew: bool = False,
        resume: Position | None = None,
    ) -> None:
        """`missed`: what there was since they were last here, or why that cannot be told; None: they did not ask."""
        if self.gone:  # while it was being admitted; its member has a first visit's time to come back
            return
        room = live.state
        if isinstance(answer, Refused):
            turn.refuse(answer)
        elif room is None or who not in room.members:  # let go again before it could be told
            turn.refuse(Refused(Reason.NOT_A_MEMBER))
        elif (over := ended(room)) is not None:
            turn.refuse(over)
        elif (away := room.members[who].away) is not None and turn.dialect.meets:
            self._return_to(turn.dialect, live, who, away, resume)
            turn.done(room)
        else:
            self._begin(turn.dialect, live, room, who, missed, anew=anew)
            turn.done(room)

    def _begin(
        self,
        dialect: d.Dialect,
        live: LiveRoom,
        room: Room,
        who: MemberId,
        missed: Missed | None,
        *,
        anew: bool = False,
    ) -> None:
        subscription = self._listen(dialect, live, who)
        self._remember(dialect, room, who)
        now_ms = self._hall.rooms.clock.now_ms()
        subscription.send(picture(dialect, room, subscription.viewer, now_ms, missed))
        subscription.was_told(room, now_ms)
        live.helm.entered(subscription)
        if dialect.meets:
            self._travels(dialect, live, room, who)
            resumed = not isinstance(missed, str | None)
            live.calls.entered(subscription, resumed=resumed, offers=missed is None, anew=anew)
        if self._has_entered is not None:
            self._has_entered()

    def _remember(self, dialect: d.Dialect, room: Room, who: MemberId) -> None:
        token = self._speaker.token
        if token is not None and not self._hall.gate.verifies(dialect.name):
            self._hall.bearers.remember(room.id, token, who, as_host=room.host == who)

    def _listen(self, dialect: d.Dialect, live: LiveRoom, who: MemberId) -> Subscription:
        before = self._subscriptions.pop(live.id, None)
        if before is not None:
            live.replaced(before[1])
        subscription = Subscription(self._connection, who, dialect, lambda: self._lost(live, subscription))
        self._subscriptions[live.id] = (live, subscription)
        live.attach(subscription)
        return subscription

    def _travels(self, dialect: d.Dialect, live: LiveRoom, room: Room, who: MemberId) -> None:
        """Whoever is in a meeting may be sent to one of its breakout rooms."""
        if room.defaults.parent is not None or (self._traveller is not None and self._traveller.at is live):
            return
        self._stop_travelling()
        self._traveller = Traveller(self, self._hall, dialect, live, who, at=live)
        live.breakouts.came(who, self._traveller)

    def _return_to(
        self, dialect: d.Dialect, meeting: LiveRoom, who: MemberId, away: RoomId, resume: Position | None
    ) -> None:
        self._stop_travelling()
        self._traveller = traveller = Traveller(self, self._hall, dialect, meeting, who)
        meeting.presence.elsewhere(who)
        meeting.breakouts.came(who, traveller)
        traveller.enter(away, resume)

    def take(self, traveller: Traveller, to: LiveRoom, resume: Position | None) -> None:
        """From the room where it was, of which nobody there need be told: to another."""
        for live, subscription in tuple(self._subscriptions.values()):
            if subscription.member == traveller.member and subscription.dialect is traveller.dialect:
                self._forget(live.id, subscription)
                live.replaced(subscription)
                live.calls.left(traveller.member)
                self._hall.rooms.release(live)
        room = to.state
        if room is None or self.gone:
            return
        if resume is None:
            self._begin(traveller.dialect, to, room, traveller.member, None)
        else:
            self._hall.rooms.spawn(self._take_up(traveller, to, resume))

    async def _take_up(self, traveller: Traveller, to: LiveRoom, after: Position) -> None:
        missed = await missed_since(self._hall.rooms, to, after)
        room = to.state
        if room is not None and traveller.at is to and not self.gone:
            self._begin(traveller.dialect, to, room, traveller.member, missed)

    def let_go(self, room: Room | None, member: MemberId) -> None:
        for live, subscription in tuple(self._subscriptions.values()):
            if subscription.member == member:
                self._forget(live.id, subscription)
                live.replaced(subscription)
                live.calls.left(member)
        self._traveller = None
        self._parted(room, member)

    def _stop_travelling(self) -> Traveller | None:
        traveller, self._traveller = self._traveller, None
        if traveller is not None:
            traveller.meeting.breakouts.went(traveller.member, traveller)
        return traveller

    def _lost(self, live: LiveRoom, subscription: Subscription) -> None:
        """The room has let go of it."""
        self._forget(live.id, subscription)
        self._parted(live.state, subscription.member)

    def _forget(self, room_id: RoomId, subscription: Subscription) -> None:
        entered = self._subscriptions.get(room_id)
        if entered is not None and entered[1] is subscription:
            del self._subscriptions[room_id]

    def _detach(self, live: LiveRoom, subscription: Subscription) -> None:
        live.detach(subscription)
        self._forget(live.id, subscription)
        self._hall.rooms.release(live)

    def _exit(self, turn: Turn, sentence: d.Exit, who: MemberId) -> None:
        self._find_to(turn, sentence.room, c.Leave(), who)

    def _find_to(self, turn: Turn, room_id: RoomId, command: c.Command, who: MemberId) -> None:
        def found(live: LiveRoom) -> None:
            live.submit(command, who, turn.answered)

        self._find(turn, room_id, found, self._hall.failed_asks)

    def _see(self, turn: Turn, sentence: d.Renew | d.Resync, who: MemberId) -> None:
        def found(live: LiveRoom) -> None:
            if live.state is None or who not in live.state.members:
                turn.refuse(Refused(Reason.NOT_A_MEMBER))
            elif (over := ended(live.state)) is not None:
                turn.refuse(over)
            elif isinstance(sentence, d.Renew):
                live.presence.renewed(who)
                turn.done(live.state)
            else:
                self._resync(turn, live, live.state, who)

        self._find(turn, sentence.room, found, self._hall.failed_asks)

    def _resync(self, turn: Turn, live: LiveRoom, room: Room, who: MemberId) -> None:
        entered = self._entered(live.id, who)
        viewer = entered[1].viewer if entered else d.Viewer(who, self._connection.half_rtt_ms)
        now_ms = self._hall.rooms.clock.now_ms()
        for frame in turn.dialect.resync(room, viewer, now_ms):
            self._connection.send(frame)
        if entered:
            entered[1].was_told(room, now_ms)
            live.helm.entered(entered[1])
        turn.done(room)

    def _protect(self, turn: Turn, sentence: d.Protect, who: MemberId) -> None:
        """Who may not is told so before anything is computed."""

        def found(live: LiveRoom) -> None:
            member = None if live.state is None else live.state.members.get(who)
            if member is None or member.role is not Role.HOST:
                reason = Reason.NOT_A_MEMBER if member is None else Reason.NOT_ALLOWED
                turn.refuse(Refused(reason))
            elif sentence.password is None:
                live.submit(c.SetPassword(None), who, turn.answered)
            else:
                turn.later(self._protect_with(turn, live, sentence.password, who))

        self._find(turn, sentence.room, found, self._hall.failed_asks)

    async def _protect_with(self, turn: Turn, live: LiveRoom, password: str, who: MemberId) -> None:
        kept = await self._hall.passwords.kept(password)
        live.submit(c.SetPassword(kept), who, turn.answered)

    def _found(self, turn: Turn, found: d.Found, who: Principal) -> None:
        slow = self._hall.taken(self._hall.founding, self._connection.client)
        if slow is not None:
            turn.refuse(slow)
            return
        turn.later(self._found_now(turn, found.command, who))

    async def _found_now(self, turn: Turn, command: c.Open, who: Principal) -> None:
        rooms = self._hall.rooms
        answer = await rooms.found(lambda: self._hall.new_room_id(turn.dialect.name), command, who.id)
        if isinstance(answer, Refused):
            turn.refuse(answer)
            return
        live = await rooms.live(answer.room.id)
        if self.gone:
            return
        if isinstance(live, Refused) or live.state is None:
            turn.refuse(Refused(Reason.ROOM_NOT_FOUND))
            return
        if (over := ended(live.state)) is not None:
            turn.refuse(over)
            return
        subscription = self._listen(turn.dialect, live, who.id)
        now_ms = rooms.clock.now_ms()
        subscription.send(turn.dialect.founded(live.state, subscription.viewer, now_ms))
        turn.done(live.state)

    def _entered(self, room_id: RoomId, who: MemberId) -> tuple[LiveRoom, Subscription] | None:
        entered = self._subscriptions.get(room_id) or self._subscriptions.get(canonical(room_id))
        if entered is None or entered[1].member != who:
            return None
        return entered


class _Knock:
    """Somebody's connection at a room's door."""

    __slots__ = ("_visits", "dialect", "doorway", "live", "member")

    def __init__(
        self, visits: Visits, live: LiveRoom, member: MemberId, dialect: d.Dialect, doorway: d.Doorway
    ) -> None:
        self._visits = visits
        self.live = live
        self.member = member
        self.dialect = dialect
        self.doorway = doorway

    def waits(self, position: int) -> None:
        self._visits.say(self.doorway.waiting(position))

    def let_in(self) -> None:
        self._visits.let_in(self)

    def turned_away(self) -> None:
        self._visits.turned_away(self)
