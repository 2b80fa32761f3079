"""All rooms that are alive on this node, and the ways to one: open, find, ask, list, expire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol

import structlog

from tutti.core import commands as c
from tutti.core.events import CloseReason, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service.limits import Limits
from tutti.service.live_room import Accepted, Answer, Done, LiveRoom
from tutti.service.metrics import Metrics
from tutti.service.ports import Clock, MediaRelay, Recorders, RoomIndex, RoomLog, Unavailable
from tutti.service.timers import Timer, TimerWheel

log = structlog.get_logger("tutti.rooms")

DUE_EVERY_S = 5.0
DUE_AT_ONCE = 256
"""After a long night many are due: each is alive for a while when its time is up."""
IDLE_S = 60.0
ENDED_KEPT_MS = 24 * 3_600_000.0
"""How long an ended room still answers that it has ended, rather than that it never was."""


class Store(RoomLog, RoomIndex, Protocol):
    """A log that can also be searched: what a node needs."""


class Rooms:
    """Use as `async with rooms:`; everything it starts ends with it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        wheel: TimerWheel,
        metrics: Metrics,
        *,
        random_text: Callable[[int], str],
        limits: Limits | None,
    ) -> None:
        self.log: RoomLog = store
        self.index: RoomIndex = store
        self.clock = clock
        self.wheel = wheel
        self.metrics = metrics
        self.limits = limits
        """None: no rate limits (load tests only)."""
        self.draining = False
        self.store_fails = False
        """The last thing that was to be kept could not be."""
        self.recorders: Recorders | None = None
        self.relay: MediaRelay | None = None
        self.may_meet: Callable[[MemberId, MemberId], bool] = lambda _, __: True
        """Whether neither of two people blocks the other."""
        self.followers: list[Callable[[Room], None]] = []
        """Each hears how a room is now, when it is loaded and after every event; in the room's turn, so only briefly."""
        self._random_text = random_text
        self._live: dict[RoomId, LiveRoom] = {}
        self._loading: dict[RoomId, list[Callable[[LiveRoom | Refused], None]]] = {}
        self._expiries: dict[RoomId, Timer] = {}
        self._idle: dict[RoomId, Timer] = {}
        self._tasks = asyncio.TaskGroup()
        self._turns = 0
        self._still = asyncio.Event()
        self._still.set()
        self._sweep: Timer | None = None

    async def __aenter__(self) -> Rooms:
        self._loop = asyncio.get_running_loop()
        await self._tasks.__aenter__()
        self._schedule_sweep()
        return self

    async def __aexit__(self, *_exception: Any) -> None:
        """What is under way is finished, whatever else went wrong."""
        while self._turns:
            await self._still.wait()
        await self._tasks.__aexit__(None, None, None)
        if self._sweep is not None:
            self._sweep.cancel()
        for live in tuple(self._live.values()):
            self._drop(live)

    def turns_begun(self, more: int) -> None:
        """How many rooms are in the middle of a turn has changed by so many."""
        self._turns += more
        if self._turns:
            self._still.clear()
        else:
            self._still.set()

    def soon(self, call: Callable[[], None]) -> None:
        """Call this when everything that arrived in this moment has been heard."""
        self._loop.call_soon(call)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this until it ends; it is awaited when the rooms close, and a bug in it is logged, once."""
        self._tasks.create_task(_guarded(work))

    def new_epoch(self) -> Epoch:
        return Epoch(self._random_text(12))

    def find(self, room_id: RoomId, then: Callable[[LiveRoom | Refused], None]) -> None:
        """`then` hears the room, open, ended or about to be opened, or why there is none; at once if it is alive here."""
        room_id = canonical(room_id)
        live = self._live.get(room_id)
        if live is not None:
            then(live)
            return
        waiting = self._loading.get(room_id)
        if waiting is not None:
            waiting.append(then)
            return
        self._loading[room_id] = [then]
        self.spawn(self._load(room_id))

    def reach(self, room_id: RoomId, then: Callable[[LiveRoom | Refused], None]) -> None:
        """As `find`, but a room that is not there is handed over as well: without a state, to be opened at once."""
        room_id = canonical(room_id)

        def found(live: LiveRoom | Refused) -> None:
            if isinstance(live, Refused) and live.reason is Reason.ROOM_NOT_FOUND:
                live = self._live.get(room_id) or self._admit(room_id)
                then(live)
                self.release(live)
            else:
                then(live)

        self.find(room_id, found)

    def submit(self, room_id: RoomId, command: c.Command, who: MemberId | None, done: Done) -> None:
        """Ask a room; `done` hears the answer."""

        def found(live: LiveRoom | Refused) -> None:
            if isinstance(live, Refused):
                done(live)
            else:
                live.submit(command, who, done)

        if self.draining and who is not None:
            done(Refused(Reason.DRAINING))
        else:
            self.find(room_id, found)

    def open(self, room_id: RoomId, command: c.Open, who: MemberId, done: Callable[[Answer], None]) -> None:
        """Open a room under this id, which nobody should have; `ROOM_EXISTS` if somebody has."""
        room_id = canonical(room_id)
        if self.draining:
            done(Refused(Reason.DRAINING))
            return
        live = self._live.get(room_id)
        if live is not None and live.state is not None:
            done(Refused(Reason.ROOM_EXISTS))
            return
        if live is None:
            live = self._admit(room_id)
        live.submit(command, who, done)
        self.release(live)

    async def ask(self, room_id: RoomId, command: c.Command, who: MemberId | None) -> Answer:
        """As `submit`, for those who can wait."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.submit(room_id, command, who, lambda a: _settle(answer, a))
        return await answer

    async def found(self, new_id: Callable[[], RoomId], command: c.Open, who: MemberId) -> Answer:
        """Open a room under a new id."""
        for _ in range(8):
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self.open(new_id(), command, who, lambda a, f=answer: _settle(f, a))  # type: ignore[misc] # default binds this round's future
            outcome = await answer
            if not (isinstance(outcome, Refused) and outcome.reason is Reason.ROOM_EXISTS):
                return outcome
        return Refused(Reason.UNAVAILABLE)

    async def live(self, room_id: RoomId) -> LiveRoom | Refused:
        """The room with its presence and observations."""
        alive = self._live.get(canonical(room_id))
        if alive is not None and alive.state is not None:
            return alive
        answer: asyncio.Future[LiveRoom | Refused] = asyncio.get_running_loop().create_future()
        self.find(room_id, lambda a: _settle(answer, a))
        return await answer

    async def look(self, room_id: RoomId) -> Room | Refused:
        """The room's state; a refusal if it is not there or has ended."""
        live = await self.live(room_id)
        if isinstance(live, Refused):
            return live
        if live.state is None:
            return Refused(Reason.ROOM_NOT_FOUND)
        return ended(live.state) or live.state

    async def listed(self, dialect: str, limit: int) -> tuple[Room, ...]:
        """Open rooms that this dialect made, newest first."""
        rooms = [await self.look(room_id) for room_id in await self.index.listed(dialect, limit)]
        return tuple(room for room in rooms if isinstance(room, Room))

    def topology(self, room_id: RoomId) -> Literal["mesh", "sfu"]:
        """How those in this room's call are connected."""
        live = self._live.get(canonical(room_id))
        return "mesh" if live is None else live.topology.name

    def alive(self) -> tuple[LiveRoom, ...]:
        return tuple(self._live.values())

    def changed(self, live: LiveRoom) -> None:
        """Called by a room after each event: its expiry may have moved, it may have ended, or emptied."""
        room = live.state
        if room is None:
            return
        if room.closed is not None:
            self._cancel_expiry(room.id)
        elif room.id not in self._expiries:
            self._arm_expiry(live, room)
        if self.recorders is not None:
            self.recorders.changed(room)
        for follower in self.followers:
            follower(room)
        self.release(live)

    def release(self, live: LiveRoom) -> None:
        """Called when somebody stopped listening, or a turn is over.

        A replica that nobody needs is dropped after a while; one of a room that there is not, at once.
        """
        if not live.idle:
            return
        if live.state is None:
            self._drop(live)
        elif live.id not in self._idle:
            self._idle[live.id] = self.wheel.after(IDLE_S, lambda: self._drop_if_idle(live))

    def log_unavailable(self, room_id: RoomId, problem: Exception) -> None:
        """Said once until the next sweep: a full disk is not to be filled with lines about it."""
        if not self.store_fails:
            log.error("store.unavailable", room=room_id, problem=str(problem))
        self.store_fails = True

    async def _load(self, room_id: RoomId) -> None:
        outcome: LiveRoom | Refused = Refused(Reason.UNAVAILABLE)
        meanwhile: list[tuple[Recorded, ...]] = []
        unfollow = self.log.follow(room_id, meanwhile.append)
        try:
            past = await self.log.read(room_id)
            live = self._live.get(room_id)
            if live is None and past is not None:
                live = self._admit(room_id)
                live.load(past.snapshot, past.events)
                for events in meanwhile:
                    live.hear(events)
                self.release(live)
            outcome = live or Refused(Reason.ROOM_NOT_FOUND)
        except Unavailable as problem:
            self.log_unavailable(room_id, problem)
        finally:
            unfollow()
            for then in self._loading.pop(room_id):
                _tell(then, outcome)

    def _admit(self, room_id: RoomId) -> LiveRoom:
        """The caller sees to it that it has a state soon, and calls `release`."""
        live = self._live[room_id] = LiveRoom(room_id, self)
        self.metrics.rooms = len(self._live)
        return live

    def _drop_if_idle(self, live: LiveRoom) -> None:
        self._idle.pop(live.id, None)
        if live.presence.waiting:  # somebody's grace is running: look again later
            self.release(live)
        elif live.idle:
            self._drop(live)

    def _drop(self, live: LiveRoom) -> None:
        self._cancel_expiry(live.id)
        idle = self._idle.pop(live.id, None)
        if idle is not None:
            idle.cancel()
        if self._live.get(live.id) is live:
            del self._live[live.id]
        self.metrics.rooms = len(self._live)
        live.close()

    def _arm_expiry(self, live: LiveRoom, room: Room) -> None:
        wait_s = max(room.expires_at_ms - self.clock.now_ms(), 0.0) / 1000
        self._expiries[room.id] = self.wheel.after(wait_s, lambda: self._expire(live))

    def _cancel_expiry(self, room_id: RoomId) -> None:
        timer = self._expiries.pop(room_id, None)
        if timer is not None:
            timer.cancel()

    def _expire(self, live: LiveRoom) -> None:
        """The time is up, unless the room was active since, or people are in it and that counts as activity."""
        self._cancel_expiry(live.id)
        room = live.state
        if room is None or room.closed is not None:
            return
        if room.expires_at_ms > self.clock.now_ms():
            self._arm_expiry(live, room)
        elif room.outlives_its_hours and not live.idle:
            self._look_again(live)
        else:
            live.submit(c.Expire(), None, lambda answer: self._expired(live, answer))

    def _expired(self, live: LiveRoom, answer: Answer) -> None:
        if isinstance(answer, Refused) and answer.reason.may_retry:
            self._look_again(live)

    def _look_again(self, live: LiveRoom) -> None:
        self._cancel_expiry(live.id)
        self._expiries[live.id] = self.wheel.after(IDLE_S, lambda: self._expire(live))

    def _schedule_sweep(self) -> None:
        self._sweep = self.wheel.after(DUE_EVERY_S, lambda: self.spawn(self._sweep_once()))

    async def _sweep_once(self) -> None:
        """Rooms that nobody has touched since their time was up are not alive here: the index knows them."""
        try:
            now_ms = self.clock.now_ms()
            asleep = [room_id for room_id in await self.index.due(now_ms) if room_id not in self._live]
            for room_id in asleep[:DUE_AT_ONCE]:
                live = await self.live(room_id)
                if isinstance(live, LiveRoom):
                    self._expire(live)
            await self.index.forget(now_ms - ENDED_KEPT_MS)
            await self._try_to_keep_something()
        except Unavailable as problem:
            self.store_fails = True
            log.error("store.unavailable", problem=str(problem))
        finally:
            self._schedule_sweep()

    async def _try_to_keep_something(self) -> None:
        """After a failure: only a write that is kept shows that writes are kept again."""
        states = (live.state for live in self._live.values())
        room = next((state for state in states if state is not None), None)
        if self.store_fails and room is not None:
            await self.log.keep(room)
            self.store_fails = False


def canonical(room_id: RoomId) -> RoomId:
    """Codes are read aloud and typed: case does not count, in any dialect."""
    return RoomId(room_id.strip().upper())


def ended(room: Room) -> Refused | None:
    """Why this room answers no more, if it has ended."""
    if room.closed is None:
        return None
    return Refused(Reason.ROOM_EXPIRED if room.closed is CloseReason.EXPIRED else Reason.ROOM_CLOSED)


def _tell(then: Callable[[LiveRoom | Refused], None], outcome: LiveRoom | Refused) -> None:
    try:
        then(outcome)
    except Exception:  # one asker's trouble is not the others'
        log.exception("bug")


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    if not future.done():  # the one who asked may have gone away
        future.set_result(answer)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("bug")


__all__ = ["Accepted", "Rooms", "Store", "canonical", "ended"]
