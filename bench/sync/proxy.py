"""The bad network as a process: a TCP proxy with one port for each member, all leading to one server.

`python -m bench.sync.proxy PROFILE SERVER_PORT LINKS SEED` prints its ports, then obeys lines: `cut N`, `heal N`.
A cut link passes nothing on, in either direction, and lets nobody new through; what was sent meanwhile arrives when
it has healed, as retransmitted segments do. Nothing is closed by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import sys
import time
from collections.abc import Callable

from bench.sync.instruments import take_precedence
from bench.sync.profiles import PROFILES, Direction, directions

READ_BYTES = 65_536


class Link:
    """What is between one member and the server, over all connections the member makes."""

    def __init__(self, profile: str, server_port: int, seed: str) -> None:
        self.whole = asyncio.Event()
        self.whole.set()
        self._profile = PROFILES[profile]
        self._server_port = server_port
        self._seed = seed
        self._connections = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last."""
        self._connections += 1
        up, down = directions(self._profile, f"{self._seed} connection {self._connections}")
        await self.whole.wait()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()  # nobody listens there: refused
            return
        for end in (writer, server_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(asyncio.CancelledError):  # the run is over
            await asyncio.gather(
                self._pass_on(reader, server_writer, up), self._pass_on(server_reader, writer, down)
            )
        writer.close()
        server_writer.close()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Direction
    ) -> None:
        """Deliver everything in order, each chunk at its time; the end of the stream is delivered last."""
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(travelling, sink))
        while True:
            data = await _read(source)
            travelling.put_nowait((way.arrival_ms(time.monotonic() * 1000, max(len(data), 1)), data))
            if not data:
                break
        await delivery

    async def _deliver(
        self, travelling: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            arrival_ms, data = await travelling.get()
            await asyncio.sleep(max(0.0, arrival_ms / 1000 - time.monotonic()))
            await self.whole.wait()
            if sink.is_closing():
                return
            try:
                if not data:
                    sink.write_eof()
                    return
                sink.write(data)
            except (OSError, RuntimeError):  # the other end is gone
                return


async def _read(source: asyncio.StreamReader) -> bytes:
    try:
        return await source.read(READ_BYTES)
    except OSError:  # reset
        return b""


async def serve(links: list[Link], announce: Callable[[list[int]], None]) -> None:
    """Carry until stdin ends."""
    servers = [await asyncio.start_server(link.carry, "127.0.0.1", 0) for link in links]
    announce([server.sockets[0].getsockname()[1] for server in servers])
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order, number = line.decode().split()
        link = links[int(number)]
        link.whole.clear() if order == "cut" else link.whole.set()
    for server in servers:
        server.close()


def main() -> None:
    profile, server_port, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    take_precedence()
    # select(2) takes microseconds; epoll's milliseconds would be three times the LAN's whole delay
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    links = [Link(profile, server_port, f"{seed} link {number}") for number in range(count)]
    loop.run_until_complete(serve(links, lambda ports: print(*ports, flush=True)))
    underway = asyncio.all_tasks(loop)
    for task in underway:
        task.cancel()
    if underway:
        loop.run_until_complete(asyncio.wait(underway))


if __name__ == "__main__":
    main()
