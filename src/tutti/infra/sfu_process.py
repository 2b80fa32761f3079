"""The relay of meetings' media, as a process: started when a room may need it, watched, started again, ended with us.

What is said and heard, line by line, is in `tutti_media.sfu.relay`. A process that says nothing for a while is as good
as dead. Rooms that it served are told, and are open to it again only when they say so.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import structlog

from tutti.core.ids import MemberId, RoomId
from tutti.infra.recorder_process import environment
from tutti.service.ports import Relayed

log = structlog.get_logger("tutti.relay")

PROGRAM: Final = (sys.executable, "-m", "tutti_media.sfu")
SILENT_S: Final = 5.0
"""It says that it is alive once a second."""
STARTS_WITHIN_S: Final = 20.0
AGAIN_S: Final = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
STEADY_S: Final = 60.0
END_WITHIN_S: Final = 3.0
LONGEST_LINE: Final = 1024 * 1024
MOST_UNREAD: Final = 8 * 1024 * 1024


class _Line(msgspec.Struct, frozen=True):
    say: Literal["ready", "alive", "signal", "failed", "entered"]
    room: RoomId = RoomId("")
    to: MemberId = MemberId("")
    member: MemberId = MemberId("")
    frame: msgspec.Raw = msgspec.Raw(b"")
    port: int = 0


_read = msgspec.json.Decoder(_Line).decode
_json = msgspec.json.Encoder().encode


class SfuProcess:
    """The port `MediaRelay`. Use as `async with`. `port` 0: any; `addresses` empty: all of this machine."""

    def __init__(self, *, above: int, port: int, addresses: Sequence[str]) -> None:
        self.above = above
        self.ready = False
        self._arguments = [f"--port={port}", *(f"--address={address}" for address in addresses)]
        self._rooms: dict[RoomId, Relayed] = {}
        self._entering: Counter[tuple[RoomId, MemberId]] = Counter()
        """How many entrances it has not heard of yet: until then it speaks of what they had before."""
        self._wanted = asyncio.Event()
        self._closing = False
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> SfuProcess:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def open(self, room: RoomId, relayed: Relayed) -> None:
        self._rooms[room] = relayed
        self._wanted.set()

    def enter(self, room: RoomId, member: MemberId, name: str, *, offers: bool) -> None:
        if self.ready:
            self._entering[room, member] += 1
        self._say({"do": "enter", "room": room, "member": member, "username": name, "offers": offers})

    def leave(self, room: RoomId, member: MemberId) -> None:
        self._say({"do": "leave", "room": room, "member": member})

    def signal(self, room: RoomId, sender: MemberId, target: MemberId, frame: bytes) -> None:
        whole = msgspec.Raw(frame.replace(b"\n", b" "))  # in JSON a line only ends between two words
        self._say({"do": "signal", "room": room, "from": sender, "to": target, "frame": whole})

    def close(self, room: RoomId) -> None:
        if self._rooms.pop(room, None) is not None:
            self._say({"do": "close", "room": room})

    def _say(self, line: dict[str, object]) -> None:
        process = self._process
        if not self.ready or process is None or process.stdin is None:
            return
        process.stdin.write(_json(line) + b"\n")
        if process.stdin.transport.get_write_buffer_size() > MOST_UNREAD:
            process.kill()

    async def _watch(self) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            await self._wanted.wait()
            began_s = loop.time()
            try:
                await self._run()
            except Exception:
                log.exception("bug")
            failures = 0 if loop.time() - began_s > STEADY_S else failures + 1
            await asyncio.sleep(AGAIN_S[min(failures, len(AGAIN_S)) - 1] if failures else 0.0)

    async def _run(self) -> None:
        """From its start to its end, whoever ends it."""
        process = self._process = await asyncio.create_subprocess_exec(
            *PROGRAM, *self._arguments, env=environment(), limit=LONGEST_LINE, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            await self._listen(process)
        finally:
            self.ready = False
            status = await asyncio.shield(_ended(process))
            log.info("relay.ended", pid=process.pid, status=status, expected=self._closing)
            self._process = None
            if not self._closing:
                self._lost()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        patience_s = STARTS_WITHIN_S
        while True:
            try:
                async with asyncio.timeout(patience_s):
                    line = await process.stdout.readline()
                if not line:
                    return
                self._hear(_read(line), process.pid)
            except (TimeoutError, ValueError, msgspec.MsgspecError) as problem:
                log.error("relay.silent", pid=process.pid, problem=str(problem) or type(problem).__name__)
                process.kill()
                return
            patience_s = SILENT_S

    def _hear(self, line: _Line, pid: int) -> None:
        relayed = self._rooms.get(line.room)
        match line.say:
            case "ready":
                self.ready = True
                log.info("relay.ready", pid=pid, udp_port=line.port)
                for one in tuple(self._rooms.values()):
                    one.available()
            case "entered":
                self._entered(line.room, line.member)
            case "signal" if relayed is not None and (line.room, line.to) not in self._entering:
                relayed.signalled(line.to, bytes(line.frame))
            case "failed" if relayed is not None and (line.room, line.member) not in self._entering:
                relayed.unreachable(line.member)
            case _:
                return

    def _entered(self, room: RoomId, member: MemberId) -> None:
        self._entering[room, member] -= 1
        if not self._entering[room, member]:
            del self._entering[room, member]

    def _lost(self) -> None:
        rooms, self._rooms = tuple(self._rooms.values()), {}
        self._entering.clear()
        self._wanted.clear()
        for relayed in rooms:
            relayed.lost()


async def _ended(process: asyncio.subprocess.Process) -> int:
    """It ends when nothing more is said to it; if not, it is ended."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(END_WITHIN_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()
