"""One connection's conversation: who it is, which rooms it has entered, one sentence at a time.

Inbound is serial: a sentence is heard when the one before it has been answered. What waits is bounded, and a
connection that sends faster than that is not read from until it is caught up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from secrets import token_bytes
from typing import Protocol, assert_never

import msgspec
import structlog

from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.fanout import Hearer, Subscription
from tutti.service.identity import Gate, believed, matched
from tutti.service.limits import Bucket, Buckets
from tutti.service.live_room import Accepted, Answer, LiveRoom
from tutti.service.passes import Bearers, Passes, is_pass
from tutti.service.ports import Principal
from tutti.service.rooms import Rooms, canonical, ended
from tutti.service.skew import Skew

log = structlog.get_logger("tutti.session")

MOST_WAITING = 64

WISHES = (c.Play, c.Pause, c.Seek)

Reply = Callable[[bytes], None]
"""Sends the JSON of an acknowledgement."""


class Connection(Hearer, Protocol):
    """`id` is for logs, `client` the address that sent it here."""

    @property
    def id(self) -> str: ...

    @property
    def client(self) -> str: ...

    def pause(self) -> None:
        """Deliver nothing more until `resume`."""
        ...

    def resume(self) -> None: ...


class Hall:
    """What every session of this node shares."""

    def __init__(
        self, rooms: Rooms, gate: Gate, new_room_id: Callable[[str], RoomId], passes: Passes | None = None
    ) -> None:
        self.rooms = rooms
        self.gate = gate
        self.passes = passes or Passes(token_bytes(32), closed=gate.closed)
        self.bearers = Bearers()
        self.new_room_id = new_room_id
        """A fresh id in the manner of this dialect."""
        limits = rooms.limits
        self.people = Buckets(limits.per_person) if limits else None
        self.failed_joins = Buckets(limits.failed_joins) if limits else None
        self.founding = Buckets(limits.rooms_per_address) if limits else None


class Session:
    """Feed it with `hear`; end it with `closed`."""

    __slots__ = (
        "_bucket",
        "_busy",
        "_draining_inbox",
        "_gone",
        "_hall",
        "_inbox",
        "_paused",
        "_skew",
        "_subscriptions",
        "_turn",
        "connection",
        "principal",
        "token",
    )

    def __init__(
        self, hall: Hall, connection: Connection, *, token: str | None, principal: Principal | None
    ) -> None:
        self.connection = connection
        self.token = token
        self.principal = principal
        """Who this is, once verified; None while only claimed."""
        self._hall = hall
        self._subscriptions: dict[RoomId, tuple[LiveRoom, Subscription]] = {}
        self._inbox: deque[tuple[d.Dialect, str, Sequence[msgspec.Raw], Reply | None]] | None = None
        self._busy = False
        self._draining_inbox = False
        self._paused = False
        self._gone = False
        self._skew: Skew | None = None
        self._turn = Turn(self)
        limits = hall.rooms.limits
        self._bucket = Bucket(limits.per_connection, hall.rooms.clock.now_ms()) if limits else None

    @property
    def signed_in(self) -> bool:
        """Whether it is known who this is: by a token, or by a pass that let them in."""
        return self.principal is not None or bool(self._subscriptions)

    def hear(self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        """One sentence. It is answered before the next is looked at."""
        if self._busy:
            self._wait(dialect, name, args, reply)
            return
        self._busy = True
        self._handle(dialect, name, args, reply)
        if self._inbox:
            self._next()

    def closed(self) -> None:
        """The connection is gone: its members are lost, not left."""
        self._gone = True
        for live, subscription in tuple(self._subscriptions.values()):
            live.detach(subscription)
            self._hall.rooms.release(live)
        self._subscriptions.clear()
        if self._inbox:
            self._inbox.clear()

    def _wait(self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append((dialect, name, args, reply))
        if len(self._inbox) >= MOST_WAITING and not self._paused:
            self._paused = True
            self.connection.pause()

    def _finished(self) -> None:
        self._busy = False
        if self._inbox:
            self._next()

    def _next(self) -> None:
        """Go through what waited; a loop, because a sentence may be answered at once."""
        if self._draining_inbox or self._inbox is None:
            return
        self._draining_inbox = True
        while self._inbox and not self._busy:
            self._busy = True
            self._handle(*self._inbox.popleft())
        self._draining_inbox = False
        if self._paused and len(self._inbox) < MOST_WAITING // 2:
            self._paused = False
            self.connection.resume()

    def _handle(
        self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None
    ) -> None:
        rooms = self._hall.rooms
        now_ms = rooms.clock.now_ms()
        turn = self._turn
        turn.dialect, turn.reply = dialect, reply
        if self._bucket is not None and rooms.limits is not None:
            wait_s = self._bucket.take(rooms.limits.per_connection, now_ms)
            if wait_s:
                turn.refuse(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))
                return
        try:
            sentence = dialect.hear(name, args, now_ms)
        except d.Malformed as problem:
            turn.malformed(problem)
            return
        except d.Declined as declined:
            turn.refuse(declined.refused)
            return
        if isinstance(sentence, d.SignIn):
            rooms.spawn(self._sign_in(turn, sentence.token))
        elif self.principal is not None:
            self._admitted(turn, sentence, matched(self.principal, sentence.who))
        elif (holder := self._holds_pass(sentence)) is not None:
            self._admitted(turn, sentence, matched(Principal(holder), sentence.who))
        elif self._hall.gate.verifies(dialect.name):
            rooms.spawn(self._verify(turn, sentence))
        else:
            token = self.token or self.connection.id
            self._admitted(turn, sentence, believed(token, sentence.who or self._known_as(sentence)))

    def _holds_pass(self, sentence: d.Sentence) -> MemberId | None:
        if not is_pass(self.token) or isinstance(sentence, d.Found | d.SignIn):
            return None
        return self._hall.passes.holder(canonical(sentence.room), self.token)

    def _known_as(self, sentence: d.Sentence) -> MemberId | None:
        """Who somebody is that does not say so in every sentence: whoever entered the room on this connection."""
        if isinstance(sentence, d.Found | d.SignIn):
            return None
        room_id = canonical(sentence.room)
        entered = self._subscriptions.get(room_id)
        if entered is not None:
            return entered[1].member
        as_host = isinstance(sentence, d.Enter) and sentence.as_host
        return self._hall.bearers.holder(room_id, self.token, as_host=as_host)

    async def _sign_in(self, turn: Turn, token: str) -> None:
        self.token = token
        if self._hall.gate.verifies(turn.dialect.name):
            principal = await self._hall.gate.verify(token)
            if isinstance(principal, Refused):
                turn.refuse(principal)
                return
            self.principal = principal
        turn.done(None)

    async def _verify(self, turn: Turn, sentence: d.Sentence) -> None:
        """The first sentence of a dialect that verifies tokens; from then on the session knows who it is."""
        principal = await self._hall.gate.verify(self.token)
        if isinstance(principal, Refused):
            turn.refuse(principal)
            return
        self.principal = principal
        if not isinstance(sentence, d.SignIn):
            self._admitted(turn, sentence, matched(principal, sentence.who))

    def _admitted(
        self,
        turn: Turn,
        sentence: d.Found | d.Enter | d.Exit | d.Ask | d.Renew | d.Resync,
        who: Principal | Refused,
    ) -> None:
        if isinstance(who, Refused):
            turn.refuse(who)
            return
        wait_s = self._too_often(who.id)
        if wait_s:
            turn.refuse(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))
            return
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
            case _:
                assert_never(sentence)

    def _too_often(self, who: MemberId) -> float:
        people = self._hall.people
        return people.take(who, self._hall.rooms.clock.now_ms()) if people is not None else 0.0

    def _ask(self, turn: Turn, ask: d.Ask, who: MemberId) -> None:
        entered = self._entered(ask.room, who)
        command = ask.command
        if isinstance(command, c.Report):
            command = self._sampled(command, ask.stamped_ms)
        if entered is None:
            self._hall.rooms.submit(ask.room, command, who, turn.answered)
        elif self._hall.rooms.draining:
            turn.refuse(Refused(Reason.DRAINING))
        else:
            live, subscription = entered
            self._ask_here(turn, command, live, subscription)

    def _ask_here(self, turn: Turn, command: c.Command, live: LiveRoom, subscription: Subscription) -> None:
        """As somebody who is told of the timeline, and so may only repeat it."""
        if not isinstance(command, WISHES):
            live.submit(command, subscription.member, turn.answered)
            return
        echo = live.echo(command, subscription)

        def answered(answer: Answer) -> None:
            turn.answered(answer)
            if echo is not None and isinstance(answer, Accepted) and not answer.events:
                live.helm.overtaken(subscription, echo)

        live.submit(replace(command, told=echo), subscription.member, answered)

    def _sampled(self, report: c.Report, stamped_ms: float | None) -> c.Report:
        """With the time at which the player was where it says: earlier than it was heard, by the way here."""
        late_ms = self.connection.half_rtt_ms
        if stamped_ms is not None:
            if self._skew is None:
                self._skew = Skew()
            late_ms += self._skew.late_ms(stamped_ms, report.sampled_at_ms)
        if not late_ms:
            return report
        return c.Report(report.position_ms, report.sampled_at_ms - late_ms, report.playing, report.media)

    def _enter(self, turn: Turn, enter: d.Enter, who: Principal) -> None:
        """Join if not a member yet, then listen, then be welcomed; in that order nothing is missed or told twice."""
        rooms, guesses = self._hall.rooms, self._hall.failed_joins
        if guesses is not None:
            wait_s = guesses.is_dry(self.connection.client, rooms.clock.now_ms())
            if wait_s:
                turn.refuse(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))
                return

        def found(live: LiveRoom | Refused) -> None:
            if isinstance(live, Refused):
                if guesses is not None:
                    guesses.take(self.connection.client, rooms.clock.now_ms())
                turn.refuse(live)
            elif rooms.draining:
                turn.refuse(Refused(Reason.DRAINING))
            elif enter.as_host and live.state is not None and live.state.host != who.id:
                turn.refuse(Refused(Reason.NOT_ALLOWED, "Only the host may join as host"))
            else:
                name = enter.name or who.name or who.id
                live.submit(c.Join(name), who.id, lambda answer: self._welcome(turn, live, who.id, answer))

        rooms.find(enter.room, found)

    def _welcome(self, turn: Turn, live: LiveRoom, who: MemberId, answer: Answer) -> None:
        if self._gone:  # while it was being admitted; its member has a first visit's time to come back
            return
        if isinstance(answer, Accepted) and live.state is not None and who in live.state.members:
            subscription = self._listen(turn.dialect, live, who)
            self._remember(turn.dialect, live.state, who)
            now_ms = self._hall.rooms.clock.now_ms()
            subscription.send(turn.dialect.welcome(live.state, subscription.viewer, now_ms))
            subscription.was_told(live.state, now_ms)
            live.helm.entered(subscription)
            turn.done(live.state)
        else:
            turn.refuse(answer if isinstance(answer, Refused) else Refused(Reason.NOT_A_MEMBER))

    def _remember(self, dialect: d.Dialect, room: Room, who: MemberId) -> None:
        if self.token is not None and not self._hall.gate.verifies(dialect.name):
            self._hall.bearers.remember(room.id, self.token, who, as_host=room.host == who)

    def _listen(self, dialect: d.Dialect, live: LiveRoom, who: MemberId) -> Subscription:
        before = self._subscriptions.pop(live.id, None)
        if before is not None:
            live.detach(before[1])
        subscription = Subscription(
            self.connection, who, dialect, lambda: self._forget(live.id, subscription)
        )
        self._subscriptions[live.id] = (live, subscription)
        live.attach(subscription)
        return subscription

    def _forget(self, room_id: RoomId, subscription: Subscription) -> None:
        entered = self._subscriptions.get(room_id)
        if entered is not None and entered[1] is subscription:
            del self._subscriptions[room_id]

    def _exit(self, turn: Turn, sentence: d.Exit, who: MemberId) -> None:
        self._hall.rooms.submit(sentence.room, c.Leave(), who, turn.answered)

    def _see(self, turn: Turn, sentence: d.Renew | d.Resync, who: MemberId) -> None:
        def found(live: LiveRoom | Refused) -> None:
            if isinstance(live, Refused):
                turn.refuse(live)
            elif live.state is None or who not in live.state.members:
                turn.refuse(Refused(Reason.NOT_A_MEMBER))
            elif (over := ended(live.state)) is not None:
                turn.refuse(over)
            elif isinstance(sentence, d.Renew):
                live.presence.renewed(who)
                turn.done(live.state)
            else:
                self._resync(turn, live, live.state, who)

        self._hall.rooms.find(sentence.room, found)

    def _resync(self, turn: Turn, live: LiveRoom, room: Room, who: MemberId) -> None:
        entered = self._entered(live.id, who)
        viewer = entered[1].viewer if entered else d.Viewer(who, self.connection.half_rtt_ms)
        now_ms = self._hall.rooms.clock.now_ms()
        for frame in turn.dialect.resync(room, viewer, now_ms):
            self.connection.send(frame)
        if entered:
            entered[1].was_told(room, now_ms)
            live.helm.entered(entered[1])
        turn.done(room)

    def _found(self, turn: Turn, found: d.Found, who: Principal) -> None:
        hall = self._hall
        if hall.founding is not None:
            wait_s = hall.founding.take(self.connection.client, hall.rooms.clock.now_ms())
            if wait_s:
                turn.refuse(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))
                return
        hall.rooms.spawn(self._found_now(turn, found.command, who))

    async def _found_now(self, turn: Turn, command: c.Open, who: Principal) -> None:
        rooms = self._hall.rooms
        answer = await rooms.found(lambda: self._hall.new_room_id(turn.dialect.name), command, who.id)
        if isinstance(answer, Refused):
            turn.refuse(answer)
            return
        live = await rooms.live(answer.room.id)
        if self._gone:
            return
        if isinstance(live, Refused) or live.state is None:
            turn.refuse(Refused(Reason.ROOM_NOT_FOUND))
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


class Turn:
    """The sentence being answered. Exactly one of `done`, `refuse` and `malformed` ends it.

    A session has one, for one sentence after the other.
    """

    __slots__ = ("_session", "dialect", "reply")

    dialect: d.Dialect
    reply: Reply | None

    def __init__(self, session: Session) -> None:
        self._session = session

    def answered(self, answer: Answer) -> None:
        if isinstance(answer, Refused):
            self.refuse(answer)
        else:
            self.done(answer.room)

    def done(self, room: Room | None) -> None:
        if self.reply is not None:
            self.reply(self.dialect.answer(room))
        self._session._finished()

    def refuse(self, refused: Refused) -> None:
        session = self._session
        session._hall.rooms.metrics.refusals[self.dialect.name, refused.reason.code] += 1
        if self.reply is not None:
            self.reply(self.dialect.answer(refused))
        else:
            session.connection.send(self.dialect.refuse(refused))
        session._finished()

    def malformed(self, problem: d.Malformed) -> None:
        session = self._session
        session._hall.rooms.metrics.malformed[self.dialect.name] += 1
        if self.reply is not None:
            self.reply(self.dialect.answer(problem))
        else:
            session.connection.send(self.dialect.malformed(str(problem)))
        session._finished()
