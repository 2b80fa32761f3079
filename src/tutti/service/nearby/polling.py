"""Knows what people who are live listen to, by asking their players when it is likely that something has changed.

Nobody is asked about who is not live and shares what they listen to, but once, for themselves, when they wish it; what a
player said is kept only as long as it is told. A provider
that rests, is slow or fails delays questions and nothing else: each has a task of its own, there are at most `at_once`,
and one rest counts for everybody. A track whose end has passed without an answer is taken back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

import structlog

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.players import NoPlayer, Players, Playing, Resting
from tutti.service.nearby.ports import Draw
from tutti.service.nearby.rhythm import Rhythm, progress_ms
from tutti.service.nearby.values import NOT_LIVE, Track
from tutti.service.ports import Clock, Unavailable
from tutti.service.timers import Timer, TimerWheel

log = structlog.get_logger("tutti.polling")

FRESH_MS: Final = 5_000.0
"""Whoever asks for a look within that time after the last one gets that."""
BACK_OFF_MS: Final = 10_000.0
MOST_BACK_OFF: Final = 5
OVER_MS: Final = 60_000.0
"""So long after its end, a track that nobody could ask about is not believed to play."""
SPREAD_MS: Final = 200.0
"""After a long rest, people's turns come so far apart."""

NO_PLAYER: Final = Refused(Reason.NOTHING_PLAYS, "Spotify is not connected, or has to be connected again")


class People(Protocol):
    """Who is live, and hears what they listen to. No method may wait or raise."""

    def is_live(self, user: MemberId) -> bool: ...

    def is_sharing(self, user: MemberId) -> bool:
        """Live, and others may know what they listen to."""
        ...

    def update_track(self, user: MemberId, track: Track | None) -> Refused | None:
        """What somebody listens to now; None: nothing. Refused: they are not live any more."""
        ...

    def forget_taste(self, user: MemberId) -> None:
        """What was learnt of them by what they listened to. Live or not."""
        ...


class _Followed:
    """`told`: the track that others were told of. `until_ms`: when it must have ended. `once`: they wished it."""

    __slots__ = ("answered_ms", "failures", "once", "rhythm", "task", "timer", "told", "until_ms", "waits")

    def __init__(self, now_ms: float, *, once: bool) -> None:
        self.once = once
        self.rhythm = Rhythm(now_ms)
        self.timer: Timer | None = None
        self.task: asyncio.Task[Refused | None] | None = None
        self.told: Track | None = None
        self.until_ms = 0.0
        self.answered_ms: float | None = None
        self.failures = 0
        self.waits = False


