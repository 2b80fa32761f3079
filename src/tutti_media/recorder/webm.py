"""A WebM file that is playable at every moment while it is written, and seekable once it is finished.

Its head has places of a fixed size, so that a track that comes later, the duration, and where the cues are, can be
written into them. A cluster's size is unknown until the next one begins; every write ends with a whole block. So a
process that is killed leaves a file that plays, and `recover` finds in it all that `finish` needs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack
from typing import NamedTuple

from tutti_media.recorder import ebml

HEAD, SEGMENT, SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES = (
    0x1A45DFA3, 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B,
)  # fmt: skip
SIMPLE_BLOCK, TIMESTAMP = 0xA3, 0xE7
SEEK_PLACE, INFO_PLACE, TRACKS_PLACE = 128, 128, 512
CLUSTER_MS = 5_000
LAST_BLOCK_MS = 20
VIDEO, AUDIO = 1, 2
SEEK_PRE_ROLL_NS = 80_000_000  # RFC 7845 section 4.6
OPUS_HEAD = b"OpusHead" + pack("<BBHIHB", 1, 2, 0, 48_000, 0, 0)  # RFC 7845 section 5.1

_START = ebml.element(
    HEAD,
    ebml.unsigned(0x4286, 1), ebml.unsigned(0x42F7, 1), ebml.unsigned(0x42F2, 4), ebml.unsigned(0x42F3, 8),
    ebml.text(0x4282, "webm"), ebml.unsigned(0x4287, 4), ebml.unsigned(0x4285, 2),
)  # fmt: skip
SEGMENT_SIZE_AT = len(_START) + 4
SEGMENT_AT = SEGMENT_SIZE_AT + 8
TRACKS_AT = SEGMENT_AT + SEEK_PLACE + INFO_PLACE
CLUSTERS_AT = TRACKS_AT + TRACKS_PLACE


class Block(NamedTuple):
    """`at_ms` counts from the beginning of the file."""

    at_ms: int
    track: int
    key: bool
    data: bytes


class Cue(NamedTuple):
    at_ms: int
    track: int
    cluster: int


@dataclass
class Written:
    """What is in the clusters so far. `cluster`: where the open one begins, `cluster_ms`: its time."""

    cues: list[Cue] = field(default_factory=list)
    cluster: int = 0
    cluster_ms: int = 0
    end_ms: int = 0
    blocks: dict[int, int] = field(default_factory=lambda: {VIDEO: 0, AUDIO: 0})

    def has(self, block: Block) -> None:
        self.end_ms = max(self.end_ms, block.at_ms + LAST_BLOCK_MS)
        self.blocks[block.track] += 1
        if block.key and (block.track == VIDEO or not self._cued()):
            self.cues.append(Cue(block.at_ms, block.track, self.cluster))

    def _cued(self) -> bool:
        """Whether somebody who seeks can come to the open cluster; nobody can begin with a picture that is not whole."""
        return any(cue.cluster == self.cluster for cue in self.cues[-2:])


class WebmFile:
    """One being written. Blocks come in the order of their time, as far as that is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = Written()
        self._size: tuple[int, int] | None = None
        self._audio = False
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        head = ebml.identifier(SEGMENT) + ebml.UNKNOWN_SIZE
        places = ebml.void(SEEK_PLACE) + ebml.padded(_info(None), INFO_PLACE) + ebml.void(TRACKS_PLACE)
        os.write(self._fd, _START + head + places)
        self._end = CLUSTERS_AT

    def has_video(self, width: int, height: int) -> None:
        """From now on there may be blocks of the video track. Its first size is the one in the head."""
        if self._size is None:
            self._size = width, height
            self._write_tracks()

    def has_audio(self) -> None:
        if not self._audio:
            self._audio = True
            self._write_tracks()

    def write(self, blocks: Iterable[Block]) -> None:
        """All of them; as much of it as belongs to one cluster is one write to the file."""
        parts: list[bytes] = []
        for block in blocks:
            if self._needs_cluster(block):
                self._append(b"".join(parts))
                parts = [self._begin_cluster(block.at_ms)]
            self.written.has(block)
            flags = b"\x80" if block.key else b"\x00"
            relative = pack("!h", block.at_ms - self.written.cluster_ms)
            size = ebml.size(len(block.data) + 4, 4)
            parts += (b"\xa3", size, bytes((0x80 | block.track,)), relative, flags, block.data)
        self._append(b"".join(parts))

    def finish(self) -> None:
        """Close it, seekable."""
        finish(self._fd, self.written, self._end)
        os.close(self._fd)

    def _needs_cluster(self, block: Block) -> bool:
        written = self.written
        age_ms = block.at_ms - written.cluster_ms
        return (
            not written.cluster or not -30_000 < age_ms <= CLUSTER_MS or (block.key and block.track == VIDEO)
        )

    def _begin_cluster(self, at_ms: int) -> bytes:
        if self.written.cluster:
            _close_cluster(self._fd, self.written.cluster, self._end)
        self.written.cluster, self.written.cluster_ms = self._end, at_ms
        return ebml.identifier(CLUSTER) + ebml.UNKNOWN_SIZE + ebml.unsigned(TIMESTAMP, at_ms)

    def _append(self, data: bytes) -> None:
        while data:  # a full disk may take a part
            taken = os.pwrite(self._fd, data, self._end)
            self._end += taken
            data = data[taken:]

    def _write_tracks(self) -> None:
        entries = b"".join((_video(*self._size) if self._size else b"", _audio() if self._audio else b""))
        os.pwrite(self._fd, ebml.padded(ebml.element(TRACKS, entries), TRACKS_PLACE), TRACKS_AT)


