"""One connection's conversation: who it is, which rooms it has entered, one sentence at a time.

Inbound is serial: a sentence is heard when the one before it has been answered. What waits is bounded, and a
connection that sends faster than that is not read from until it is caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, assert_never

import msgspec
import structlog

from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.connection import Connection
from tutti.service.fanout import Subscription
from tutti.service.hall import Hall
from tutti.service.identity import matched
from tutti.service.inbox import Inbox, Reply
from tutti.service.limits import Bucket, Buckets
from tutti.service.live_room import Accepted, Answer, LiveRoom
from tutti.service.metrics import Metrics
from tutti.service.ports import Principal
from tutti.service.rooms import canonical, ended
from tutti.service.skew import Skew
from tutti.service.speaker import Speaker, Spoken
from tutti.service.turn import Turn

log = structlog.get_logger("tutti.session")

WISHES = (c.Play, c.Pause, c.Seek)


class Session:
    """Feed it with `hear`; end it with `closed`."""

    __slots__ = (
        "_bucket",
        "_busy",
        "_catching_up",
        "_gone",
        "_hall",
        "_inbox",
        "_skew",
        "_speaker",
        "_subscriptions",
        "_turn",
        "connection",
    )

    def __init__(
        self, hall: Hall, connection: Connection, *, token: str | None, principal: Principal | None
    ) -> None:
        self.connection = connection
        self._hall = hall
        self._speaker = Speaker(
            hall, guest=connection.id, client=connection.client, token=token, principal=principal
        )
        self._subscriptions: dict[RoomId, tuple[LiveRoom, Subscription]] = {}
        self._inbox: Inbox | None = None
        self._busy = False
        self._catching_up = False
        self._gone = False
        self._skew: Skew | None = None
        self._turn = Turn(self)
        limits = hall.rooms.limits
        self._bucket = Bucket(limits.per_connection, hall.rooms.clock.now_ms()) if limits else None

    @property
    def metrics(self) -> Metrics:
        return self._hall.rooms.metrics

    @property
    def signed_in(self) -> bool:
        """Whether it is known who this is: by a token, or by a pass that let them in."""
        return self._speaker.principal is not None or bool(self._subscriptions)

    def too_fast(self, now_ms: float) -> float:
        """Count one more thing from this connection; how long to wait before it, in seconds."""
        rate = self._hall.rooms.limits
        return 0.0 if self._bucket is None or rate is None else self._bucket.take(rate.per_connection, now_ms)

    def hear(self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        """One sentence. It is answered before the next is looked at."""
        if self._busy:
            if self._inbox is None:
                self._inbox = Inbox(self.connection)
            self._inbox.put((dialect, name, args, reply))
            return
        self._busy = True
        self._handle(dialect, name, args, reply)
        if self._inbox:
            self._next()

    def finished(self) -> None:
        """The sentence is answered: the next, if one waits."""
        self._busy = False
        if self._inbox:
            self._next()

    def closed(self) -> None:
        """The connection is gone: its members are lost, not left."""
        self._gone = True
        for live, subscription in tuple(self._subscriptions.values()):
            self._detach(live, subscription)
        if self._inbox:
            self._inbox.clear()

    def fail(self) -> None:
        """Our own bug, said once. Whoever waits for an answer that will not come is better off connecting anew."""
        log.exception("bug", connection=self.connection.id)
        self.connection.close(1011, "internal error")

    def _next(self) -> None:
        """Go through what waited; a loop, because a sentence may be answered at once."""
        inbox = self._inbox
        if self._catching_up or inbox is None:
            return
        self._catching_up = True
        while inbox and not self._busy:
            self._busy = True
            try:
                self._handle(*inbox.take())
            except Exception:
                self.fail()
        self._catching_up = False
        inbox.caught_up()

    def _handle(
        self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None
    ) -> None:
        rooms = self._hall.rooms
        now_ms = rooms.clock.now_ms()
        turn = self._turn
        turn.dialect, turn.reply = dialect, reply
        if self._bucket is not None and (wait_s := self.too_fast(now_ms)):
            turn.refuse(_wait(wait_s))
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
            self._later(self._sign_in(turn, sentence.token))
            return
        who = self._speaker.of(sentence, dialect.name, now_ms, self._entered_as)
        if who is None:
            self._later(self._verify(turn, sentence))
        else:
            self._admitted(turn, sentence, who)

    def _entered_as(self, sentence: Spoken) -> MemberId | None:
        """Who somebody is that does not say so in every sentence: whoever entered the room on this connection."""
        if isinstance(sentence, d.Found):
            return None
        entered = self._subscriptions.get(canonical(sentence.room))
        return entered[1].member if entered else None

    async def _sign_in(self, turn: Turn, token: str) -> None:
        refused = await self._speaker.sign_in(token, turn.dialect.name)
        if refused is not None:
            turn.refuse(refused)
            return
        self._part_from_others()
        turn.done(None)

    async def _verify(self, turn: Turn, sentence: Spoken) -> None:
        """The first sentence of a dialect that verifies tokens; from then on it is known who this is."""
        principal = await self._speaker.verified()
        if isinstance(principal, Refused):
            turn.refuse(principal)
            return
        self._part_from_others()
        self._admitted(turn, sentence, matched(principal, sentence.who))

    def _part_from_others(self) -> None:
        """Whoever is known to be somebody listens no longer as somebody else."""
        principal = self._speaker.principal
        for live, subscription in tuple(self._subscriptions.values()):
            if principal is not None and subscription.member != principal.id:
                self._detach(live, subscription)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        self._hall.rooms.spawn(self._whole(work))

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            self.fail()

    def _admitted(
        self,
        turn: Turn,
        sentence: Spoken,
        who: Principal | Refused,
    ) -> None:
        if isinstance(who, Refused):
            turn.refuse(who)
            return
        if self._gone:
            return
        slow = self._hall.taken(self._hall.people, who.id)
        if slow is not None:
            turn.refuse(slow)
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

    def _ask(self, turn: Turn, ask: d.Ask, who: MemberId) -> None:
        entered = self._entered(ask.room, who)
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
        if not isinstance(command, WISHES):
            live.submit(command, subscription.member, turn.answered)
            return
        echo = live.echo(command, subscription)

        def answered(answer: Answer) -> None:
            turn.answered(answer)
            if echo is not None and isinstance(answer, Accepted) and not answer.events:
                live.helm.overtaken(subscription, echo)

        live.submit(replace(command, told=echo), subscription.member, turn.guard(answered))

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

        def found(live: LiveRoom) -> None:
            if enter.as_host and live.state is not None and live.state.host != who.id:
                turn.refuse(Refused(Reason.NOT_ALLOWED, "Only the host may join as host"))
                return

            def joined(answer: Answer) -> None:
                self._welcome(turn, live, who.id, answer)

            live.submit(c.Join(enter.name or who.name or who.id), who.id, turn.guard(joined))

        self._find(turn, enter.room, found, self._hall.failed_joins)

    def _find(
        self,
        turn: Turn,
        room_id: RoomId,
        then: Callable[[LiveRoom], None],
        guesses: Buckets | None,
    ) -> None:
        """`then` hears the room. Whoever keeps naming rooms that there are not is guessing, and has to wait."""
        hall, client = self._hall, self.connection.client
        slow = hall.dry(guesses, client)
        if slow is not None:
            turn.refuse(slow)
            return

        def found(live: LiveRoom | Refused) -> None:
            if self._gone:
                return
            if isinstance(live, Refused):
                if live.reason is Reason.ROOM_NOT_FOUND:
                    hall.taken(guesses, client)
                turn.refuse(live)
            elif hall.rooms.draining:
                turn.refuse(Refused(Reason.DRAINING))
            else:
                then(live)

        hall.rooms.find(room_id, turn.guard(found))

    def _welcome(self, turn: Turn, live: LiveRoom, who: MemberId, answer: Answer) -> None:
        if self._gone:  # while it was being admitted; its member has a first visit's time to come back
            return
        room = live.state
        if isinstance(answer, Refused):
            turn.refuse(answer)
        elif room is None or who not in room.members:  # let go again before it could be told
            turn.refuse(Refused(Reason.NOT_A_MEMBER))
        elif (over := ended(room)) is not None:
            turn.refuse(over)
        else:
            subscription = self._listen(turn.dialect, live, who)
            self._remember(turn.dialect, room, who)
            now_ms = self._hall.rooms.clock.now_ms()
            subscription.send(turn.dialect.welcome(room, subscription.viewer, now_ms))
            subscription.was_told(room, now_ms)
            live.helm.entered(subscription)
            turn.done(room)

    def _remember(self, dialect: d.Dialect, room: Room, who: MemberId) -> None:
        token = self._speaker.token
        if token is not None and not self._hall.gate.verifies(dialect.name):
            self._hall.bearers.remember(room.id, token, who, as_host=room.host == who)

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
        viewer = entered[1].viewer if entered else d.Viewer(who, self.connection.half_rtt_ms)
        now_ms = self._hall.rooms.clock.now_ms()
        for frame in turn.dialect.resync(room, viewer, now_ms):
            self.connection.send(frame)
        if entered:
            entered[1].was_told(room, now_ms)
            live.helm.entered(entered[1])
        turn.done(room)

    def _found(self, turn: Turn, found: d.Found, who: Principal) -> None:
        slow = self._hall.taken(self._hall.founding, self.connection.client)
        if slow is not None:
            turn.refuse(slow)
            return
        self._later(self._found_now(turn, found.command, who))

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


def _wait(wait_s: float) -> Refused:
    return Refused(Reason.RATE_LIMITED, retry_after_s=wait_s)


__all__ = ["Connection", "Hall", "Session"]
