"""A member as a process of its own: a client program and the mpv that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench import Unmeasured
from bench.process import LOGS, family

READY_TIMEOUT_S = 40.0
STOP_TIMEOUT_S = 5.0
IPC_OPTION = "--input-ipc-server="
# Each machine's sound card has its own idea of a second; equal ones would hide each other's error.
SOUND_CARDS = (1.0, 1.00005, 0.99995, 1.0001, 0.9999)


def mpv_options(number: int) -> tuple[str, ...]:
    """No window, no speakers, and a sound card as good as real ones."""
    card = SOUND_CARDS[number % len(SOUND_CARDS)]
    return (
        "--vo=null",
        "--ao=null",
        f"--ao-null-speed={card}",
        "--hr-seek=always",
        "--config=no",
        "--ytdl=no",
    )


@dataclass(frozen=True)
class Player:
    """The member's mpv."""

    pid: int
    ipc: str


class Member:
    """Started at once; `player()` waits for its mpv."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None, *, log: str
    ) -> None:
        self.name = name
        self._player: int | None = None
        self.launched = time.monotonic() * 1000
        LOGS.mkdir(exist_ok=True)
        self.log = LOGS / f"{log}.log"
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                command,
                env=dict(environment) if environment is not None else None,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def say(self, line: str) -> None:
        """Type a line into its console."""
        console: IO[bytes] | None = self._process.stdin
        assert console is not None
        console.write(line.encode() + b"\n")
        console.flush()

    def player(self) -> Player:
        """Its mpv, with the file open."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Unmeasured(
                    f"{self.name} ended with {self._process.returncode}; see bench/out/{self.log.name}"
                )
            for pid in self._family():
                ipc = _ipc_of(pid)
                if ipc and _has_opened_a_file(ipc):
                    self._player = pid
                    return Player(pid, ipc)
            time.sleep(0.05)
        raise Unmeasured(
            f"{self.name} opened no file in {READY_TIMEOUT_S:.0f} s; see bench/out/{self.log.name}"
        )

    def stop(self) -> None:
        """End it and everything it started, each by its id."""
        players = {pid for pid in (*self._family(), self._player) if pid and pid != self._process.pid}
        for pid in players:
            _signal(pid, signal.SIGCONT)
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        for pid in players:
            _signal(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def _family(self) -> list[int]:
        for _ in range(5):
            with contextlib.suppress(FileNotFoundError):  # a thread of theirs ended while we looked
                return family(self._process.pid)
        return []


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _ipc_of(pid: int) -> str | None:
    """The socket it was told to listen on, if it is an mpv. What is said last counts."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    if Path(words[0]).name != "mpv":
        return None
    sockets = [word.removeprefix(IPC_OPTION) for word in words if word.startswith(IPC_OPTION)]
    return sockets[-1] if sockets else None


def _has_opened_a_file(ipc: str) -> bool:
    """Whether it knows how long the film is."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(ipc)
            connection.sendall(b'{"command": ["get_property", "duration"], "request_id": 1}\n')
            with connection.makefile("rb") as answers:
                for line in answers:
                    answer = json.loads(line)
                    if answer.get("request_id") == 1:
                        return answer.get("data") is not None
        except OSError:
            return False
    return False
