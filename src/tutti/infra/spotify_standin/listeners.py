"""Listeners who play on by themselves, and do as they are told: pause, skip, seek, stop.

What somebody listens to follows from who they are, so that it is the same in every run. Pure: the time is an argument.
"""

from __future__ import annotations

import hashlib
from random import Random
from typing import Any, Literal

import msgspec

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RESTLESS = 0.5
"""How many of their tracks restless listeners skip."""


class Do(msgspec.Struct, frozen=True):
    """`play` goes on, or begins with `track`; `stop`: nothing plays. `position_ms` is for `seek`.

    `restless`: skip half of the tracks and pause now and then, by yourself; `calm`: do not (as in the beginning).
    `progress`: how `progress_ms` is told. `overrun` is beyond the end.
    """

    do: Literal["play", "pause", "skip", "seek", "stop", "restless", "calm", "none"] = "none"
    position_ms: float = 0.0
    track: str | None = None
    progress: Literal["exact", "missing", "overrun"] | None = None


class Listener:
    def __init__(self, user: str, now_ms: float) -> None:
        self._draw = Random(f"listener {user}")
        self._restless = False
        self._progress = "exact"
        self._nothing = False
        self._paused = False
        self._resumes_ms: float | None = None
        self._begin(now_ms, self._next_id())
        at_ms = self._draw.uniform(0, self._length_ms / 2)
        self._position_ms = at_ms

    def do(self, what: Do, now_ms: float) -> None:
        self._advance(now_ms)
        self._progress = what.progress or self._progress
        match what.do:
            case "none":
                return
            case "restless" | "calm":
                self._restless = what.do == "restless"
                return
            case "play":
                self._play(what.track, now_ms)
            case "pause":
                self._pause(now_ms)
            case "skip":
                self._begin(now_ms, self._next_id())
            case "seek":
                self._touch(now_ms)
                self._position_ms = min(max(what.position_ms, 0.0), self._length_ms)
                self._until_ms = self._length_ms
            case "stop":
                self._nothing = True

    def now_playing(self, now_ms: float) -> dict[str, Any] | None:
        """The body of currently-playing; None: 204."""
        self._advance(now_ms)
        if self._nothing:
            return None
        position = self._position_at(now_ms)
        told = {"exact": int(position), "missing": None, "overrun": int(self._length_ms) + 4_000}[
            self._progress
        ]
        return {
            "timestamp": int(self._changed_ms),
            "context": None,
            "progress_ms": told,
            "item": self.track,
            "currently_playing_type": "track",
            "is_playing": not self._paused,
            "actions": {"disallows": {}},
        }

    def _play(self, track: str | None, now_ms: float) -> None:
        if track is not None or self._nothing:
            self._begin(now_ms, track or self._next_id())
        else:
            self._touch(now_ms)
            self._paused, self._resumes_ms = False, None

    def _pause(self, now_ms: float) -> None:
        self._touch(now_ms)
        self._paused = True

    def _begin(self, now_ms: float, track_id: str) -> None:
        self.track = track_facts(track_id)
        self._length_ms = float(self.track["duration_ms"])
        self._position_ms, self._changed_ms = 0.0, now_ms
        self._nothing = self._paused = False
        self._resumes_ms = None
        skips = self._restless and self._draw.random() < RESTLESS
        self._until_ms = self._draw.uniform(2_000, self._length_ms) if skips else self._length_ms
        pauses = self._restless and self._draw.random() < 0.2
        self._pause_at_ms = self._draw.uniform(0, self._until_ms) if pauses else None

    def _touch(self, now_ms: float) -> None:
        self._position_ms, self._changed_ms = self._position_at(now_ms), now_ms

    def _position_at(self, now_ms: float) -> float:
        if self._paused:
            return self._position_ms
        return min(self._position_ms + now_ms - self._changed_ms, self._length_ms)

    def _advance(self, now_ms: float) -> None:
        """Everything that has happened by itself since anybody looked."""
        while not self._nothing:
            if self._paused:
                if self._resumes_ms is None or self._resumes_ms > now_ms:
                    return
                self._changed_ms, self._paused, self._resumes_ms = self._resumes_ms, False, None
            goal = self._until_ms if self._pause_at_ms is None else self._pause_at_ms
            at_ms = self._changed_ms + max(goal - self._position_ms, 0.0)
            if at_ms > now_ms:
                return
            if self._pause_at_ms is None:
                self._begin(at_ms, self._next_id())
                continue
            self._pause_at_ms = None
            self._pause(at_ms)
            self._resumes_ms = at_ms + self._draw.expovariate(1 / 60_000)

    def _next_id(self) -> str:
        return "".join(self._draw.choices(BASE62, k=22))


def is_track(track_id: str) -> bool:
    return len(track_id) == 22 and set(track_id) <= set(BASE62)


def track_facts(track_id: str) -> dict[str, Any]:
    """Any well-formed id is a track with facts that follow from it."""
    number = int.from_bytes(hashlib.sha256(track_id.encode()).digest()[:4])
    return {
        "id": track_id,
        "name": f"Track {track_id[:4]}",
        "artists": [
            {"name": f"Artist {number % 97}", "type": "artist"},
            {"name": "Orchestra", "type": "artist"},
        ],
        "duration_ms": 120_000 + number % 240_000,
        "type": "track",
        "uri": f"spotify:track:{track_id}",
    }
