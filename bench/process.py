"""A server process under measurement: started on one core, read through the operating system, stopped by its id.

CPU is user + system time of the process and its children, from the kernel's per-process CPU clock (nanoseconds,
threads included). Memory is the proportional set size from `smaps_rollup`. Neither asks the server anything.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import Unmeasured

HERE = Path(__file__).parent
LOGS = HERE / "out"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
FILES_FOR_THE_REST = 200
_CPUCLOCK_SCHED = 2  # the scheduler's clock of a whole process: see clock_getcpuclockid(3)


@dataclass(frozen=True)
class Program:
    """How to start a server. `{port}` and `{data}` in the command become a free port and an empty directory."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    workdir: Path = HERE.parent
    collects: bool = False  # answers SIGUSR2 with a garbage collection


@dataclass(frozen=True)
class Server:
    """A running `Program`."""

    name: str
    pid: int
    port: int
    collects: bool

    def cpu_s(self) -> float:
        """CPU seconds used since it started, user + system."""
        return sum(time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED) for pid in _family(self.pid))

    def kept_waiting_s(self) -> float:
        """Seconds for which its main thread could have run, but had to wait for more than its own helpers."""
        ran_ns, waited_ns, _ = Path(f"/proc/{self.pid}/schedstat").read_text().split()  # proc(5)
        helpers_s = self.cpu_s() - int(ran_ns) / 1e9
        return int(waited_ns) / 1e9 - helpers_s

    def pss_kb(self) -> int:
        """Memory that would be freed if it ended, shared pages counted by share."""
        return sum(_rollup(pid, "Pss:") for pid in _family(self.pid))

    def quiet_pss_kb(self, *, settle_s: float, give_up_s: float = 20.0) -> int:
        """Memory once it has stopped moving: after a collection, where the program offers one."""
        if self.collects:
            os.kill(self.pid, signal.SIGUSR2)
        deadline = time.monotonic() + give_up_s
        before = self.pss_kb()
        while True:
            time.sleep(settle_s)
            now = self.pss_kb()
            if abs(now - before) <= before // 200 or time.monotonic() > deadline:
                return now
            before = now


def cores() -> tuple[int, int]:
    """The core for servers and the core for load. On a machine with one core they are the same."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def take_load_core() -> None:
    """Pin this process, the load generator, away from the servers."""
    os.sched_setaffinity(0, {LOAD_CORE})


def open_file_limit() -> int:
    """Raise the limit of open files as far as we may, for us and for the servers, and say where it is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def sockets(wanted: int, *, servers: int) -> int:
    """How many clients each of so many servers can have at once: as many as wanted, or as the limit allows."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = (soft - FILES_FOR_THE_REST) // servers
    if possible >= wanted:
        return wanted
    print(f"the limit of {soft} open files leaves {possible} connections a server, instead of {wanted}")
    return possible


@contextlib.contextmanager
def running(*programs: Program) -> Iterator[list[Server]]:
    """Every program running and ready, all on the server core; all stopped and their data removed at the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_running(program)) for program in programs]


@contextlib.contextmanager
def _running(program: Program) -> Iterator[Server]:
    data = tempfile.mkdtemp(prefix="tutti-bench-")
    port = _free_port()
    command = [part.format(port=port, data=data) for part in program.command]
    LOGS.mkdir(exist_ok=True)
    log_path = LOGS / f"{program.name.replace(' ', '-')}.log"
    try:
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=program.workdir,
                env=os.environ | program.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=partial(os.sched_setaffinity, 0, {SERVER_CORE}),  # noqa: PLW1509 (we have no threads)
            )
        try:
            _wait_until_ready(process, port, program.name, log_path)
            yield Server(program.name, process.pid, port, program.collects)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, name: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unmeasured(f"{name} ended with status {process.returncode}: {_last_line(log)}")
        if _answers(port):
            return
        time.sleep(0.05)
    raise Unmeasured(f"{name} was not ready after {START_TIMEOUT_S:.0f} s: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1][:300] if lines else 'no output'} (all of it: bench/out/{log.name})"


def _answers(port: int) -> bool:
    """Whether it can serve: peers say 404 here, which is an answer; Tutti says 503 until it is ready."""
    request = b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(request)
            status = connection.recv(64).split(b" ")
    except OSError:
        return False
    return len(status) > 1 and status[1] < b"500"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _family(int(child))
    return found


def _rollup(pid: int, field_name: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field_name):
            return int(line.split()[1])
    raise LookupError(field_name)


SERVER_CORE, LOAD_CORE = cores()
