"""A PostgreSQL of the tests' own: in a temporary folder, on a free port, for as long as it is asked for.

PostgreSQL refuses to run as root: then it runs as the user that Debian's package makes for it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

ACCOUNT = "postgres"
START_WITHIN_S = "60"
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


class Missing(Exception):
    """There is no PostgreSQL on this machine."""


class Postgres:
    """`fresh()` makes an empty database, `drop` takes one away under whoever uses it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._numbers = count(1)

    def fresh(self) -> str:
        """Its URL."""
        name = f"tutti{next(self._numbers)}"
        with psycopg.connect(self._url(ACCOUNT), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def drop(self, url: str) -> None:
        with psycopg.connect(self._url(ACCOUNT), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)".encode())

    def _url(self, database: str) -> str:
        return f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running() -> Iterator[Postgres]:
    """Raises `Missing`."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="tutti-postgres-"))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        _run([programs / "initdb", "-D", data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync"])
        reserved = _reserved()
        port: int = reserved.getsockname()[1]
        options = [f"-p {port}", "-c listen_addresses=127.0.0.1", f"-k {folder}"]
        options += [f"-c {setting}" for setting in SETTINGS]
        log = folder / "log"
        start: list[str | Path] = ["-w", "-t", START_WITHIN_S, "-l", log, "-o", " ".join(options), "start"]
        with reserved:
            _run([programs / "pg_ctl", "-D", data, *start])
        try:
            yield Postgres(port)
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Debian keeps them out of the PATH, by version."""
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda p: int(p.parts[-3]))
    if not versions:
        raise Missing
    return versions[-1].parent


def _run(command: Sequence[str | Path]) -> None:
    """Not as root. What it says is for a failure."""
    other = ACCOUNT if os.geteuid() == 0 else None
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, cwd="/", user=other, group=other, extra_groups=[] if other else None,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def _reserved() -> socket.socket:
    """A free port that the kernel gives to nobody else while this is open, and that a server may listen on."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL sets it as well
    holder.bind(("127.0.0.1", 0))
    return holder
