"""One person of the meeting, from the recorder's side: what is signalled with them, in order, and their connection."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
from aiortc.rtcdtlstransport import RTCCertificate

from tutti_media.recorder.path import IceServers
from tutti_media.recorder.peer import Peer
from tutti_media.recorder.sdp import BadDescription
from tutti_media.recorder.signalling import Data

log = structlog.get_logger("tutti.recorder")

Send = Callable[[str, Data], Awaitable[None]]
THEY_OFFER_WITHIN_S = 4.0
"""Newcomers offer to everybody; with somebody who does not, we begin."""
AGAIN_S = 3.0


class Person:
    """`run` it as a task; `hear` what they signal. Cancel it to end it, and then `close`, which finishes their files.

    `servers`: STUN and TURN, as they are when a way to them is looked for.
    """

    def __init__(
        self,
        name: str,
        send: Send,
        servers: Callable[[], IceServers],
        *,
        file_for: Callable[[str, str], Path],
        opened: Callable[[str, Path, float], None],
        closed: Callable[[str, Path], None],
        newcomer: bool,
    ) -> None:
        self.name = name
        self.peer: Peer | None = None
        self._send = send
        self._servers = servers
        self._file_for = file_for
        self._opened = opened
        self._closed = closed
        self._certificate = RTCCertificate.generateCertificate()
        self._inbox: asyncio.Queue[tuple[str, Data]] = asyncio.Queue(maxsize=500)
        self._offer_at_s = time.monotonic() + (THEY_OFFER_WITHIN_S if newcomer else 0.0)
        self._as_object = False
        self._closing: asyncio.Task[None] | None = None

    def hear(self, event: str, data: Data) -> None:
        """An offer, answer or candidate of theirs; too many at once are dropped."""
        if not self._inbox.full():
            self._inbox.put_nowait((event, data))

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(0.5 if self.peer is not None else self._patience_s()):
                    event, data = await self._inbox.get()
            except TimeoutError:
                await self._look_after()
                continue
            try:
                await self._handle(event, data)
            except BadDescription as problem:
                log.warning("recorder.bad_description", peer=self.name, event=event, problem=str(problem))
            except OSError as problem:  # no address, no file: the others are none the worse for it
                log.warning("recorder.cannot_connect", peer=self.name, problem=str(problem))
            except Exception:
                log.exception("bug", peer=self.name)

    async def close(self) -> None:
        """Also if that was begun by somebody who was cancelled meanwhile."""
        peer, self.peer = self.peer, None
        if peer is not None:
            self._closing = asyncio.create_task(self._finish(peer))
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _finish(self, peer: Peer) -> None:
        for what, tally in peer.tallies.items():
            log.info(
                "recorder.stream", peer=self.name, stream=what, packets=tally.packets, frames=tally.frames,
                left_out=tally.left_out, missing=tally.missing,
            )  # fmt: skip
        for path in await peer.close():
            self._closed(self.name, path)

    async def _handle(self, event: str, data: Data) -> None:
        if event == "candidate":
            if self.peer is not None and (text := _candidate(data.get("candidate"))) is not None:
                await self.peer.candidate(text)
            return
        text = self._description(data.get("sdp"))
        if event == "offer":
            if self.peer is not None and (self.peer.ended or self.peer.is_another_page(text)):
                await self.close()
            self.peer = self.peer or self._new_peer()
            await self._say("answer", await self.peer.offered(text))
        elif self.peer is not None:
            await self.peer.answered(text)

    async def _look_after(self) -> None:
        """Begin, or begin again, when it is our turn to."""
        if self.peer is not None and self.peer.ended:
            log.info("recorder.connection_lost", peer=self.name)
            await self.close()
            self._offer_at_s = time.monotonic() + AGAIN_S
        if self.peer is None and time.monotonic() >= self._offer_at_s:
            self.peer = self._new_peer()
            await self._say("offer", await self.peer.offer())

    def _patience_s(self) -> float:
        return max(0.0, self._offer_at_s - time.monotonic())

    def _new_peer(self) -> Peer:
        return Peer(
            time.monotonic,
            lambda slot: self._file_for(self.name, slot),
            lambda path, begin_s: self._opened(self.name, path, begin_s),
            self._servers(),
            self._certificate,
        )

    async def _say(self, event: str, text: str) -> None:
        """In the form in which they sent theirs."""
        said: Any = {"type": event, "sdp": text} if self._as_object else text
        await self._send(event, {"targetPeerId": self.name, "username": "Recording", "sdp": said})

    def _description(self, sdp: Any) -> str:
        if isinstance(sdp, str) and sdp.lstrip().startswith("{"):
            sdp = _loaded(sdp)
        if isinstance(sdp, dict):
            self._as_object = True
            sdp = sdp.get("sdp")
        if not isinstance(sdp, str):
            raise BadDescription("it is no text")
        return sdp


def _candidate(given: Any) -> str | None:
    """Browsers say it as an object, or that as a string; the end of candidates is empty."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        given = _loaded(given)
    if isinstance(given, dict):
        given = given.get("candidate")
    return given if isinstance(given, str) and given else None


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
