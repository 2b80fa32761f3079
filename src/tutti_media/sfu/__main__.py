"""`python -m tutti_media.sfu`: started by the server, which speaks to it over standard input and hears standard output.

When standard input ends, the server is gone, and so are we.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import sys

import structlog
import uvloop

from tutti_media.sfu.port import Port
from tutti_media.sfu.relay import Relay

LONGEST_LINE = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tutti_media.sfu")
    parser.add_argument("--port", type=int, default=0, help="the UDP port for all media; default: any")
    parser.add_argument(
        "--address", action="append", default=[], help="where browsers find it; default: all of this machine"
    )
    given = parser.parse_args()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    uvloop.run(_serve(given.port, tuple(given.address)))


async def _serve(number: int, addresses: tuple[str, ...]) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(os.dup(1), "wb", 0))
    port = Port(number, addresses)
    relay = Relay(port, out.write)
    running = asyncio.create_task(relay.run())
    try:
        async for line in lines:
            relay.hear(line)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        port.close()
        with contextlib.suppress(OSError):
            out.close()


if __name__ == "__main__":
    main()
