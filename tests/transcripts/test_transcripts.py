"""Every transcript goes as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.transcripts.runner import Untold, run

TRANSCRIPTS = {path.stem: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.txt")}


@pytest.mark.parametrize("name", sorted(TRANSCRIPTS))
async def test_it_goes_as_written(name: str, tmp_path: Path) -> None:
    await run(f"{name}.txt", TRANSCRIPTS[name], tmp_path)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("> alice request_sync {}\n", "nobody told"),
        ("> alice request_sync {}\n< alice sync_status {}\n", "not sync_status"),
        ('> alice request_sync {}\n< alice error {"error":"no","code":"<*>"}\n', "$.error is"),
        ("< alice error\n", "received no error"),
    ],
)
async def test_a_transcript_that_tells_it_otherwise_fails(told: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(Untold, match=re.escape(why)):
        await run("wrong", told, tmp_path)
