"""The follow loop: where mpv is, where the room is, and what to do about it, about ten times a second.

One task reads, decides and acts, in turn, so that nothing is ever done on what is no longer true. What people do in mpv
is asked of the room first and done by following it: the player waits, paused, until the room has answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from tutti_client import plan as plans
from tutti_client.connection import Connection, Disconnected, Refusal, State, local_ms
from tutti_client.follow import VIDEO, Action, Follower, Limits, Sample
from tutti_client.gauge import Gauge, Reading
from tutti_client.mpv import Hand, Mpv, NotPlayable
from tutti_client.mpv_ipc import MpvRefused
from tutti_client.plan import Plan
from tutti_client.room import Room
from tutti_client.sources import Source, other_length, source
from tutti_client.spoken import Pause, Play, PlayNext, Rate, Ready, Report, Seek, Spoken
from tutti_client.wire import Media, Waiting

EVERY_MS: Final = 100.0
AGAIN_MS: Final = 20.0
"""When mpv did not answer promptly."""
WHILE_SEEKING_MS: Final = 15.0
AFTER_STOPPING_MS: Final = 5.0
SPIN_MS: Final = 1.5
REPORT_EVERY_S: Final = 0.5
FRESH_MS: Final = 1_000.0
LEAST_SPEED_CHANGE: Final = 0.00005
SETTLED_WITHIN_S: Final = 2.0
UNKNOWN_BOUND_MS: Final = 60_000.0

NoteKind = Literal["warning", "refused", "media", "seek"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something to tell the person who sits here. `position_ms`: where to, for a seek."""

    kind: NoteKind
    text: str
    position_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`error_ms` as it was at room time `at_ms`; None: not known. `bound_ms`: by how much that may be wrong."""

    state: str
    at_ms: float
    error_ms: float | None = None
    bound_ms: float | None = None
    position_ms: float | None = None
    target_ms: float | None = None
    rate: float = 1.0


class Player:
    """Keeps `mpv` where the room of `connection` is. Call `wake` when news has come, and `touched` when mpv tells."""

    def __init__(
        self,
        mpv: Mpv,
        connection: Connection,
        *,
        file: str | None,
        origin: str,
        say: Callable[[Note], None],
        limits: Limits = VIDEO,
        now: Callable[[], float] = local_ms,
    ) -> None:
        self._mpv = mpv
        self._connection = connection
        self._file = file
        self._file_is_for: Media | None = None
        self._origin = origin
        self._say = say
        self._now = now
        self._limits = limits
        self._follower = Follower(limits)
        self._gauge = Gauge(mpv, self._warn)
        self._reading: Reading | None = None
        self._plan: Plan | None = None
        self._source: Source | None = None
        self._hands: deque[Hand] = deque()
        self._woken = asyncio.Event()
        self._warned: set[str] = set()
        self._told_ready: bool | None = None
        self._waiting: Waiting | None = None
        self._asked_next: str | None = None

    async def run(self) -> None:
        """Until mpv is gone: `MpvGone` is raised then."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._report())

    def wake(self) -> None:
        self._woken.set()

    def touched(self, hand: Hand) -> None:
        self._hands.append(hand)
        self._woken.set()

    def standing(self) -> Standing:
        """What can be said honestly now."""
        room, reading, at = self._connection.room, self._reading, self._now()
        doing = self._gauge.doing
        if room is None or reading is None or at - reading.at_ms > FRESH_MS:
            return Standing(doing, self._connection.room_ms(at))
        room_ms = self._connection.room_ms(reading.at_ms)
        target = plans.target_at(room, room_ms, self._mpv.duration_ms)
        bound = min(self._connection.clock.bound_ms(reading.at_ms) + reading.unsure_ms, UNKNOWN_BOUND_MS)
        return Standing(
            state=doing,
            at_ms=room_ms,
            error_ms=reading.heard_ms - target if target is not None else None,
            bound_ms=bound,
            position_ms=reading.heard_ms,
            target_ms=target,
            rate=self._mpv.speed,
        )

    async def _follow(self) -> None:
        while True:
            self._woken.clear()
            wait_ms = EVERY_MS
            with suppress(MpvRefused):  # it stalls, or has no such value just now: look again
                if self._hands:
                    await self._obey(self._hands.popleft())
                    continue
                wait_ms = await self._turn()
            await self._rest(wait_ms)

    async def _turn(self) -> float:
        """Do what is due; in how many ms to look again."""
        room = self._connection.room
        if room is None:
            return EVERY_MS
        await self._open(room)
        if not self._mpv.loaded:
            return EVERY_MS
        plan = self._planned(room)
        reading = await self._gauge.read(self._now(), resting=plan is None or not plan.playing)
        if plan is None:
            return EVERY_MS
        if reading is None:
            return AGAIN_MS
        self._reading = reading
        going_on = room.upcoming(self._connection.room_ms()) is not None
        if self._mpv.ended and not plan.playing and not going_on:
            await self._at_end(room)
            return EVERY_MS
        action = self._step(plan, reading)
        stopped = action.hold and not self._mpv.paused
        await self._act(action)
        await self._tell_readiness(room, plan)
        return AFTER_STOPPING_MS if stopped else self._look_again_ms(action, plan)

    def _planned(self, room: Room) -> Plan | None:
        plan = plans.planned(
            room,
            self._connection.room_ms(),
            stands=self._mpv.paused,
            jump_takes_ms=self._follower.costs.lead_ms,
            duration_ms=self._mpv.duration_ms,
        )
        was, self._plan = self._plan, plan
        if plan is not None and (was is None or plan.timeline != was.timeline):
            self._follower = self._follower.forgiven()
        return plan

    def _step(self, plan: Plan, reading: Reading) -> Action:
        at = reading.at_ms
        moved = (
            (self._connection.room_ms(at) - self._connection.room_ms()) * plan.rate if plan.playing else 0.0
        )
        limits = replace(self._limits, lag_ms=self._gauge.lead.buffer_ms)
        sample = Sample(
            now_ms=at,
            position_ms=reading.position_ms,
            target_ms=plan.target_ms + moved,
            playing=plan.playing,
            rate=plan.rate,
            state=self._gauge.state,
            bound_ms=self._connection.clock.bound_ms(at) + reading.unsure_ms,
        )
        self._follower, action = replace(self._follower, limits=limits).step(sample)
        return action

    async def _act(self, action: Action) -> None:
        if abs(action.rate - self._mpv.speed) > LEAST_SPEED_CHANGE:
            await self._gauge.set_speed(action.rate)
        if action.hold and not self._mpv.paused:
            await self._mpv.pause()
            self._gauge.settle()
        if action.seek_to_ms is not None:
            self._gauge.settle()
            self._say(Note("seek", f"to {action.seek_to_ms / 1000:.1f} s", action.seek_to_ms))
            await self._mpv.seek(action.seek_to_ms)
        if not action.hold and self._mpv.paused and not self._hands:
            await self._mpv.resume()
            self._gauge.settle()

    def _look_again_ms(self, action: Action, plan: Plan) -> float:
        wait = EVERY_MS if action.look_in_ms is None else min(action.look_in_ms, EVERY_MS)
        if self._follower.seek is not None:
            wait = min(wait, WHILE_SEEKING_MS)
        return max(min(wait, plan.until_ms - self._connection.room_ms()), 0.0)

    async def _rest(self, wait_ms: float) -> None:
        """Wake at the very instant, or for news. Timers come late by up to a millisecond: the last one is waited out."""
        until = self._now() + wait_ms
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait_ms - SPIN_MS, 0.0) / 1000):
                await self._woken.wait()
        while self._now() < until and not self._woken.is_set():  # noqa: ASYNC110 - a timer would be late
            await asyncio.sleep(0)

    async def _open(self, room: Room) -> None:
        """Open what the room has chosen, if it is not open."""
        if self._file is not None and self._file_is_for is None:
            self._file_is_for = room.media
        wanted = source(room.media, self._file, self._file_is_for, self._origin)
        if wanted == self._source:
            return
        self._source = wanted
        self._reading = None
        if wanted.where is None:
            self._say(Note("media", wanted.why or ""))
            await self._mpv.stop()
            return
        await self._declare(ready=False)
        try:
            await self._mpv.load(wanted.where)
        except NotPlayable as problem:
            self._warn(str(problem))
            return
        self._follower = self._follower.forgiven()
        self._gauge.settle()
        warning = other_length(room.media, self._mpv.duration_ms)
        if warning is not None:
            self._warn(warning)

    async def _at_end(self, room: Room) -> None:
        """Everybody asks for the next in the queue when theirs has ended; the first is heard."""
        if (
            room.queue
            and self._asked_next != room.queue[0].id
            and room.timeline is not None
            and room.timeline.playing
        ):
            self._asked_next = room.queue[0].id
            await self._ask(PlayNext(room.queue[0].id))

    async def _tell_readiness(self, room: Room, plan: Plan) -> None:
        """When the room waits for me it takes me for not ready, until the picture is where it will start."""
        state = self._gauge.state
        if room.waiting != self._waiting:
            self._waiting = room.waiting
            if room.waiting is not None and room.me in room.waiting.members:
                self._told_ready = False
        if room.me in room.awaited:
            await self._declare(ready=state == "paused" and self._follower.rested_at_ms == plan.target_ms)
        else:
            await self._declare(ready=state != "buffering")

    async def _declare(self, *, ready: bool) -> None:
        if ready is not self._told_ready and self._connection.state is State.CONNECTED:
            self._told_ready = ready
            await self._connection.tell(Ready(ready))

    async def _obey(self, hand: Hand) -> None:
        """Somebody did something in mpv: ask it of the room, paused until the room has said what happens."""
        room = self._connection.room
        if room is None or not self._mpv.loaded or self._mpv.ended:
            return
        wish = await self._wish(hand, room)
        if wish is None:
            return
        if not self._mpv.paused:
            await self._mpv.pause()
            self._gauge.settle()
        self._follower = self._follower.forgiven()
        await self._ask(wish)

    async def _wish(self, hand: Hand, room: Room) -> Spoken | None:
        """What it means in the room; None: nothing that it does not do already."""
        playing = self._plan is not None and self._plan.playing
        match hand:
            case Hand.PAUSE:
                paused = await self._mpv.paused_by_hand()
                if paused is None or paused is not playing:
                    return None
                position = await self._position(room)
                return Pause(position) if paused else Play()
            case Hand.SEEK:
                position = await self._position(room)
                return Seek(position) if position is not None else None
            case Hand.SPEED:
                speed = await self._mpv.speed_by_hand()
                return Rate(round(speed, 2)) if speed is not None else None

    async def _position(self, room: Room) -> float | None:
        """Where the player is, on the room's timeline."""
        place = await self._mpv.place()
        return max(place.position_ms - room.offset, 0.0) if place is not None else None

    async def _ask(self, wish: Spoken) -> None:
        try:
            seq = await self._connection.ask(wish)
        except Refusal as refusal:
            self._say(Note("refused", refusal.message))
            await self._mpv.show(refusal.message)
        except Disconnected:
            self._say(Note("refused", "not connected: the room has not heard that"))
            await self._mpv.show("Not connected: the room has not heard that")
        else:
            await self._heard_of(seq)

    async def _heard_of(self, seq: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_WITHIN_S):
                while self._connection.room is not None and self._connection.room.seq < seq:
                    self._woken.clear()
                    await self._woken.wait()

    async def _report(self) -> None:
        """What the room shows of me."""
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            standing = self.standing()
            if standing.position_ms is None or self._connection.state is not State.CONNECTED:
                continue
            await self._connection.tell(
                Report(
                    position=standing.position_ms,
                    at=standing.at_ms,
                    error=standing.error_ms,
                    bound=standing.bound_ms if standing.bound_ms is not None else UNKNOWN_BOUND_MS,
                    state=standing.state,
                    rate=standing.rate,
                )
            )

    def _warn(self, text: str) -> None:
        """Once."""
        if text not in self._warned:
            self._warned.add(text)
            self._say(Note("warning", text))
