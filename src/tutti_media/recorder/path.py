"""One encrypted path to one person: ICE (aioice), DTLS-SRTP (aiortc), and media straight from the socket.

aiortc reads media through a queue and a task and takes it apart there; a packet here is decrypted in the very call in
which it arrives. Everything else that comes over the path is DTLS, and goes where aiortc expects it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pylibsrtp
from aioice import Candidate, Connection
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceParameters, RTCIceTransport

from tutti_media.recorder.rtp import is_rtcp
from tutti_media.recorder.sdp import Ours

Heard = Callable[[bytes], None]
IceServers = Mapping[str, Any]

MOST_EARLY = 256
"""Packets of media that arrive before the end of the handshake has been read; the oldest is lost first."""


class Path:
    """`on_rtp`, `on_rtcp`: called with every packet, decrypted. Connect it once; `restart` gives it new addresses."""

    def __init__(
        self, on_rtp: Heard, on_rtcp: Heard, servers: IceServers, certificate: RTCCertificate
    ) -> None:
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._servers = servers
        self._ways = _Ways(self._take)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._ways), [certificate])
        self._srtp: pylibsrtp.Session | None = None
        self._early: deque[bytes] = deque(maxlen=MOST_EARLY)
        self._connecting: asyncio.Task[Any] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        return self._dtls.state == "connected"

    @property
    def ended(self) -> bool:
        """It will not carry anything any more."""
        return self._dtls.state in ("closed", "failed") or self._ways.failed

    async def gather(self, *, controlling: bool) -> Ours:
        """Find our addresses. Again: new ones, for a path that the other side restarts."""
        await self._ways.gather(controlling, self._servers)
        ice = self._ways.now
        found = self._dtls.getLocalParameters().fingerprints
        return Ours(
            ice.local_username,
            ice.local_password,
            [(one.algorithm, one.value) for one in found if one.algorithm == "sha-256"],
            [_to_aiortc(candidate) for candidate in ice.local_candidates],
        )

    async def add(self, candidates: Sequence[RTCIceCandidate]) -> None:
        """Addresses of the other side; what cannot be used is passed over."""
        for candidate in candidates:
            if candidate.component == 1 and candidate.protocol.lower() == "udp":
                await self._ways.now.add_remote_candidate(_to_aioice(candidate))

    def connect(self, ice: RTCIceParameters, dtls: RTCDtlsParameters, *, as_client: bool) -> None:
        """Begin, or with restarted ways go on over those."""
        if self._connecting is not None and self._dtls.state not in ("new", "connecting"):
            self._connecting = asyncio.create_task(self._ways.connect(ice))
            return
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(ice, dtls, as_client=as_client))

    def send_rtcp(self, packet: bytes) -> None:
        if self.connected:
            task = asyncio.create_task(self._send(packet))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        await self._dtls.stop()
        await self._ways.close()

    async def _connect(self, ice: RTCIceParameters, dtls: RTCDtlsParameters, *, as_client: bool) -> None:
        if not await self._ways.connect(ice):
            return
        self._dtls._set_role("client" if as_client else "server")
        await self._dtls.start(dtls)
        if self._dtls.state == "connected":
            self._open(self._dtls._rx_srtp)

    def _open(self, srtp: pylibsrtp.Session) -> None:
        """Whoever ends the handshake sends at once: that may have come in the same moment, and begins the picture."""
        self._srtp = srtp
        while self._early:
            self._take(self._early.popleft())

    async def _send(self, packet: bytes) -> None:
        try:
            await self._dtls._send_rtp(packet)
        except ConnectionError:
            return  # it is a report about a path that has just ended

    def _take(self, data: bytes) -> bool:
        """Whether it was media, and is done with."""
        if not 127 < data[0] < 192:
            return False
        srtp = self._srtp
        if srtp is None:
            self._early.append(data)
            return True
        try:
            if is_rtcp(data):
                self._on_rtcp(srtp.unprotect_rtcp(data))
            else:
                self._on_rtp(srtp.unprotect(data))
        except pylibsrtp.Error:
            pass  # forged, or a copy of one that was here before
        return True


class _Ways:
    """What DTLS goes over: one ICE connection, or the one that took its place."""

    role = "controlled"

    def __init__(self, take: Callable[[bytes], bool]) -> None:
        self._take = take
        self._now: Connection | None = None
        self.failed = False

    @property
    def now(self) -> Connection:
        assert self._now is not None, "gather first"
        return self._now

    async def gather(self, controlling: bool, servers: IceServers) -> None:
        before, self._now = self._now, _Ice(self._take, ice_controlling=controlling, **servers)
        self.role = "controlling" if controlling else "controlled"
        await self._now.gather_candidates()
        if before is not None:
            await before.close()

    async def connect(self, ice: RTCIceParameters) -> bool:
        connection = self.now
        connection.remote_is_lite = ice.iceLite
        connection.remote_username, connection.remote_password = ice.usernameFragment, ice.password
        try:
            await connection.connect()
        except ConnectionError:
            self.failed = connection is self._now
            return False
        return True

    async def close(self) -> None:
        if self._now is not None:
            await self._now.close()

    async def _recv(self) -> bytes:
        while True:
            connection = self.now
            try:
                return await connection.recv()
            except ConnectionError:
                if connection is self._now:
                    raise

    async def _send(self, data: bytes) -> None:
        await self.now.send(data)


class _Ice(Connection):
    """Hands media over at once; what is none waits in the queue, as with aioice itself."""

    def __init__(self, take: Callable[[bytes], bool], **settings: Any) -> None:
        super().__init__(**settings)
        self._take = take

    def data_received(self, data: bytes, component: int) -> None:
        if not data or not self._take(data):
            super().data_received(data, component)


def _to_aiortc(found: Candidate) -> RTCIceCandidate:
    return RTCIceCandidate(
        component=found.component, foundation=found.foundation, ip=found.host, port=found.port,
        priority=found.priority, protocol=found.transport, type=found.type,
        relatedAddress=found.related_address, relatedPort=found.related_port,
    )  # fmt: skip


def _to_aioice(given: RTCIceCandidate) -> Candidate:
    return Candidate(
        foundation=given.foundation, component=given.component, transport=given.protocol,
        priority=given.priority, host=given.ip, port=given.port, type=given.type,
        related_address=given.relatedAddress, related_port=given.relatedPort,
    )  # fmt: skip
