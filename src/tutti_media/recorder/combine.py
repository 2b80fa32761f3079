"""One film of a whole recording, by ffmpeg: everybody's pictures in a grid, all sounds mixed, each at its own time.

It is made from what is on the disk and nothing else, into a new file that takes its name when it is whole. So it can be
killed and begun again at any moment; how far it is stands in `combined.json`, and if it failed, why.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tutti_media.recorder.folder import COMBINED, PROGRESS, Folder, write_json

WIDTH, HEIGHT, RATE = 1280, 720, 25
UNFINISHED = "combined.webm.new"
PROBE_WITHIN_S = 30.0
TOLD = ("-hide_banner", "-loglevel", "error", "-nostdin")
BLACK = "color=black:s={width}x{height}:r={rate}:d={end},format=yuv420p[canvas0]"

Told = Callable[[float], None]


class CannotCombine(Exception):
    """The text is one line for a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file. `cell`: whose picture it is and of what, the same for all files of it."""

    path: Path
    cell: str
    begins_s: float
    length_s: float
    video: bool
    audio: bool

    @property
    def ends_s(self) -> float:
        return self.begins_s + self.length_s


async def combine(folder: Folder, told: Told | None = None) -> Path:
    """Make it, saying in the folder how far it is. Raises `CannotCombine`, having said so in the folder too."""
    try:
        _tell(folder, "running", progress=0.0)
        path = await _combine(folder, told)
    except CannotCombine as problem:
        _tell(folder, "failed", reason=str(problem))
        raise
    _tell(folder, "done", progress=1.0)
    return path


def graph(parts: Sequence[Part]) -> str:
    """What ffmpeg is to do with them, the inputs being in this order."""
    end_s = max(part.ends_s for part in parts)
    cells = _grid(sorted({part.cell for part in parts if part.video}))
    steps: list[str] = []
    if cells:
        steps.append(BLACK.format(width=WIDTH, height=HEIGHT, rate=RATE, end=f"{end_s:.3f}"))
    seen = [number for number, part in enumerate(parts) if part.video]
    for count, number in enumerate(seen):
        part = parts[number]
        steps += _picture(number, part, cells[part.cell], count, last=number == seen[-1])
    heard = [number for number, part in enumerate(parts) if part.audio]
    steps += [
        f"[{number}:a]aresample=48000:async=1:first_pts=0,adelay={round(parts[number].begins_s * 1000)}:all=1[a{number}]"
        for number in heard
    ]
    if heard:
        mixed = "".join(f"[a{number}]" for number in heard)
        steps.append(
            f"{mixed}amix=inputs={len(heard)}:normalize=0:dropout_transition=0,alimiter=limit=0.95[audio]"
        )
    return ";".join(steps)


class _Cell(NamedTuple):
    x: int
    y: int
    width: int
    height: int


def _grid(names: Sequence[str]) -> dict[str, _Cell]:
    """As square as it can be; even sizes, which the pictures' colours need."""
    columns = max(1, math.ceil(math.sqrt(len(names))))
    rows = max(1, math.ceil(len(names) / columns))
    width, height = WIDTH // columns & ~1, HEIGHT // rows & ~1
    return {
        name: _Cell(number % columns * width, number // columns * height, width, height)
        for number, name in enumerate(names)
    }


async def parts_of(folder: Folder) -> list[Part]:
    """The files that can be read, with the times that the event log gives them."""
    begun: dict[str, dict[str, Any]] = {}
    for said in folder.events():
        if said.get("event") == "file-begins" and isinstance(said.get("begins"), int):
            begun[str(said.get("file"))] = said
    found: list[Part] = []
    for path in folder.files():
        probed = await _probe(path)
        if probed is None or not probed[0]:
            continue
        said = begun.get(path.name, {})
        cell = path.name.rpartition("-")[0]
        found.append(Part(path, cell, max(0, said.get("begins", 0)) / 1000, *probed))
    return found


async def _combine(folder: Folder, told: Told | None) -> Path:
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise CannotCombine("ffmpeg is not installed on the server; the files of each person are there")
    parts = await parts_of(folder)
    if not parts:
        raise CannotCombine("nothing was recorded")
    new = folder.path / UNFINISHED
    new.unlink(missing_ok=True)
    end_s = max(part.ends_s for part in parts)
    await _run(folder, command(parts, new), end_s, told)
    return new.rename(folder.path / COMBINED)


def command(parts: Sequence[Part], into: Path) -> list[str]:
    """VP8 and Opus, which every browser plays. A change of a picture's size must not begin the whole graph anew."""
    inputs = [word for part in parts for word in ("-reinit_filter", "0", "-i", str(part.path))]
    outputs: list[str] = []
    if any(part.video for part in parts):
        outputs += ["-map", "[video]", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "6"]
        outputs += ["-b:v", "2M", "-g", str(4 * RATE), "-r", str(RATE)]
    if any(part.audio for part in parts):
        outputs += ["-map", "[audio]", "-c:a", "libopus", "-b:a", "96k"]
    return [
        "ffmpeg", *TOLD, "-progress", "pipe:1", "-nostats", *inputs,
        "-filter_complex", graph(parts), *outputs, "-f", "webm", "-y", str(into),
    ]  # fmt: skip


async def _run(folder: Folder, words: Sequence[str], end_s: float, told: Told | None) -> None:
    """It gives way to everything else on the machine."""
    process = await asyncio.create_subprocess_exec(
        *words, preexec_fn=_give_way,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    complaining = asyncio.create_task(process.stderr.read())
    try:
        async for line in process.stdout:
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name == "out_time_us" and value.isdigit():
                share = min(1.0, int(value) / 1e6 / max(end_s, 0.001))
                _tell(folder, "running", progress=round(share, 3))
                if told is not None:
                    told(share)
        complaint = (await complaining).decode("utf-8", "replace").strip()
        if await process.wait() != 0:
            raise CannotCombine(_why(complaint))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.gather(complaining, return_exceptions=True)


def _why(complaint: str) -> str:
    lines = complaint.splitlines()
    return f"ffmpeg: {lines[0][:300]}" if lines else "ffmpeg ended without a word"


def _give_way() -> None:
    os.nice(10)


def _picture(number: int, part: Part, cell: _Cell, count: int, *, last: bool) -> list[str]:
    """Fit it into its cell, and lay it there for as long as it lasts."""
    size = f"{cell.width}:{cell.height}"
    fitted = (
        f"scale={size}:force_original_aspect_ratio=decrease,"
        f"pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"
    )
    into = "video" if last else f"canvas{count + 1}"
    return [
        f"[{number}:v]{fitted},setpts=PTS+{part.begins_s:.3f}/TB[v{number}]",
        f"[canvas{count}][v{number}]overlay={cell.x}:{cell.y}:eof_action=pass"
        f":enable='between(t,{part.begins_s:.3f},{part.ends_s:.3f})'[{into}]",
    ]


async def _probe(path: Path) -> tuple[float, bool, bool] | None:
    """How long it is, in seconds, and whether it has a picture and a sound; None if it cannot be read."""
    process = await asyncio.create_subprocess_exec(
        "ffprobe", "-v", "error", "-of", "json", "-show_entries", "format=duration:stream=codec_type", str(path),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PROBE_WITHIN_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return None
    said = json.loads(out)
    kinds = {stream.get("codec_type") for stream in said.get("streams", ())}
    return float(said.get("format", {}).get("duration", 0.0)), "video" in kinds, "audio" in kinds


def _tell(folder: Folder, state: str, **more: Any) -> None:
    write_json(folder.path / PROGRESS, {"state": state, **more})
