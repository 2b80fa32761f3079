"""Helpers of the measurement that are processes of their own, so that they do not disturb one another."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

STOP_TIMEOUT_S = 5.0


class Instrument:
    """A module of ours running as a process. It answers with one line when it is ready, then takes orders."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders = self._process.stdin
        self.answer = self._process.stdout.readline().split()

    def order(self, *words: str) -> None:
        self._orders.write(" ".join(words) + "\n")
        self._orders.flush()

    def stop(self) -> None:
        """It ends when its stdin does; if not, it is ended."""
        with contextlib.suppress(BrokenPipeError):
            self._orders.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def running(module: str, *arguments: str) -> Iterator[Instrument]:
    instrument = Instrument(module, *arguments)
    try:
        yield instrument
    finally:
        instrument.stop()


def take_precedence() -> None:
    """Run before players and servers when all want the core: lateness here would be read as theirs."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)
