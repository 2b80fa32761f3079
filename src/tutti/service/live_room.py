"""A room on this node: its replica, its turn, and who listens to it here.

One turn at a time: commands that arrive while an append is under way wait, and are then decided together on the newest
state and appended together. Nobody is told of an event before it is kept; the one who asked is answered last.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import structlog

from tutti.core import commands as c
from tutti.core.decide import Decision, decide
from tutti.core.events import (
    CallLeft,
    Event,
    MemberLeft,
    PollClosed,
    PollOpened,
    Recorded,
    RoomClosed,
    RoomOpened,
    WaitBegan,
    WaitEnded,
)
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Directed, Everywhere, Relay, Signalled, Whispered
from tutti.core.room import Room, evolve, fold
from tutti.service.breakouts import Breakrooms
from tutti.service.calls import Calls
from tutti.service.deadline import Deadline, end_of_poll, end_of_wait
from tutti.service.door import Door
from tutti.service.echoes import Wish
from tutti.service.fanout import Audience, Subscription
from tutti.service.lead import lead_ms
from tutti.service.ports import Conflict, Position, Unavailable
from tutti.service.presence import Presence
from tutti.service.steering import Helm
from tutti.service.topology import Topology

if TYPE_CHECKING:
    from tutti.service.rooms import Rooms

log = structlog.get_logger("tutti.rooms")

SNAPSHOT_EVERY = 256
MOST_IN_A_TURN = 256
CONFLICTS_BEFORE_GIVING_UP = 16


class Accepted(msgspec.Struct, frozen=True):
    """Done and kept. `events` is empty if nothing had to change; `relay` is for those who are here now."""

    room: Room
    events: tuple[Recorded, ...] = ()
    relay: Relay | None = None


Answer = Accepted | Refused
Done = Callable[[Answer], None]


class _Asked(msgspec.Struct, frozen=True):
    """`decision`: what was decided on the state `on` already; it holds as long as that is still the state."""

    command: c.Command
    who: MemberId | None
    done: Done
    at_ms: float
    on: Room | None = None
    decision: Decision | None = None
    done_already: bool = False


class LiveRoom:
    """Use `submit` to ask, `attach` to listen. `state` is None until the room is opened or loaded."""

    def __init__(self, room_id: RoomId, rooms: Rooms) -> None:
        self.id = room_id
        self.state: Room | None = None
        self.audiences: dict[str, Audience] = {}
        self.presence = Presence(self, rooms.wheel)
        self.helm = Helm(self, rooms.wheel, rooms.clock)
        self.calls = Calls(self, rooms.wheel, rooms.clock)
        self.topology = Topology(self, self.calls, rooms.relay)
        self.door = Door(self, rooms.wheel, rooms.clock)
        self.breakouts = Breakrooms(self, rooms, rooms.wheel, rooms.clock)
        self._wait_ends = Deadline(self, rooms.wheel, rooms.clock, end_of_wait)
        self._poll_ends = Deadline(self, rooms.wheel, rooms.clock, end_of_poll)
        self._rooms = rooms
        self._scheduling = False
        """Somebody was here whose player acts at a set time."""
        self._queue: deque[_Asked] = deque()
        self._turning = False
        self._behind = False
        """Something was kept that did not reach us."""
        self._foreseen: dict[Seq, tuple[Recorded, Room]] = {}
        """What the events being appended will make of the room."""
        self._kept_seq = 0
        self._unfollow = rooms.log.follow(room_id, self.hear)

    @property
    def idle(self) -> bool:
        """Nobody listens here and nothing is under way: the replica may be dropped."""
        here = (
            any(a.subscriptions for a in self.audiences.values()) or self.door.waiting or self.breakouts.busy
        )
        return not self._turning and not here

    def submit(
        self, command: c.Command, who: MemberId | None, done: Done, *, done_already: bool = False
    ) -> None:
        """Ask; `done` hears the answer, at once if nothing has to be kept.

        `done_already`: the asker's own player did as it wishes, so that scheduling it would leave that one ahead.
        """
        if who is None and self._rooms.draining:  # whoever seems lost now comes back to the next process
            done(Refused(Reason.DRAINING))
            return
        now_ms = self._rooms.clock.now_ms()
        decision = None
        if not self._turning:
            decision = self._decide(self.state, command, who, now_ms, done_already)
            if isinstance(decision, Refused):
                done(decision)
                return
            if isinstance(decision, Relay):
                self.relay(decision, now_ms)
                decision = ()
            if not decision and self.state is not None:
                self._observe(command, who, now_ms)
                done(Accepted(self.state))
                return
        self._queue.append(_Asked(command, who, done, now_ms, self.state, decision, done_already))
        self._take_turns()

    def echo(self, command: Wish, subscription: Subscription) -> c.Told | None:
        """What this connection was told and now only says back; None: somebody wishes this."""
        told = self.audiences[subscription.dialect.name].told
        return subscription.repeats(command, told, self._rooms.clock.now_ms())

    def attach(self, subscription: Subscription) -> None:
        """Tell this connection everything from now on."""
        dialect = subscription.dialect
        audience = self.audiences.get(dialect.name)
        if audience is None:
            audience = self.audiences[dialect.name] = Audience(
                dialect, self._rooms.wheel, self._rooms.metrics, self._rooms.may_meet
            )
            self._scheduling = self._scheduling or dialect.schedules
        if dialect.one_socket_per_member:
            self._let_go(subscription.member, keep=subscription)
        elif dialect.meets:
            self._hang_up(audience, subscription.member, keep=subscription)
        audience.subscriptions[subscription] = subscription.peer
        self.presence.came(subscription)
        if dialect.meets:
            self.calls.came(subscription)

    def detach(self, subscription: Subscription) -> None:
        """Stop telling it. Its member is lost, unless another connection of theirs is here or they come back in time."""
        audience = self.audiences.get(subscription.dialect.name)
        if audience is not None and audience.subscriptions.pop(subscription, None) is not None:
            self.presence.went(subscription)
            if subscription.dialect.meets:
                self.calls.went(subscription)

    def go(self, subscription: Subscription) -> None:
        """Its member leaves."""
        self.replaced(subscription)
        self.leave(subscription.member)

    def leave(self, member: MemberId) -> None:
        """If that cannot be kept now, the member is lost, and leaves a little later."""

        def answered(answer: Answer) -> None:
            if isinstance(answer, Refused) and answer.reason.may_retry:
                self.presence.missed(member)

        self.submit(c.Leave(), member, answered)

    def replaced(self, subscription: Subscription) -> None:
        """The same connection is about to listen anew: nobody was lost."""
        audience = self.audiences.get(subscription.dialect.name)
        if audience is not None and audience.subscriptions.pop(subscription, None) is not None:
            self.presence.dropped(subscription)

    def load(self, snapshot: Room | None, events: tuple[Recorded, ...]) -> None:
        """Begin with what is kept: nobody is connected yet, and its time may be up."""
        self.state = fold(self.id, events, snapshot)
        self._kept_seq = snapshot.seq if snapshot else 0
        if self.state is not None and self.state.closed is None:
            self.presence.restored(self.state)
            self.calls.restored(self.state)
            self.topology.restored(self.state)
            self.door.restored(self.state)
            self.breakouts.restored(self.state)
            self._wait_ends.changed(self.state)
            self._poll_ends.changed(self.state)
        self._rooms.changed(self)

    def hear(self, events: tuple[Recorded, ...]) -> None:
        """These are kept now, whoever appended them: apply and tell. What was missed before them is read."""
        now_ms = self._rooms.clock.now_ms()
        for recorded in events:
            if not self._is_next(recorded):
                self._behind = self._behind or self._is_ahead(recorded)
                continue
            self.state = self._evolved(recorded)
            for audience in tuple(self.audiences.values()):
                try:
                    audience.publish(recorded, self.state, now_ms)
                except Exception:  # one dialect's trouble is not the others'
                    log.exception("bug", room=self.id, dialect=audience.dialect.name)
            self._after(recorded, self.state)
        if self._behind:
            self._take_turns()

    def close(self) -> None:
        """Forget the replica. The room itself lives on in the log."""
        self._unfollow()
        self._stop()

    def _stop(self) -> None:
        self.presence.stop()
        self.calls.stop()
        self.topology.stop()
        self.door.stop()
        self.breakouts.stop()
        self.helm.stop()
        self._wait_ends.stop()
        self._poll_ends.stop()

    def _decide(
        self, state: Room | None, command: c.Command, who: MemberId | None, now_ms: float, done_already: bool
    ) -> Decision:
        if not self._scheduling or done_already or type(command) not in c.SCHEDULED:
            return decide(state, command, who, now_ms)
        return decide(state, command, who, now_ms, lead_ms(self.audiences.values()))

    def relay(self, relayed: Relay, now_ms: float) -> None:
        """For those who listen here, now; nothing of it is kept."""
        if self.state is None or self._is_unwanted(relayed):
            return
        if isinstance(relayed, Everywhere):
            self.breakouts.say(relayed)
            return
        for audience in tuple(self.audiences.values()):
            try:
                if audience.dialect.meets and isinstance(relayed, Directed):
                    self.calls.post(relayed.to, audience.dialect.relay(relayed, self.state, now_ms))
                else:
                    audience.relay(relayed, self.state, now_ms)
            except Exception:  # one dialect's trouble is not the others'
                log.exception("bug", room=self.id, dialect=audience.dialect.name)

    def _is_unwanted(self, relayed: Relay) -> bool:
        """What one says to another who blocks them is heard by nobody, and whoever says it does not learn that."""
        if not isinstance(relayed, Whispered | Signalled):
            return False
        return not self._rooms.may_meet(relayed.member, relayed.to)

    def _take_turns(self) -> None:
        if not self._turning:
            self._turning = True
            self._rooms.turns_begun(1)
            self._rooms.soon(self._begin_turn)

    def _begin_turn(self) -> None:
        """Nearly every turn is one append that nobody is in the way of: it needs no task."""
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_IN_A_TURN))]
        if self._behind:
            self._rooms.spawn(self._turn_slowly(batch))
            return
        try:
            answers, recorded = self._decide_all(batch)
            if recorded:
                appending = self._rooms.log.append(self.id, self._expected(recorded[0]), recorded)
                done = asyncio.ensure_future(appending)
                done.add_done_callback(partial(self._appended, batch, answers))
                return
        except Exception as problem:
            answers = self._failed([Refused(Reason.UNAVAILABLE)] * len(batch), problem)
        self._end_turn(batch, answers)

    def _appended(self, batch: list[_Asked], answers: list[Answer], done: asyncio.Future[None]) -> None:
        try:
            done.result()
            self._rooms.store_fails = False
        except Conflict:
            self._rooms.spawn(self._turn_slowly(batch))
            return
        except Exception as problem:
            answers = self._failed(answers, problem)
        self._end_turn(batch, answers)

    def _failed(self, answers: list[Answer], problem: Exception) -> list[Answer]:
        """What could not be kept did not happen; what changed nothing stands."""
        if isinstance(problem, Unavailable):
            self._rooms.log_unavailable(self.id, problem)
            return [_unless_unchanged(answer) for answer in answers]
        log.error("bug", room=self.id, exc_info=problem)
        return [Refused(Reason.INTERNAL)] * len(answers)

    async def _turn_slowly(self, batch: list[_Asked]) -> None:
        """Others write this room too, or something was missed: first know what they wrote."""
        try:
            self._behind = False
            await self._catch_up()
            answers = await self._turn(batch)
        except Exception as problem:
            answers = self._failed([Refused(Reason.UNAVAILABLE)] * len(batch), problem)
        self._end_turn(batch, answers)

    def _end_turn(self, batch: list[_Asked], answers: list[Answer]) -> None:
        self._answer_all(batch, answers)
        room = self.state
        if room is not None and room.seq - self._kept_seq >= SNAPSHOT_EVERY:
            self._rooms.spawn(self._keep_snapshot(room))
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._queue or self._behind:
            self._rooms.soon(self._begin_turn)
        else:
            self._turning = False
            self._rooms.turns_begun(-1)
            self._rooms.release(self)

    async def _turn(self, batch: list[_Asked]) -> list[Answer]:
        answers: list[Answer] = []
        for _ in range(CONFLICTS_BEFORE_GIVING_UP):
            answers, recorded = self._decide_all(batch)
            try:
                if not recorded or await self._append(recorded):
                    return answers
            except Unavailable as problem:
                self._rooms.log_unavailable(self.id, problem)
                break
        return [_unless_unchanged(answer) for answer in answers]

    async def _append(self, recorded: tuple[Recorded, ...]) -> bool:
        """False: somebody else was first, and what they wrote is known now."""
        try:
            await self._rooms.log.append(self.id, self._expected(recorded[0]), recorded)
        except Conflict:
            await self._catch_up()
            return False
        self._rooms.store_fails = False
        return True

    def _decide_all(self, batch: list[_Asked]) -> tuple[list[Answer], tuple[Recorded, ...]]:
        """Each on the state that the ones before it leave behind."""
        now_ms = self._rooms.clock.now_ms()
        self._foreseen.clear()
        state, answers, all_recorded = self.state, list[Answer](), list[Recorded]()
        for asked in batch:
            decision = asked.decision
            if decision is None or asked.on is not state:
                decision = self._decide(state, asked.command, asked.who, now_ms, asked.done_already)
            if isinstance(decision, Refused):
                answers.append(decision)
                continue
            if isinstance(decision, Relay):
                answers.append(Accepted(state, relay=decision) if state else Refused(Reason.ROOM_NOT_FOUND))
                continue
            recorded = self._number(state, decision, now_ms)
            for one in recorded:
                state = evolve(self.id, state, one)
                self._foreseen[one.seq] = (one, state)
            all_recorded += recorded
            answers.append(Accepted(state, recorded) if state else Refused(Reason.ROOM_NOT_FOUND))
        return answers, tuple(all_recorded)

    def _number(self, state: Room | None, events: tuple[Event, ...], now_ms: float) -> tuple[Recorded, ...]:
        if events and isinstance(events[0], RoomOpened):
            epoch, seq = self._rooms.new_epoch(), 0
        elif state is not None:
            epoch, seq = state.epoch, state.seq
        else:
            return ()
        return tuple(Recorded(epoch, Seq(seq + n), now_ms, event) for n, event in enumerate(events, 1))

    def _expected(self, first: Recorded) -> Position | None:
        return None if first.seq == 1 else Position(first.epoch, Seq(first.seq - 1))

    async def _catch_up(self) -> None:
        """Somebody else was first. What they wrote may have reached us meanwhile; if not, read it."""
        past = await self._rooms.log.read(self.id)
        if past is None:
            self.state = None
            return
        fresh = fold(self.id, past.events, past.snapshot)
        if fresh is not None and self.state is not None and fresh.epoch == self.state.epoch:
            missed = await self._rooms.log.since(self.id, Position(self.state.epoch, self.state.seq))
            if missed is not None:
                self.hear(missed)
                return
        self.load(past.snapshot, past.events)

    def _answer_all(self, batch: list[_Asked], answers: list[Answer]) -> None:
        now_ms = self._rooms.clock.now_ms()
        for asked, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Accepted):
                self._observe(asked.command, asked.who, now_ms)
                if answer.relay is not None:
                    self.relay(answer.relay, now_ms)
                if answer.events:
                    self._rooms.metrics.fanout.observe((now_ms - asked.at_ms) / 1000)
            try:
                asked.done(answer)
            except Exception:  # one asker's trouble is not the others'
                log.exception("bug", room=self.id)

    def _evolved(self, recorded: Recorded) -> Room:
        """The state after this event, which was worked out before if it is our own."""
        own, state = self._foreseen.pop(recorded.seq, (None, None))
        return state if own is recorded and state is not None else evolve(self.id, self.state, recorded)

    def _is_ahead(self, recorded: Recorded) -> bool:
        """Whether it follows something that we have not heard; not what we know already."""
        state = self.state
        return state is not None and (state.epoch != recorded.epoch or recorded.seq > state.seq + 1)

    def _is_next(self, recorded: Recorded) -> bool:
        if isinstance(recorded.event, RoomOpened):
            return self.state is None or self.state.epoch != recorded.epoch
        state = self.state
        return state is not None and state.epoch == recorded.epoch and recorded.seq == state.seq + 1

    def _after(self, recorded: Recorded, room: Room) -> None:
        """What an event means for those who listen here."""
        match recorded.event:
            case MemberLeft(member):
                self._let_go(member)
                self.presence.left(member)
                self.calls.left(member)
                self.door.changed(recorded.event, room)
                self.helm.forget(member)
            case CallLeft(member):
                self._hang_up_everywhere(member)
                self.calls.left(member)
            case RoomClosed():
                for audience in self.audiences.values():
                    for subscription in tuple(audience.subscriptions):
                        self._drop(subscription)
                self._stop()
            case WaitBegan() | WaitEnded():
                self._wait_ends.changed(room)
            case PollOpened() | PollClosed():
                self._poll_ends.changed(room)
            case _:
                self.presence.changed(recorded.event, room)
                self.door.changed(recorded.event, room)
                self.helm.changed(recorded.event, room)
        self.topology.changed(room)
        self.breakouts.changed(recorded, room)
        self._rooms.changed(self)

    def _let_go(self, member: MemberId, keep: Subscription | None = None) -> None:
        for audience in self.audiences.values():
            for subscription in tuple(audience.subscriptions):
                if subscription.member == member and subscription is not keep:
                    self._drop(subscription)

    def _hang_up(self, audience: Audience, member: MemberId, keep: Subscription | None = None) -> None:
        """Whoever has another meeting connection now has no use for the one before."""
        for subscription in tuple(audience.subscriptions):
            if subscription.member == member and subscription is not keep:
                self._drop(subscription)

    def _hang_up_everywhere(self, member: MemberId) -> None:
        for audience in self.audiences.values():
            if audience.dialect.meets:
                self._hang_up(audience, member)

    def _drop(self, subscription: Subscription) -> None:
        self.audiences[subscription.dialect.name].subscriptions.pop(subscription, None)
        self.presence.dropped(subscription)
        subscription.lost()

    def _observe(self, command: c.Command, who: MemberId | None, now_ms: float) -> None:
        if who is None:
            return
        if isinstance(command, c.Report):
            self.helm.observed(who, command, now_ms)
        elif isinstance(command, c.Observe):
            self.helm.heard(who, command, now_ms)

    async def _keep_snapshot(self, room: Room) -> None:
        try:
            await self._rooms.log.keep(room)
            self._kept_seq = room.seq
        except Unavailable as problem:
            self._rooms.log_unavailable(self.id, problem)
        except Exception:  # the room goes on: a snapshot only makes loading it shorter
            log.exception("bug", room=self.id)
        self._go_on()


def _unless_unchanged(answer: Answer) -> Answer:
    """What could not be kept did not happen; what changed nothing stands."""
    return Refused(Reason.UNAVAILABLE) if isinstance(answer, Accepted) and answer.events else answer


__all__ = ["Accepted", "Answer", "Done", "Epoch", "LiveRoom"]
