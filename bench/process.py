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
    speaks_http: bool = True  # if not, it is ready when its port is open


@dataclass(frozen=True)
class Server:
    """A running `Program`."""

    name: str
    pid: int
    port: int
    collects: bool

    def cpu_s(self) -> float:
        """CPU seconds used since it started, user + system."""
        return sum(cpu_s(pid) for pid in family(self.pid))

    def kept_waiting_s(self) -> float:
        """Seconds for which its main thread could have run, but had to wait for more than its own helpers."""
        ran_ns, waited_ns, _ = Path(f"/proc/{self.pid}/schedstat").read_text().split()  # proc(5)
        helpers_s = self.cpu_s() - int(ran_ns) / 1e9
        return int(waited_ns) / 1e9 - helpers_s

    def pss_kb(self) -> int:
        """Memory that would be freed if it ended, shared pages counted by share."""
        return sum(_rollup(pid, "Pss:") for pid in family(self.pid))

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
    with mortal(program) as life:
        yield Server(program.name, life.pid, life.port, program.collects)


class Life:
    """A program that may be killed and started again, at the same port and with the same data."""

    def __init__(self, program: Program, port: int, data: str) -> None:
        self.port = port
        self._program = program
        self._command = [part.format(port=port, data=data) for part in program.command]
        self._log = LOGS / f"{program.name.replace(' ', '-')}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Ready when this returns."""
        again = self._process is not None
        LOGS.mkdir(exist_ok=True)
        with self._log.open("ab" if again else "wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._program.workdir,
                env=os.environ | self._program.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=partial(os.sched_setaffinity, 0, {SERVER_CORE}),  # noqa: PLW1509 (it only asks the kernel)
            )
        _wait_until_ready(self._process, self.port, self._program, self._log)

    def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            _stop(self._process)


@contextlib.contextmanager
def mortal(program: Program) -> Iterator[Life]:
    """Running and ready, on the server core; stopped and its data removed at the end."""
    data = tempfile.mkdtemp(prefix="tutti-bench-")
    life = Life(program, free_port(), data)
    try:
        life.start()
        yield life
    finally:
        life.stop()
        shutil.rmtree(data, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, program: Program, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    ready = _answers if program.speaks_http else _listens
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unmeasured(f"{program.name} ended with status {process.returncode}: {_last_line(log)}")
        if ready(port):
            return
        time.sleep(0.05)
    raise Unmeasured(f"{program.name} was not ready after {START_TIMEOUT_S:.0f} s: {_last_line(log)}")


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


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    """CPU seconds used by one process, threads included."""
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def _rollup(pid: int, field_name: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field_name):
            return int(line.split()[1])
    raise LookupError(field_name)


SERVER_CORE, LOAD_CORE = cores()