class Polling:
    """In the loop that turns the wheel, until `aclose`."""

    def __init__(
        self,
        players: Players,
        people: People,
        clock: Clock,
        wheel: TimerWheel,
        *,
        draw: Draw,
        at_once: int = 32,
    ) -> None:
        self._players = players
        self._people = people
        self._clock = clock
        self._wheel = wheel
        self._draw = draw
        self._at_once = at_once
        self._followed: dict[MemberId, _Followed] = {}
        self._waiting: deque[MemberId] = deque()
        self._under_way: set[asyncio.Task[Refused | None]] = set()
        self._resting_until_ms = 0.0

    def __len__(self) -> int:
        return len(self._followed)

    def heed(self, user: MemberId) -> None:
        """They went live or offline, share otherwise than before, or have connected a player just now."""
        if self._people.is_sharing(user):
            self.begin(user)
        elif self._people.is_live(user):
            self.stop(user)
        else:
            self.end(user)

    def begin(self, user: MemberId) -> None:
        """If they are live and share what they listen to. Twice is once."""
        if not self._people.is_sharing(user):
            return
        followed = self._followed.get(user)
        if followed is None:
            self._follow(user)
        elif followed.once:
            followed.once = False
            self._turn(user)

    def stop(self, user: MemberId) -> None:
        """They are live and share no more, or have no player any more: what was told is taken back."""
        followed = self._followed.get(user)
        if followed is not None:
            self._tell(user, followed, None)
            self.end(user)

    def end(self, user: MemberId) -> None:
        """They are not. When it returns nothing here knows what they listened to; an answer under way is not heard."""
        followed = self._followed.pop(user, None)
        if followed is None:
            return
        if followed.timer is not None:
            followed.timer.cancel()
        if followed.task is not None:
            followed.task.cancel()

    def forget(self, user: MemberId) -> None:
        """They have disconnected their player: what it said is taken back, and what was learnt from it forgotten."""
        self.stop(user)
        self._people.forget_taste(user)

    async def refresh(self, user: MemberId) -> Refused | None:
        """Ask now, unless the last answer is seconds old. It counts as one of the questions that there are for them."""
        followed = self._followed.get(user) or self._follow(user)
        if followed is None:
            return NOT_LIVE
        task = followed.task
        if task is None:
            now = self._clock.now_ms()
            if followed.answered_ms is not None and now - followed.answered_ms < FRESH_MS:
                return None
            wait_ms = max(self._resting_until_ms - now, followed.rhythm.wait_ms(now))
            if wait_ms > 0 or len(self._under_way) >= self._at_once:
                return Refused(Reason.RATE_LIMITED, "Spotify is not asked now", max(wait_ms / 1000, 1.0))
            task = self._start(user, followed)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # they went offline
                return NOT_LIVE
            raise

    async def aclose(self) -> None:
        for user in tuple(self._followed):
            self.end(user)
        await asyncio.gather(*self._under_way, return_exceptions=True)

    # -- turns

    def _follow(self, user: MemberId) -> _Followed | None:
        if not self._people.is_live(user):
            return None
        once = not self._people.is_sharing(user)
        followed = self._followed[user] = _Followed(self._clock.now_ms(), once=once)
        self._turn(user)
        return followed

    def _due(self, user: MemberId) -> None:
        """What was asked once is over, or too old."""
        followed = self._followed.get(user)
        if followed is not None and followed.once and followed.task is None:
            self.stop(user)
        else:
            self._turn(user)

    def _turn(self, user: MemberId) -> None:
        followed = self._followed.get(user)
        if followed is None or followed.task is not None:
            return
        now = self._clock.now_ms()
        if now < self._resting_until_ms:
            self._take_back_if_over(user, followed, now)
            rest_ms = self._resting_until_ms - now
            self._next(user, followed, rest_ms + self._apart_ms(rest_ms))
        elif len(self._under_way) < self._at_once:
            self._start(user, followed)
        elif not followed.waits:
            followed.waits = True
            self._waiting.append(user)

    def _start(self, user: MemberId, followed: _Followed) -> asyncio.Task[Refused | None]:
        if followed.timer is not None:
            followed.timer.cancel()
        followed.rhythm.asked(self._clock.now_ms())
        followed.waits = False
        followed.task = task = asyncio.create_task(self._ask(user, followed))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Refused | None]) -> None:
        self._under_way.discard(task)
        while self._waiting and len(self._under_way) < self._at_once:
            user = self._waiting.popleft()
            followed = self._followed.get(user)
            if followed is not None and followed.waits:
                followed.waits = False
                self._turn(user)

    async def _ask(self, user: MemberId, followed: _Followed) -> Refused | None:
        """Whatever comes of it, there is a next turn, or they are followed no more."""
        found: Playing | NoPlayer | Unavailable | None
        try:
            found = await self._players.playing(user)
        except (NoPlayer, Unavailable) as problem:
            found = problem
        except Exception:
            log.exception("bug", user=user)
            found = Unavailable("internal error")
        followed.task = None
        if isinstance(found, Unavailable):
            return self._failed(user, followed, found)
        if isinstance(found, NoPlayer):
            self._tell(user, followed, None)
            self.end(user)
            return NO_PLAYER
        self._answered(user, followed, found)
        return None

    def _answered(self, user: MemberId, followed: _Followed, playing: Playing | None) -> None:
        now = self._clock.now_ms()
        wall_ms = self._clock.wall_ms(now)
        followed.failures, followed.answered_ms = 0, now
        track = playing.track if playing is not None and playing.is_playing else None
        if playing is not None:
            followed.until_ms = now + max(playing.duration_ms - progress_ms(playing, wall_ms), 0.0)
        self._tell(user, followed, track)
        if self._followed.get(user) is followed:
            delay_ms = followed.rhythm.answered(now, wall_ms, playing)
            self._next(user, followed, max(delay_ms, followed.until_ms - now) if followed.once else delay_ms)

    def _failed(self, user: MemberId, followed: _Followed, problem: Unavailable) -> Refused:
        now = self._clock.now_ms()
        self._take_back_if_over(user, followed, now)
        if isinstance(problem, Resting):
            followed.rhythm.not_asked()
            told_ms = rest_ms = problem.retry_after_s * 1000
            self._resting_until_ms = max(self._resting_until_ms, now + rest_ms)
            wait_ms = rest_ms + self._apart_ms(rest_ms)
        else:
            told_ms = wait_ms = (
                BACK_OFF_MS * 2.0 ** min(followed.failures, MOST_BACK_OFF) * (1 + self._draw())
            )
            followed.failures += 1
        if self._followed.get(user) is followed:
            self._next(user, followed, wait_ms)
        return Refused(Reason.UNAVAILABLE, "Spotify does not answer now", told_ms / 1000)

    def _next(self, user: MemberId, followed: _Followed, delay_ms: float) -> None:
        if followed.timer is not None:
            followed.timer.cancel()
        if followed.told is not None:  # while nobody answers, its end is still to be seen
            over_ms = max(followed.until_ms + OVER_MS - self._clock.now_ms(), 0.0)
            delay_ms = min(delay_ms, over_ms + 100)
        followed.timer = self._wheel.after(delay_ms / 1000, lambda: self._due(user))

    def _apart_ms(self, rest_ms: float) -> float:
        return self._draw() * min(SPREAD_MS * len(self._followed), 2 * rest_ms + 1_000)

    # -- telling

    def _take_back_if_over(self, user: MemberId, followed: _Followed, now_ms: float) -> None:
        if followed.told is not None and now_ms >= followed.until_ms + OVER_MS:
            self._tell(user, followed, None)

    def _tell(self, user: MemberId, followed: _Followed, track: Track | None) -> None:
        if self._followed.get(user) is not followed or track == followed.told:
            return
        followed.told = track
        if self._people.update_track(user, track) is not None:
            self.end(user)
