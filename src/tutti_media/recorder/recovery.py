"""Finishing a file whose recorder was killed: a torn end is cut off; cues and duration are added."""

from __future__ import annotations

import os
from pathlib import Path

from tutti_media.recorder import ebml, webm
from tutti_media.recorder.webm import Block, Written

_CLUSTER = ebml.identifier(webm.CLUSTER)
_UNKNOWN = int.from_bytes(ebml.UNKNOWN_SIZE, "big")


def recover(path: Path) -> Written | None:
    """Make it seekable, in place, reading it once; None (and the file left as it is) if nothing was recorded in it."""
    with path.open("r+b") as file:
        data = memoryview(file.read())
        written, end = _read(data)
        if not any(written.blocks.values()):
            return None
        _close_clusters(file.fileno(), data, end)
        webm.finish(file.fileno(), written, end)
    return written


def _read(data: memoryview) -> tuple[Written, int]:
    """What the whole blocks are, and where they end."""
    written, at = Written(), webm.CLUSTERS_AT
    while (begun := _cluster_at(data, at)) is not None:
        at, at_ms = begun
        written.cluster, written.cluster_ms = at - _head_length(at_ms), at_ms
        while (block := _block_at(data, at, at_ms)) is not None:
            written.has(block[0])
            at = block[1]
    return written, at


def _cluster_at(data: memoryview, at: int) -> tuple[int, int] | None:
    """Where its blocks begin, and its time."""
    if data[at : at + 4] != _CLUSTER or len(data) < at + 14 or data[at + 12] != webm.TIMESTAMP:
        return None
    length = data[at + 13] & 0x7F
    if len(data) < at + 14 + length:
        return None
    return at + 14 + length, int.from_bytes(data[at + 14 : at + 14 + length], "big")


def _block_at(data: memoryview, at: int, cluster_ms: int) -> tuple[Block, int] | None:
    """A whole block, and where the next thing begins. They are all written with sizes of four octets."""
    if len(data) < at + 9 or data[at] != webm.SIMPLE_BLOCK or data[at + 1] >> 4 != 1:
        return None
    end = at + 5 + (int.from_bytes(data[at + 1 : at + 5], "big") & 0x0FFFFFFF)
    track = data[at + 5] & 0x7F
    if end > len(data) or track not in (webm.VIDEO, webm.AUDIO):
        return None
    relative = int.from_bytes(data[at + 6 : at + 8], "big", signed=True)
    return Block(cluster_ms + relative, track, data[at + 8] & 0x80 != 0, b""), end


def _close_clusters(fd: int, data: memoryview, end: int) -> None:
    """A cluster whose successor was written before its size was: every one before the last tells it."""
    begins: int | None = None
    at = webm.CLUSTERS_AT
    while at < end:
        begun = _cluster_at(data, at)
        if begun is not None:
            if begins is not None and int.from_bytes(data[begins + 4 : begins + 12], "big") == _UNKNOWN:
                os.pwrite(fd, ebml.size(at - begins - 12, 8), begins + 4)
            begins, at = at, begun[0]
            continue
        block = _block_at(data, at, 0)
        if block is None:
            return
        at = block[1]


def _head_length(at_ms: int) -> int:
    return 12 + len(ebml.unsigned(webm.TIMESTAMP, at_ms))
