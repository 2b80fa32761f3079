"""Debian's PostgreSQL for a bench: in a folder of its own, on a free port, on the core of the load generator.

It has Debian's settings. In production it has a machine of its own; here it must not take from the core that servers
are measured on. It refuses to run as root: then it runs as the user that Debian's package makes for it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from bench import Unmeasured, install
from bench.process import LOAD_CORE, cpu_s, family, free_port

ACCOUNT = "postgres"
START_WITHIN_S = "60"


@dataclass(frozen=True)
class Postgres:
    port: int
    pid: int

    def fresh(self, name: str) -> str:
        """An empty database of this name; its URL."""
        with psycopg.connect(self.url(ACCOUNT), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/{name}"

    def cpu_s(self) -> float:
        """Of all its processes that are there."""
        while True:
            with contextlib.suppress(OSError):  # one ended while we looked
                return sum(cpu_s(pid) for pid in family(self.pid))


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    install.debian("postgresql")
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="tutti-bench-postgres-"))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        _run([programs / "initdb", "-D", data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync"])
        port = free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
        start: list[str | Path] = ["-w", "-t", START_WITHIN_S, "-l", folder / "log", "-o", options, "start"]
        _run([programs / "pg_ctl", "-D", data, *start])
        try:
            yield Postgres(port, int((data / "postmaster.pid").read_text().split()[0]))
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Debian keeps them out of the PATH, by version."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda p: int(p.parts[-3]))
    if not versions:
        raise Unmeasured("PostgreSQL's server is not where Debian puts it")
    return versions[-1].parent


def _run(command: Sequence[str | Path]) -> None:
    """Not as root. What it says is for a failure."""
    other = ACCOUNT if os.geteuid() == 0 else None
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, cwd="/", user=other, group=other, extra_groups=[] if other else None,
        preexec_fn=partial(os.sched_setaffinity, 0, {LOAD_CORE}),
    )  # fmt: skip
    if done.returncode:
        raise Unmeasured(f"PostgreSQL: {done.stdout[-300:]}")
