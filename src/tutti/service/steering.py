"""Observations and corrections: how far each player is from the timeline, and telling those that are off.

Observations are never stored and never numbered (DESIGN D3). The reference is the timeline, never another member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutti.core.commands import Observe, Report, Told
from tutti.core.drift import Observation, drift_ms, target_ms
from tutti.core.events import Event, MediaChanged, Move, OffsetSet, TimelineMoved
from tutti.core.ids import MemberId
from tutti.core.playback import still_holds
from tutti.core.room import Room
from tutti.service.fanout import Subscription
from tutti.service.ports import Clock
from tutti.service.standing import Standing
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
        self._reporting: set[MemberId] = set()
        """Those whose observation is their own report, not our belief."""
        self._heard: dict[MemberId, tuple[float, Standing]] = {}
        """What players that steer themselves say of themselves, and when it was so."""
        self._due: set[MemberId] = set()
        """Modelled players to look at when the second is over."""
        self._status: Timer | None = None
        self._rounds: dict[str, Timer] = {}

    def observed(self, member: MemberId, report: Report, now_ms: float) -> None:
        """A player said where it is. It is taken to go on as the timeline does, unless it says that it stands still.

        The report of a player that we model replaces what we believed of it.
        """
        room = self._live.state
        if room is None:
            return
        playing = room.timeline.playing if report.playing is None else report.playing
        rate = room.timeline.rate if playing else 0.0
        self._observed[member] = Observation(report.position_ms, min(report.sampled_at_ms, now_ms), rate)
        self._reporting.add(member)
        self._look_soon(member)

    def heard(self, member: MemberId, said: Observe, now_ms: float) -> None:
        """A player that steers itself said how far off it is: nobody knows better."""
        standing = Standing(said.error_ms, said.bound_ms, said.doing)
        self._heard[member] = (min(said.sampled_at_ms, now_ms), standing)
        self._speak_soon()

    def seen_ms(self, member: MemberId) -> float | None:
        """Room time at which we last knew where this member is; None if we never did."""
        seen, heard = self._observed.get(member), self._heard.get(member)
        if seen is None or (heard is not None and heard[0] > seen.at_ms):
            return None if heard is None else heard[0]
        return seen.at_ms

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
            case TimelineMoved(move=Move.CORRECTION | Move.RATE):
                for subscription in self._modelled():
                    self._steer(subscription, room)
            case TimelineMoved(move=Move.PAUSE):
                for subscription in self._modelled():
                    self._stopped(subscription)
                    self._steer(subscription, room)
            case TimelineMoved():
                for subscription in self._modelled():
                    self._believe(subscription)
                    self._tell(subscription, room)
            case MediaChanged():
                for subscription in self._modelled():
                    self._believe(subscription, changed=True)
                    self._tell(subscription, room)
            case OffsetSet(member):
                for subscription in self._modelled():
                    if subscription.member == member:
                        self._steer(subscription, room, wanted=True)
            case _:
                pass

    def forget(self, member: MemberId) -> None:
        self._observed.pop(member, None)
        self._heard.pop(member, None)
        self._reporting.discard(member)
        self._due.discard(member)

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
            now_ms=max(self._clock.now_ms(), seen.at_ms),  # a command under way is judged on its arrival
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
        due, self._due = self._due, set()
        room = self._live.state
        if room is None or room.closed is not None:
            return
        now_ms = self._clock.now_ms()
        standings = self._standings(room, now_ms)
        for audience in self._live.audiences.values():
            frames = audience.dialect.status(room, standings, now_ms)
            if frames:
                audience.send(frames)
        for subscription in self._subscriptions():
            if not subscription.dialect.steering.modelled or subscription.member in due:
                self._steer(subscription, room)

    def _standings(self, room: Room, now_ms: float) -> dict[MemberId, Standing]:
        """Of everybody who can be judged now: what we reckon from reports, or better, what they say themselves."""
        drifts = {m: self._fresh_drift_ms(room, m, modelled=False) for m in self._observed}
        standings = {member: Standing(drift) for member, drift in drifts.items() if drift is not None}
        for member, (at_ms, said) in self._heard.items():
            if now_ms - at_ms <= FRESH_MS and member in room.members:
                standings[member] = said
        return standings

    def _look_soon(self, member: MemberId) -> None:
        self._due.add(member)
        self._speak_soon()

    def _speak_soon(self) -> None:
        if self._status is None:
            self._status = self._wheel.after(STATUS_EVERY_S, self._tell_status)

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
        """Say how far off it is, and correct it if that is too far. `wanted`: now, however small the step."""
        steering, now_ms = subscription.dialect.steering, self._clock.now_ms()
        if wanted:
            self._believe(subscription)
        drift = self._fresh_drift_ms(room, subscription.member, modelled=steering.modelled)
        off = drift is not None and abs(drift) > steering.over_ms
        correct = wanted or (off and not self._still_seeking(subscription, now_ms))
        self._send(subscription, room, drift, correct=correct)
        if not correct:
            return
        subscription.corrected_ms = now_ms
        if steering.modelled and not wanted:
            self._believe(subscription)
            self._look_soon(subscription.member)  # to say that it is right again

    def _still_seeking(self, subscription: Subscription, now_ms: float) -> bool:
        """A player that reports may say for a while where it was before we corrected it; our own belief does not."""
        if subscription.member not in self._reporting:
            return False
        return now_ms - subscription.corrected_ms < subscription.dialect.steering.hold_s * 1000

    def _tell(self, subscription: Subscription, room: Room) -> None:
        drift = self._fresh_drift_ms(
            room, subscription.member, modelled=subscription.dialect.steering.modelled
        )
        self._send(subscription, room, drift, correct=False)

    def _send(self, subscription: Subscription, room: Room, drift: float | None, *, correct: bool) -> None:
        now_ms = self._clock.now_ms()
        frames = subscription.dialect.steer(room, subscription.viewer, drift, now_ms, correct)
        subscription.send(frames)
        if frames and correct:
            subscription.was_told(room, now_ms)

    def _believe(self, subscription: Subscription, *, changed: bool = False) -> None:
        """It is where it was told to be when the command arrived. `changed`: the command was about the media."""
        room, steering = self._live.state, subscription.dialect.steering
        member = room.members.get(subscription.member) if room else None
        if room is None or member is None or not steering.modelled or room.host == member.id:
            return  # the host is not told where to be, it tells
        arrives_ms = self._clock.now_ms() + subscription.half_rtt_ms
        at = target_ms(room.timeline, member.offset_ms, arrives_ms, room.duration_ms)
        if changed and at < steering.restarts_under_ms:
            at = 0.0
        self._assume(member.id, Observation(at, arrives_ms, 1.0 if room.timeline.playing else 0.0))

    def _stopped(self, subscription: Subscription) -> None:
        """It stands still where it was when the command arrived."""
        seen = self._observed.get(subscription.member)
        if seen is None:
            self._believe(subscription)
            return
        arrives_ms = self._clock.now_ms() + subscription.half_rtt_ms
        self._assume(subscription.member, Observation(seen.position_at(arrives_ms), arrives_ms, 0.0))

    def _assume(self, member: MemberId, where: Observation) -> None:
        self._observed[member] = where
        self._reporting.discard(member)

    def _modelled(self) -> tuple[Subscription, ...]:
        audiences = (a for a in self._live.audiences.values() if a.dialect.steering.modelled)
        return tuple(s for a in audiences for s in a.subscriptions)

    def _subscriptions(self) -> tuple[Subscription, ...]:
        return tuple(s for a in self._live.audiences.values() for s in a.subscriptions)
