"""The way to one browser: nothing that comes over it is lost, however early it comes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters

from tutti_media.recorder.path import MOST_EARLY, Path


class Keys:
    """As SRTP's, of a browser that encrypts nothing."""

    def unprotect(self, data: bytes) -> bytes:
        return data

    unprotect_rtcp = unprotect


class Handshake:
    """Its last words, and the media that a browser sends behind them, arrive in one moment."""

    def __init__(self, path: Path, media: list[bytes]) -> None:
        self.state = "new"
        self._rx_srtp = Keys()
        self._path = path
        self._media = media

    def _set_role(self, role: str) -> None:
        assert role == "client"

    async def start(self, _: RTCDtlsParameters) -> None:
        for data in self._media:
            assert self._path._take(data), "it is media, and no part of the handshake"
        self.state = "connected"


async def reached(_: RTCIceParameters) -> bool:
    return True


async def heard_of(media: list[bytes], monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is heard of media that come before the handshake is over, and of one packet more."""
    heard: list[bytes] = []
    path = Path(heard.append, heard.append, {}, RTCCertificate.generateCertificate())
    monkeypatch.setattr(path, "_dtls", Handshake(path, media))
    monkeypatch.setattr(path, "_ways", SimpleNamespace(connect=reached))
    anything: Any = None
    await path._connect(anything, anything, as_client=True)
    path._take(rtp(99))
    return heard


def rtp(number: int) -> bytes:
    return bytes((0x80, 96)) + number.to_bytes(10, "big")


async def test_what_a_browser_sends_in_the_moment_in_which_it_may_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first of it begins the first picture, without which nothing can be shown."""
    assert await heard_of([rtp(1), rtp(2)], monkeypatch) == [rtp(1), rtp(2), rtp(99)]


async def test_whoever_sends_and_never_ends_the_handshake_fills_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = await heard_of([rtp(number) for number in range(2 * MOST_EARLY)], monkeypatch)
    assert len(heard) == MOST_EARLY + 1
