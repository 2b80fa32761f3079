"""Runs a node under uvicorn on every port it is asked for, and takes its leave politely.

On SIGTERM or SIGINT: no new connections, readiness says no, sockets are closed with 1012 over a few seconds (clients
come back by themselves, to whoever serves then), what is under way is finished, the store is closed. A second signal
cuts this short.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from types import FrameType

import structlog
import uvicorn
import uvloop

from tutti.app import Node
from tutti.config import BadSettings, Settings, check_bind
from tutti.transports.http_protocol import GuardedHttp

log = structlog.get_logger("tutti.serve")

BACKLOG = 4096
FINISH_S = 10


def run(settings: Settings, host: str, *, access_log: bool = False) -> None:
    """Serve until told to stop. Raises `BadSettings` if it cannot start as asked."""
    check_bind(settings, host)
    sockets = [_listen(host, port) for port in settings.ports]
    try:
        uvloop.run(_serve(settings, sockets, access_log=access_log))
    except KeyboardInterrupt:  # before it served; from then on the signal is the server's to handle
        pass
    finally:
        for listening in sockets:
            listening.close()


def _collect_rarely() -> None:
    """What the start left behind stays; most of what comes goes by itself, and looking for cycles costs every room."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _serve(settings: Settings, sockets: list[socket.socket], *, access_log: bool) -> None:
    async with Node(settings, asyncio.get_running_loop()) as node:
        config = uvicorn.Config(
            node.http,
            interface="asgi3",
            http=GuardedHttp,
            ws=node.upgrade,
            log_config=None,
            access_log=access_log,
            lifespan="off",
            proxy_headers=False,  # the node decides whom to believe
            server_header=False,
            timeout_graceful_shutdown=FINISH_S,
        )
        _say_where(settings, sockets)
        node.serves_at(_from_here(sockets[0]))
        _collect_rarely()
        await _Server(config, node).serve(sockets)


class _Server(uvicorn.Server):
    """Lets the node say goodbye before connections are shut."""

    def __init__(self, config: uvicorn.Config, node: Node) -> None:
        super().__init__(config)
        self._node = node

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's shape
        """The first signal asks, the second insists. uvicorn would raise it again, and so never end with status 0."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if not self.force_exit:
            await self._node.drain(cut_short=lambda: self.force_exit)
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except OSError as problem:
        listening.close()
        raise BadSettings(f"PORT: cannot listen on {host}:{port}: {problem.strerror or problem}") from None
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


def _from_here(listening: socket.socket) -> str:
    """Host and port by which a program on this machine reaches it."""
    host, port = listening.getsockname()[:2]
    known = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{known}]:{port}" if ":" in known else f"{known}:{port}"


def _say_where(settings: Settings, sockets: list[socket.socket]) -> None:
    for listening in sockets:
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        log.info("serving", url=f"http://{shown}:{port}/", mode=settings.mode.value, data=str(settings.data))
