"""A film of the tests' own: moving pictures and a tone, made when it is first needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

LENGTH_S = 120
FRAME_MS = 40.0


def film(folder: Path, length_s: int = LENGTH_S, *, sound: bool = True) -> Path:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None or shutil.which("mpv") is None:
        pytest.skip("there is no mpv and ffmpeg on this machine")
    path = folder / f"film-{length_s}-{'sound' if sound else 'silent'}.mp4"
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:a", "aac") if sound else ()
    command = [
        ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", *tone, "-t", str(length_s),
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "100", "-pix_fmt", "yuv420p", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return path
