"""The eye on the players as a process: reads where each mpv is, through its IPC socket, on the monotonic clock.

`python -m bench.sync.observer FILE` obeys lines on stdin (`watch NAME SOCKET`, `forget NAME`) and writes JSON rows:
`["position", NAME, at, audio position]`, `["state", NAME, at, speed, paused, video position]`, `["seek", NAME, at]`,
`["restart", NAME, at]` (playing again after a seek), `["slow", NAME, at]` (a reading thrown away). The video position is
read only while it stands.

A reading is of the middle of its call; one whose call took more than 2 ms is thrown away. A player that does not answer
is not waited for: the others must be read in time.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from pathlib import Path
from typing import IO, Any

from bench.sync.instruments import take_precedence

PERIOD_MS = 25.0
STATE_EVERY = 2
LONGEST_CALL_MS = 2.0
PATIENCE_MS = 6.0
EVENTS = {"seek": "seek", "playback-restart": "restart"}


class Mpv:
    """One player's IPC socket. Other clients may share it."""

    def __init__(self, name: str, path: str, log: IO[str]) -> None:
        self.name = name
        self._path = path
        self._log = log
        self._socket: socket.socket | None = None
        self._unread = b""
        self._request = 0

    def look(self, *, also_state: bool) -> None:
        """Write down where it is now, if it answers."""
        if self._socket is None and not self._connect():
            return
        try:
            position = self._get("audio-pts")
            if position is not None:
                self._write("position", position[0], position[1])
            if also_state:
                self._look_at_state()
        except OSError:
            self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._unread = b""

    def _look_at_state(self) -> None:
        speed = self._get("speed")
        paused = self._get("pause") if speed is not None else None
        if speed is None or paused is None:
            return
        video = self._get("time-pos")
        self._write(
            "state", paused[0], speed[1] / 1000, bool(paused[1]), video[1] if video is not None else None
        )

    def _connect(self) -> bool:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(self._path)
        except OSError:
            self.close()
            return False
        return True

    def _get(self, name: str) -> tuple[float, float] | None:
        """When it was read, and a thousand times its value: seconds become milliseconds."""
        assert self._socket is not None
        self._request += 1
        request = {"command": ["get_property", name], "request_id": self._request}
        asked_ms = _now_ms()
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer = self._answer(asked_ms + PATIENCE_MS)
        answered_ms = _now_ms()
        middle_ms = (asked_ms + answered_ms) / 2
        if answer is None or answered_ms - asked_ms > LONGEST_CALL_MS:
            self._write("slow", middle_ms)
            return None
        value = answer.get("data")
        return None if value is None else (middle_ms, float(value) * 1000)

    def _answer(self, until_ms: float) -> dict[str, Any] | None:
        assert self._socket is not None
        while True:
            while b"\n" in self._unread:
                line, self._unread = self._unread.split(b"\n", 1)
                message = json.loads(line)
                if message.get("request_id") == self._request:
                    return dict(message)
                if message.get("event") in EVENTS:
                    self._write(EVENTS[message["event"]], _now_ms())
            ready, _, _ = select.select([self._socket], [], [], max(0.0, until_ms - _now_ms()) / 1000)
            if not ready:
                return None
            data = self._socket.recv(65_536)
            if not data:
                raise ConnectionResetError
            self._unread += data

    def _write(self, kind: str, at_ms: float, *values: float | bool | None) -> None:
        self._log.write(json.dumps([kind, self.name, round(at_ms, 3), *values]) + "\n")


def observe(log: IO[str]) -> None:
    """Look at everybody every 25 ms until stdin ends."""
    players: dict[str, Mpv] = {}
    orders = b""
    turn = 0
    while True:
        began_ms = _now_ms()
        for player in players.values():
            player.look(also_state=turn % STATE_EVERY == 0)
        turn += 1
        while select.select([0], [], [], max(0.0, began_ms + PERIOD_MS - _now_ms()) / 1000)[0]:
            said = os.read(0, 4096)
            if not said:
                return
            *lines, orders = (orders + said).split(b"\n")
            for line in lines:
                _obey(line.decode().split(), players, log)


def _obey(words: list[str], players: dict[str, Mpv], log: IO[str]) -> None:
    if words[0] == "watch":
        players[words[1]] = Mpv(words[1], words[2], log)
    elif words[1] in players:
        players.pop(words[1]).close()


def _now_ms() -> float:
    return time.monotonic() * 1000


def main() -> None:
    take_precedence()
    with Path(sys.argv[1]).open("w") as log:
        print("looking", flush=True)
        observe(log)


if __name__ == "__main__":
    main()
