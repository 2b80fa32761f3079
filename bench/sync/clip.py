"""The film that everybody plays: ten minutes, small, with sound, made once."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench import install
from bench.process import LOGS

LENGTH_S = 600
FRAMES_PER_SECOND = 25


def path() -> Path:
    """Its file, made on first use."""
    clip = LOGS / "ten-minutes.mp4"
    if clip.exists():
        return clip
    install.debian("ffmpeg")
    LOGS.mkdir(exist_ok=True)
    unfinished = LOGS / "unfinished.mp4"
    picture = f"testsrc2=size=320x180:rate={FRAMES_PER_SECOND}:duration={LENGTH_S}"
    sound = f"aevalsrc='0.2*sin(2*PI*(220+40*floor(mod(t,8)))*t)':s=48000:d={LENGTH_S}"
    subprocess.run(
        [
            "ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound,
            "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-crf", "32", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart", str(unfinished),
        ],
        check=True,
    )  # fmt: skip
    return unfinished.rename(clip)
