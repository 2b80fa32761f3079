"""Observations and corrections: how far each player is from the timeline, and telling those that are off.

Observations are never stored and never numbered (DESIGN D3). The reference is the timeline, never another member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutti.core.commands import Report, Told
from tutti.core.drift import Observation, drift_ms, target_ms
from tutti.core.events import Event, MediaChanged, OffsetSet, TimelineMoved
from tutti.core.ids import MemberId
from tutti.core.playback import still_holds
from tutti.core.room import Room
from tutti.service.fanout import Subscription
from tutti.service.ports import Clock
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import LiveRoom

STATUS_EVERY_S = 1.0

FRESH_MS = 3_000.0
"""A report older than this says nothing about now: its player may have stalled."""

SETTLE_MS = 1_500.0
"""Reports sampled less than this after the timeline moved may come from before the player followed."""


class Helm:
    def __init__(self, live: LiveRoom, wheel: TimerWheel, clock: Clock) -> None:
        self._live = live
        self._wheel = wheel
        self._clock = clock
        self._observed: dict[MemberId, Observation] = {}
        self._status: Timer | None = None
        self._rounds: dict[str, Timer] = {}

    def observed(self, member: MemberId, report: Report, now_ms: float) -> None:
        """A player said where it is. It is taken to go on as the timeline does, unless it says that it stands still."""
        room = self._live.state
        if room is None:
            return
        playing = room.timeline.playing if report.playing is None else report.playing
        rate = room.timeline.rate if playing else 0.0
        self._observed[member] = Observation(report.position_ms, min(report.sampled_at_ms, now_ms), rate)
        if self._status is None:
            self._status = self._wheel.after(STATUS_EVERY_S, self._tell_status)

    def entered(self, subscription: Subscription) -> None:
        """Somebody was welcomed with the timeline as it is now."""
        self._believe(subscription)
        self._arm(subscription)

    def overtaken(self, subscription: Subscription, told: Told) -> None:
        """A player did as it was told, late: if that holds no longer, tell it where everybody is now.

        It need not have followed since: clients pass over what they wished themselves.
        """
        room = self._live.state
        if room is not None and not still_holds(room, told, self._clock.now_ms()):
            self._send(subscription, room, None, correct=True)

    def changed(self, event: Event, room: Room) -> None:
        match event:
            case TimelineMoved() | MediaChanged():
                for subscription in self._subscriptions():
                    if subscription.dialect.steering.modelled:
                        self._believe(subscription)
                        self._tell(subscription, room, correct=False)
            case OffsetSet(member):
                self._nudge(room, member)
            case _:
                pass

    def _nudge(self, room: Room, member: MemberId) -> None:
        """A new offset is wanted now, however small the step."""
        for subscription in self._subscriptions():
            if subscription.member == member and subscription.dialect.steering.modelled:
                self._steer(subscription, room, wanted=True)

    def forget(self, member: MemberId) -> None:
        self._observed.pop(member, None)

    def stop(self) -> None:
        for timer in (self._status, *self._rounds.values()):
            if timer is not None:
                timer.cancel()
        self._status = None
        self._rounds.clear()

    def drift_ms(self, member: MemberId) -> float | None:
        """How far ahead (+) or behind (−) of the timeline this member is; None if nobody can know now."""
        room, seen = self._live.state, self._observed.get(member)
        if room is None or seen is None or member not in room.members:
            return None
        return self._drift_of(room, member, seen)

    def _drift_of(self, room: Room, member: MemberId, seen: Observation) -> float:
        return drift_ms(
            seen,
            room.timeline,
            offset_ms=room.members[member].offset_ms,
            now_ms=self._clock.now_ms(),
            duration_ms=room.duration_ms,
        )

    def _fresh_drift_ms(self, room: Room, member: MemberId, *, modelled: bool) -> float | None:
        """As `drift_ms`, but only from a report that was made since the last movement had time to arrive."""
        seen = self._observed.get(member)
        if seen is None or member not in room.members:
            return None
        age_ms = self._clock.now_ms() - seen.at_ms
        settled = seen.at_ms - room.moved_at_ms >= SETTLE_MS
        if not modelled and (age_ms > FRESH_MS or not settled):
            return None
        return self._drift_of(room, member, seen)

    def _tell_status(self) -> None:
        """Once a second while reports come in: everybody's drift, and corrections for those who report."""
        self._status = None
        room = self._live.state
        if room is None or room.closed is not None:
            return
        drifts = {m: self._fresh_drift_ms(room, m, modelled=False) for m in self._observed}
        known = {member: drift for member, drift in drifts.items() if drift is not None}
        now_ms = self._clock.now_ms()
        for audience in self._live.audiences.values():
            frames = audience.dialect.status(room, known, now_ms)
            if frames:
                audience.send(frames)
        for subscription in self._subscriptions():
            if not subscription.dialect.steering.modelled:
                self._steer(subscription, room)

    def _arm(self, subscription: Subscription) -> None:
        """Modelled players report nothing that could trigger a check: they have a round of their own."""
        dialect = subscription.dialect
        if dialect.steering.modelled and dialect.name not in self._rounds:
            self._rounds[dialect.name] = self._wheel.after(
                dialect.steering.every_s, lambda: self._round(dialect.name)
            )

    def _round(self, name: str) -> None:
        del self._rounds[name]
        room, audience = self._live.state, self._live.audiences.get(name)
        if room is None or audience is None:
            return
        for subscription in tuple(audience.subscriptions):
            self._steer(subscription, room)
            self._arm(subscription)

    def _steer(self, subscription: Subscription, room: Room, *, wanted: bool = False) -> None:
        steering = subscription.dialect.steering
        drift = self._fresh_drift_ms(room, subscription.member, modelled=steering.modelled)
        off = drift is not None and abs(drift) > steering.over_ms
        held = self._clock.now_ms() - subscription.corrected_ms < steering.hold_s * 1000
        correct = wanted or (off and not held)
        self._tell(subscription, room, correct=correct)
        if correct:
            subscription.corrected_ms = self._clock.now_ms()
            if steering.modelled:
                self._believe(subscription)

    def _tell(self, subscription: Subscription, room: Room, *, correct: bool) -> None:
        drift = self._fresh_drift_ms(
            room, subscription.member, modelled=subscription.dialect.steering.modelled
        )
        self._send(subscription, room, drift, correct=correct)

    def _send(self, subscription: Subscription, room: Room, drift: float | None, *, correct: bool) -> None:
        now_ms = self._clock.now_ms()
        frames = subscription.dialect.steer(room, subscription.viewer, drift, now_ms, correct)
        subscription.send(frames)
        if frames and correct:
            subscription.was_told(room, now_ms)

    def _believe(self, subscription: Subscription) -> None:
        """A player that never reports is where it was told to be."""
        room = self._live.state
        if room is None or not subscription.dialect.steering.modelled:
            return
        member = room.members.get(subscription.member)
        if member is None:
            return
        now_ms = self._clock.now_ms()
        at = target_ms(room.timeline, member.offset_ms, now_ms, room.duration_ms)
        rate = room.timeline.rate if room.timeline.playing else 0.0
        self._observed[member.id] = Observation(at, now_ms, rate)

    def _subscriptions(self) -> tuple[Subscription, ...]:
        return tuple(s for a in self._live.audiences.values() for s in a.subscriptions)