def finish(fd: int, written: Written, end: int) -> None:
    """Cues at the end, and all that was unknown in the head: doing it twice does no harm."""
    if written.cluster:
        _close_cluster(fd, written.cluster, end)
    cues = ebml.element(CUES, *map(_cue, written.cues))
    os.pwrite(fd, cues, end)
    os.ftruncate(fd, end + len(cues))
    seek = ebml.element(
        SEEK_HEAD,
        _seek(INFO, SEGMENT_AT + SEEK_PLACE), _seek(TRACKS, TRACKS_AT), _seek(CUES, end),
    )  # fmt: skip
    info = ebml.padded(_info(written.end_ms), INFO_PLACE)
    os.pwrite(fd, ebml.padded(seek, SEEK_PLACE) + info, SEGMENT_AT)
    os.pwrite(fd, ebml.size(end + len(cues) - SEGMENT_AT, 8), SEGMENT_SIZE_AT)
    os.fsync(fd)


def _close_cluster(fd: int, begins: int, ends: int) -> None:
    os.pwrite(fd, ebml.size(ends - begins - 12, 8), begins + 4)


def _info(duration_ms: int | None) -> bytes:
    return ebml.element(
        INFO,
        ebml.unsigned(0x2AD7B1, 1_000_000), ebml.text(0x4D80, "Tutti"), ebml.text(0x5741, "Tutti"),
        ebml.decimal(0x4489, float(duration_ms)) if duration_ms is not None else b"",
    )  # fmt: skip


def _video(width: int, height: int) -> bytes:
    return ebml.element(
        0xAE,
        ebml.unsigned(0xD7, VIDEO), ebml.unsigned(0x73C5, VIDEO), ebml.unsigned(0x83, 1),
        ebml.unsigned(0x9C, 0), ebml.text(0x86, "V_VP8"),
        ebml.element(0xE0, ebml.unsigned(0xB0, width), ebml.unsigned(0xBA, height)),
    )  # fmt: skip


def _audio() -> bytes:
    return ebml.element(
        0xAE,
        ebml.unsigned(0xD7, AUDIO), ebml.unsigned(0x73C5, AUDIO), ebml.unsigned(0x83, 2),
        ebml.unsigned(0x9C, 0), ebml.text(0x86, "A_OPUS"), ebml.element(0x63A2, OPUS_HEAD),
        ebml.unsigned(0x56BB, SEEK_PRE_ROLL_NS),
        ebml.element(0xE1, ebml.decimal(0xB5, 48_000.0), ebml.unsigned(0x9F, 2)),
    )  # fmt: skip


def _seek(what: int, at: int) -> bytes:
    return ebml.element(
        0x4DBB, ebml.element(0x53AB, ebml.identifier(what)), ebml.unsigned(0x53AC, at - SEGMENT_AT)
    )


def _cue(cue: Cue) -> bytes:
    where = ebml.element(0xB7, ebml.unsigned(0xF7, cue.track), ebml.unsigned(0xF1, cue.cluster - SEGMENT_AT))
    return ebml.element(0xBB, ebml.unsigned(0xB3, cue.at_ms), where)
