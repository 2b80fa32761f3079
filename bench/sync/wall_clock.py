"""A process whose wall clock can be set, without touching the machine's: Debian's libfaketime, told by a file.

The monotonic clock stays as it is: a step of the wall clock is exactly that.
"""

from __future__ import annotations

import contextlib
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from bench import Unmeasured, install

PACKAGE = "libfaketime"
NOTICED_AFTER_S = 2.0


@dataclass(frozen=True)
class Faketime:
    """The clock that a process started with `environment` believes in."""

    library: Path
    file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def set(self, hours: int) -> None:
        """So many hours from the truth, noticed within two seconds."""
        self.file.write_text(f"{hours:+d}h\n")

    @staticmethod
    @contextlib.contextmanager
    def available() -> Iterator[Faketime | None]:
        """None, and a line that says so, where it cannot be had."""
        library = _library()
        if library is None:
            print(f"{PACKAGE} cannot be installed: the server's wall clock is not stepped", flush=True)
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="tutti-bench-") as folder:
            clock = Faketime(library, Path(folder) / "clock")
            clock.set(0)
            yield clock


def told_by(port: int) -> float:
    """The wall clock of the server there, in seconds: from its `Date` header."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as response:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()


def _library() -> Path | None:
    try:
        install.debian(PACKAGE)
    except Unmeasured:
        return None
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
