"""Guide 001's `SyncPlayer` on a modelled `<video>`, over a slow line, on a clock that the test turns.

The model keeps what matters of HTML's media element: events come after the call that caused them; a seek takes time,
during which nothing plays; a new seek supersedes the old one, and only the last one fires `seeked`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from tutti.dialects.watch.dialect import Watch
from tutti.service.frames import Frame
from tutti.service.session import Session

TIMEUPDATE_MS = 250.0


class Video:
    """`slowest_seek_ms`: a seek takes any time up to this."""

    def __init__(self, rng: Random, slowest_seek_ms: float) -> None:
        self._rng = rng
        self.slowest_seek_ms = slowest_seek_ms
        self.paused = True
        self.position_ms = 0.0
        self._seeking_ms: float | None = None
        self._told_ms = 0.0
        self._fired: list[str] = []
        self.listeners: dict[str, Callable[[], None]] = {}

    @property
    def seeking(self) -> bool:
        return self._seeking_ms is not None

    def seek(self, to_ms: float) -> None:
        self.position_ms = max(to_ms, 0.0)
        self._seeking_ms = self._rng.uniform(0.0, self.slowest_seek_ms)

    def play(self) -> None:
        if self.paused:
            self.paused = False
            self._fired.append("play")

    def pause(self) -> None:
        if not self.paused:
            self.paused = True
            self._fired += ("timeupdate", "pause")

    def elapse(self, ms: float) -> None:
        """Let time pass, and fire what became due."""
        if self._seeking_ms is not None:
            self._seeking_ms -= ms
            if self._seeking_ms <= 0:
                self._seeking_ms = None
                self._fired += ("timeupdate", "seeked")
        elif not self.paused:
            self.position_ms += ms
            self._told_ms += ms
            if self._told_ms >= TIMEUPDATE_MS:
                self._told_ms -= TIMEUPDATE_MS
                self._fired.append("timeupdate")
        fired, self._fired = self._fired, []
        for event in fired:
            self.listeners[event]()


class Line:
    """One direction of a connection: messages arrive in order, each after its own delay."""

    def __init__(self, rng: Random, least_ms: float, most_ms: float) -> None:
        self._rng = rng
        self._least_ms, self.most_ms = least_ms, most_ms
        self._under_way: list[tuple[float, str, Any]] = []
        self._last_ms = 0.0

    def send(self, now_ms: float, name: str, said: Any) -> None:
        arrives_ms = now_ms + self._rng.uniform(self._least_ms, self.most_ms)
        self._last_ms = max(self._last_ms, arrives_ms)
        self._under_way.append((self._last_ms, name, said))

    def arrived(self, now_ms: float) -> list[tuple[str, Any]]:
        due = [one for one in self._under_way if one[0] <= now_ms]
        self._under_way = self._under_way[len(due) :]
        return [(name, said) for _, name, said in due]


class SyncPlayer:
    """The guide's class, line by line: it sends every event of its video and applies every state but its own."""

    def __init__(self, user_id: str, video: Video, line: tuple[Line, Line]) -> None:
        self.user_id = user_id
        self.video = video
        self.room_id = ""
        self.is_admin = False
        self.heard: list[tuple[str, Any]] = []
        self.session: Session | None = None
        self.id = f"socket-{user_id}"
        self.client = "192.0.2.1"
        self.half_rtt_ms = 0.0
        self.rtt_ms = 0.0
        self._up, self._down = line
        self._now_ms = 0.0
        video.listeners = {
            "play": lambda: self._act("play", {}),
            "pause": lambda: self._act("pause", {}),
            "timeupdate": lambda: self._act("updateTime", self._time()),
            "seeked": lambda: self._act("seek", self._time()),
        }

    @property
    def slowest_ms(self) -> float:
        """How late this player may be with what it was told."""
        return self._down.most_ms + self.video.slowest_seek_ms

    def emit(self, name: str, said: dict[str, Any]) -> None:
        self._up.send(self._now_ms, name, {**said, "userId": self.user_id})

    def step(self, now_ms: float, ms: float, watch: Watch) -> None:
        """`ms` pass at this end, and what has arrived is heard at either."""
        self._now_ms = now_ms
        self.video.elapse(ms)
        for name, said in self._down.arrived(now_ms):
            self._hear(name, said)
        for name, said in self._up.arrived(now_ms):
            if self.session is not None:
                self.session.hear(watch, name, [msgspec.Raw(msgspec.json.encode(said))], None)

    def _hear(self, name: str, said: Any) -> None:
        self.heard.append((name, said))
        if name == "playback_updated" and said["userId"] != self.user_id:
            self._apply(said["state"])
        elif name == "initial_state":
            self._apply(said["currentState"])

    def _apply(self, state: dict[str, Any]) -> None:
        if state["isPlaying"] and self.video.paused:
            self.video.play()
        elif not state["isPlaying"] and not self.video.paused:
            self.video.pause()
        if abs(self.video.position_ms / 1000 - state["currentTime"]) > 0.5:
            self.video.seek(state["currentTime"] * 1000)

    def _act(self, kind: str, data: dict[str, Any]) -> None:
        self.emit("playback_action", {"roomId": self.room_id, "action": {"type": kind, "data": data}})

    def _time(self) -> dict[str, float]:
        return {"currentTime": self.video.position_ms / 1000}

    def send(self, frame: Frame) -> None:
        name, said = json.loads(frame.text[2:])
        self._down.send(self._now_ms, name, said)

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"{self.user_id} was cut off: {code} {reason}")

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    pause_reading, resume_reading = pause, resume
