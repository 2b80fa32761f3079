"""What players were lately told of the timeline, and which of what they say only repeats it.

A player that follows says back what it was told, once: setting `video.currentTime` fires `seeked`, which a client
sends as a seek. On a slow line that arrives after the next movement; taken for a wish it would move everybody back,
everybody would repeat that, and so on for ever. So each telling is remembered for a while, and each member is
allowed one repetition of it, of each kind. Whether it plays it repeats only if that was news: a player that stands
still and is told to stand still says nothing, so a pause soon after it came in is a wish.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.core.playback import ECHO_WITHIN_MS, repeats
from tutti.core.room import Room

MOST = 16

SAID_MOST = 4

CROSSED_MS = 1_000.0
"""A telling and a wish further apart than this did not cross on the line."""

Wish = c.Play | c.Pause | c.Seek
Tellings = deque[c.Told]
"""Newest last."""


def tellings() -> Tellings:
    return deque(maxlen=MOST)


def telling(room: Room, now_ms: float, by: MemberId | None = None) -> c.Told:
    return c.Told(room.extrapolated_at(now_ms), now_ms, room.timeline.playing, by)


class Repeated:
    """What one connection has said back already, and when it last started and stopped."""

    __slots__ = ("_said", "_seen")

    def __init__(self) -> None:
        self._seen: set[tuple[type[Wish], c.Told]] | None = None
        self._said: tuple[tuple[bool, float], ...] = ()

    def find(self, command: Wish, who: MemberId, told: Sequence[c.Told], now_ms: float) -> c.Told | None:
        """What `command` says back; a second time it is a wish. Nobody repeats what was their own wish."""
        seen, kind = self._seen or (), type(command)
        found = None
        for one in told:
            if one.by == who or not repeats(command, one, now_ms) or (kind, one) in seen:
                continue
            if found is not None and one.at_ms < found.at_ms:
                continue
            if isinstance(command, c.Seek) or _is_news(one, who, told, self._said):
                found = one
        if found is not None:
            self._remember((kind, found), now_ms)
        if not isinstance(command, c.Seek):
            self._said = (*self._said[-SAID_MOST:], (isinstance(command, c.Play), now_ms))
        return found

    def _remember(self, said: tuple[type[Wish], c.Told], now_ms: float) -> None:
        fresh = {s for s in self._seen or () if now_ms - s[1].at_ms <= ECHO_WITHIN_MS}
        self._seen = {*fresh, said}


def _is_news(one: c.Told, who: MemberId, told: Sequence[c.Told], said: Iterable[tuple[bool, float]]) -> bool:
    """Whether it may have made the player of `who` start or stop.

    One that has just come stands still. One that was told the opposite just before, or that did the opposite while
    this was on its way, may have had to.
    """
    in_order = sorted(told, key=lambda t: t.at_ms)
    earlier = in_order[: next(n for n, other in enumerate(in_order) if other is one)]
    if one.playing is not (earlier[-1].playing if earlier else False):
        return True
    did = (*said, *((own.playing, own.at_ms) for own in in_order if own.by == who))
    before = (other.playing for other in earlier if one.at_ms - other.at_ms <= CROSSED_MS)
    after = (plays for plays, at_ms in did if 0.0 <= at_ms - one.at_ms <= CROSSED_MS)
    return any(other is not one.playing for other in (*before, *after))
