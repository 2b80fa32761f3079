"""`python -m tutti_media.recorder`: started by the server when a recording starts, and ended by it.

The token is in the environment, where other users of the machine cannot read it. When standard input ends, the server
is gone: the files are finished then.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import structlog
import uvloop

from tutti_media.recorder.folder import Busy, Folder
from tutti_media.recorder.session import Assignment, Session

TOKEN = "TUTTI_RECORDER_TOKEN"
WAIT_S, AGAIN_S = 20.0, 0.2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tutti_media.recorder")
    parser.add_argument("--server", required=True, help="ws://host:port of the server")
    parser.add_argument("--room", required=True)
    parser.add_argument("--recording", required=True, help="the recording's id")
    parser.add_argument("--folder", required=True, type=Path, help="where its files go")
    parser.add_argument("--started-ms", type=int, help="when it began, milliseconds since 1970; default: now")
    parser.add_argument("--started-by")
    parser.add_argument("--with-stdin", action="store_true", help="end when standard input ends")
    given = parser.parse_args()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )  # fmt: skip
    logging.getLogger("aioice").setLevel(logging.WARNING)
    task = Assignment(
        given.server, given.room, given.recording, os.environ.pop(TOKEN, None), given.folder,
        given.started_ms or int(time.time() * 1000), given.started_by,
    )  # fmt: skip
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(record(task, with_stdin=given.with_stdin))


async def record(task: Assignment, *, with_stdin: bool) -> None:
    session = Session(task)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, session.stop)
    if with_stdin:
        loop.add_reader(sys.stdin.fileno(), _end_of_input, loop, session)
    with await _alone(Folder(task.folder)):
        await session.run()


async def _alone(folder: Folder) -> ExitStack:
    """The recorder of a server that was killed may still be finishing its files. Raises `Busy` if it goes on and on."""
    stack = ExitStack()
    for _ in range(int(WAIT_S / AGAIN_S)):
        with suppress(Busy):
            stack.enter_context(folder.alone())
            return stack
        await asyncio.sleep(AGAIN_S)
    stack.enter_context(folder.alone())
    return stack


def _end_of_input(loop: asyncio.AbstractEventLoop, session: Session) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        session.stop()


if __name__ == "__main__":
    main()
