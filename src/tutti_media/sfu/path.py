"""One encrypted way to one browser: DTLS-SRTP (aiortc) over the port that all share."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import cast

import pylibsrtp
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport

from tutti_media.sfu.port import Address, Port
from tutti_media.sfu.rtp import is_rtcp

SILENT_S = 30.0
"""Neither checks nor media for so long: nobody is there (RFC 7675 section 5.1)."""
MOST_WAITING = 32
LONGEST = 1_400
"""What is longer does not fit into a datagram once it is encrypted."""

Heard = Callable[[bytes], None]


class Path:
    """`on_ready` is called when it can carry media. Close it."""

    def __init__(
        self,
        port: Port,
        certificate: RTCCertificate,
        on_rtp: Heard,
        on_rtcp: Heard,
        on_ready: Callable[[], None],
    ) -> None:
        self.ours = _name()
        self.password = secrets.token_hex(16)
        self.heard_s = time.monotonic()
        self.opened = False
        """It has been connected, whatever became of it."""
        self._port = port
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._on_ready = on_ready
        self._address: Address | None = None
        self._transport = _Transport(self._send)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._transport), [certificate])
        self._inward: pylibsrtp.Session | None = None
        self._outward: pylibsrtp.Session | None = None
        self._running: asyncio.Task[None] | None = None
        port.add(self)

    @property
    def connected(self) -> bool:
        return self._outward is not None and self._dtls.state == "connected"

    @property
    def closed(self) -> bool:
        """By the browser, or they did not agree."""
        return self._dtls.state in ("closed", "failed")

    def silent(self, now_s: float) -> bool:
        return now_s - self.heard_s > SILENT_S

    def restart(self) -> None:
        """Another name and password, for a browser that starts ICE anew."""
        self.heard_s = time.monotonic()
        before, self.ours, self.password = self.ours, _name(), secrets.token_hex(16)
        self._port.rename(self, before)

    def start(self, theirs: RTCDtlsParameters, *, as_client: bool) -> None:
        """As soon as it can be reached. Once."""
        if self._running is None:
            self._dtls._set_role("client" if as_client else "server")
            self._running = asyncio.create_task(self._connect(theirs))

    def send_rtp(self, packet: bytes) -> None:
        if self._outward is not None and self._address is not None and len(packet) <= LONGEST:
            self._port.send(self._outward.protect(packet), self._address)

    def send_rtcp(self, packet: bytes) -> None:
        if self._outward is not None and self._address is not None:
            self._port.send(self._outward.protect_rtcp(packet), self._address)

    async def close(self) -> None:
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._outward = None
        await self._dtls.stop()
        self._port.remove(self)

    # -- for the port

    def checked(self, address: Address, *, chosen: bool) -> None:
        self.heard_s = time.monotonic()
        if chosen or self._address is None:
            self._address = address
            self._transport.reached.set()

    def datagram(self, data: bytes) -> None:
        first = data[0]
        if 127 < first < 192:
            self._media(data)
        elif 19 < first < 64:
            self._transport.put(data)

    def _media(self, data: bytes) -> None:
        inward = self._inward
        if inward is None:
            return
        try:
            if is_rtcp(data):
                self._on_rtcp(inward.unprotect_rtcp(data))
            else:
                self._on_rtp(inward.unprotect(data))
        except (pylibsrtp.Error, ValueError):
            return  # forged, or a copy of one that was here before, or too long

    def _send(self, data: bytes) -> None:
        if self._address is not None:
            self._port.send(data, self._address)

    async def _connect(self, theirs: RTCDtlsParameters) -> None:
        await self._transport.reached.wait()
        await self._dtls.start(theirs)
        if self._dtls.state == "connected":
            self._inward, self._outward = self._dtls._rx_srtp, self._dtls._tx_srtp
            self.opened = True
            self._on_ready()


class _Transport:
    """What aiortc's DTLS believes to be ICE."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.reached = asyncio.Event()
        self._put = send
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    def put(self, data: bytes) -> None:
        if not self._queue.full():
            self._queue.put_nowait(data)

    async def _recv(self) -> bytes:
        return await self._queue.get()

    async def _send(self, data: bytes) -> None:
        self._put(data)


def _name() -> str:
    return secrets.token_hex(6)
