"""When to ask one listener's player again, so that few questions find most changes soon. Pure: the time is an argument.

A track that plays says when it ends, so that is when to ask. Between, people skip: most of them who do, do so soon after
a track has begun, so the gaps between checks grow with the track's age. Somebody who has paused long is asked seldom.
Whatever the rules want, `PER_MINUTE` is what there is on average, and the question at the end of a track comes first.
"""

from __future__ import annotations

from typing import Final

from tutti.service.nearby.players import Playing

PER_MINUTE: Final = 1.15
SAVED: Final = 4.0
"""Questions that may be saved up, for somebody who skips through a list."""
MOST_CREDIT: Final = -1.0
END_MARGIN_MS: Final = 800.0
"""A player tells its server a little late that the next track has begun."""
SHORTEST_MS: Final = 5_000.0
GROWTH_PLAYING: Final = 2.5
LONGEST_PLAYING_MS: Final = 600_000.0
SHORTEST_IDLE_MS: Final = 20_000.0
GROWTH_IDLE: Final = 1.0
LONGEST_IDLE_MS: Final = 180_000.0

_PER_MS: Final = PER_MINUTE / 60_000


class Rhythm:
    """One listener's. `asked` before each question, `answered` after it: in how many milliseconds to ask again."""

    __slots__ = ("_at_ms", "_left", "_overdue", "_since_ms", "_state")

    def __init__(self, now_ms: float) -> None:
        self._left = SAVED / 2
        self._at_ms = now_ms
        self._state: tuple[str, bool] | None = None
        self._since_ms = now_ms
        self._overdue = 0

    def asked(self, now_ms: float) -> None:
        self._left = self._left_at(now_ms) - 1.0
        self._at_ms = now_ms

    def not_asked(self) -> None:
        """It did not come to that."""
        self._left += 1.0

    def wait_ms(self, now_ms: float) -> float:
        """Until somebody may ask out of turn: a little on credit."""
        return max(0.0, (MOST_CREDIT - self._left_at(now_ms)) / _PER_MS)

    def answered(self, now_ms: float, wall_ms: float, playing: Playing | None) -> float:
        state = None if playing is None else (playing.track.id, playing.is_playing)
        if state != self._state:
            self._state, self._since_ms, self._overdue = state, now_ms, 0
        if playing is None or not playing.is_playing:
            idle_ms = GROWTH_IDLE * (now_ms - self._since_ms)
            return self._no_sooner(now_ms, min(max(idle_ms, SHORTEST_IDLE_MS), LONGEST_IDLE_MS))
        age_ms = progress_ms(playing, wall_ms)
        left_ms = playing.duration_ms - age_ms
        if left_ms <= 0:
            self._overdue += 1
            return self._no_sooner(now_ms, SHORTEST_MS * 2.0 ** min(self._overdue - 1, 5))
        apart_ms = min(max(GROWTH_PLAYING * age_ms, SHORTEST_MS), LONGEST_PLAYING_MS)
        check_ms = self._no_sooner(now_ms, apart_ms, saving=1.0)
        end_ms = self._no_sooner(now_ms, left_ms + END_MARGIN_MS)
        return end_ms if check_ms > left_ms - SHORTEST_MS else check_ms

    def _no_sooner(self, now_ms: float, delay_ms: float, *, saving: float = 0.0) -> float:
        """As soon as there is a question left for it (and `saving` more)."""
        missing = 1.0 + saving - self._left_at(now_ms)
        return max(delay_ms, missing / _PER_MS)

    def _left_at(self, now_ms: float) -> float:
        return min(SAVED, self._left + (now_ms - self._at_ms) * _PER_MS)


def progress_ms(playing: Playing, wall_ms: float) -> float:
    """Where the track is, if they do not say: what has passed since it was told to play."""
    if playing.progress_ms is not None:
        return playing.progress_ms
    if playing.changed_at_ms is None:
        return 0.0
    return min(max(wall_ms - playing.changed_at_ms, 0.0), playing.duration_ms)
