"""Where the player is, measured: for the controller as mpv says it, for people as it is heard, with how sure that is.

What cannot be is not passed on: a place that is no number, one that took too long to ask, a player that says it plays
and stands still. It is said once, and what is reported then is that the error is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from tutti_client.follow import State
from tutti_client.lead import Lead
from tutti_client.mpv import Mpv, Place

SILENT_MS: Final = 1_000.0
"""Without one good reading for so long, a bad one is better than none."""
STRANGE_MS: Final = 5_000.0
FROZEN_MS: Final = 3_000.0

Doing = Literal["playing", "paused", "seeking", "buffering", "ended"]


@dataclass(frozen=True, slots=True)
class Reading:
    """`position_ms`: what mpv says, for a controller. `heard_ms`: what people hear, right to `unsure_ms`."""

    position_ms: float
    heard_ms: float
    at_ms: float
    unsure_ms: float


class Gauge:
    def __init__(self, player: Mpv, warn: Callable[[str], None]) -> None:
        self.lead = Lead()
        self._player = player
        self._warn = warn
        self._last: Place | None = None
        self._good_at_ms: float | None = None
        self._moved_at_ms: float | None = None
        self._changed: tuple[float, float, Place] | None = None

    @property
    def state(self) -> State:
        if self._player.seeking or not self._player.loaded:
            return "seeking"
        if self._player.starved:
            return "buffering"
        return "paused" if self._player.paused else "playing"

    @property
    def doing(self) -> Doing:
        """For people: a frozen player is one that waits for something."""
        if self._player.ended:
            return "ended"
        return "buffering" if self._frozen() else self.state  # type: ignore[return-value]  # never "background" here

    async def read(self, now_ms: float, *, resting: bool) -> Reading | None:
        """None: nothing that can be trusted. `resting`: it is the picture that counts."""
        place = await self._player.place(resting=resting)
        if self._good_at_ms is None:
            self._good_at_ms = now_ms
        silent_ms = now_ms - self._good_at_ms
        if place is None or not (place.prompt or silent_ms > SILENT_MS):
            if silent_ms > STRANGE_MS and self.state == "playing":
                self._warn("mpv does not say where it is: it is left alone until it does")
            return None
        self._good_at_ms = now_ms
        self._watch(place)
        self._learn(place)
        self._last = place
        heard_ms = self.lead.heard_ms(place.position_ms, place.at_ms) if place.by_sound else place.position_ms
        unsure_ms = place.unsure_ms + self.lead.unsure_ms(place.at_ms)
        return Reading(place.position_ms, heard_ms, place.at_ms, unsure_ms)

    async def set_speed(self, speed: float) -> None:
        was = self._player.speed
        at_ms = await self._player.set_speed(speed)
        if self.state != "playing":
            self.settle()
            return
        self.lead = self.lead.changed(at_ms, speed - was)
        last = self._last
        if last is not None and last.by_sound:
            expected = last.position_ms + was * (at_ms - last.at_ms)
            self._changed = (at_ms, speed - was, Place(expected, at_ms, 0.0, by_sound=True, prompt=True))

    def settle(self) -> None:
        """After a stop, a seek or a start nothing that was measured before says anything."""
        self.lead = self.lead.emptied()
        self._last = self._changed = self._moved_at_ms = None

    def _learn(self, place: Place) -> None:
        if self._changed is None or not place.by_sound or self.state != "playing":
            return
        at_ms, by, before = self._changed
        self._changed = None
        expected = before.position_ms + self._player.speed * (place.at_ms - at_ms)
        self.lead = self.lead.learned(place.position_ms - expected, by)

    def _watch(self, place: Place) -> None:
        moves = self._last is None or abs(place.position_ms - self._last.position_ms) > 0.0
        if moves or self._moved_at_ms is None or self.state != "playing" or self._player.ended:
            self._moved_at_ms = place.at_ms
        elif self._frozen():
            self._warn("mpv says that it plays, and stands still")

    def _frozen(self) -> bool:
        if self._last is None or self._moved_at_ms is None or self.state != "playing":
            return False
        return self._last.at_ms - self._moved_at_ms > FROZEN_MS
