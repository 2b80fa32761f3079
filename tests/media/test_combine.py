"""The combined file: made of the folder alone, whatever is in it, and begun again as often as need be."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tutti_media.recorder.combine import UNFINISHED, CannotCombine, combine, parts_of
from tutti_media.recorder.folder import EVENTS, PROGRESS, Busy, EventLog, Folder
from tutti_media.recorder.webm import AUDIO, VIDEO, Block, WebmFile

pytestmark = pytest.mark.e2e


def pictures(width: int, height: int, first_ms: int, seconds: float) -> list[Block]:
    """Real VP8, a picture every 100 ms."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 10)
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    found: list[Block] = []
    for number in range(int(seconds * 10)):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, value in zip(frame.planes, (200, 90, 160), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts = number
        found += [
            Block(first_ms + 100 * number, VIDEO, one.is_keyframe, bytes(one))
            for one in encoder.encode(frame)
        ]
    return found


def silence(first_ms: int, seconds: float) -> list[Block]:
    """Opus frames of 20 ms: RFC 6716's shortest silence."""
    return [Block(first_ms + at, AUDIO, True, b"\xf8\xff\xfe") for at in range(0, int(seconds * 1000), 20)]


def recorded(folder: Folder, name: str, begins_ms: int, blocks: list[Block]) -> Path:
    path = folder.path / f"{name}.webm"
    file = WebmFile(path)
    if any(block.track == AUDIO for block in blocks):
        file.has_audio()
    if any(block.track == VIDEO for block in blocks):
        file.has_video(320, 180)
    file.write(sorted(blocks, key=lambda block: block.at_ms))
    file.finish()
    log = EventLog(folder.path / EVENTS)
    log.tell(begins_ms, "file-begins", file=path.name, peerId=name, begins=begins_ms)
    log.close()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "rec")
    made.begin(room="x", recording="r", started_ms=0)
    return made


def length_s(path: Path) -> float:
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 0
        return (container.duration or 0) / 1e6


async def test_people_come_and_go_and_change_size(folder: Folder) -> None:
    recorded(
        folder, "ann-camera-01", 0, pictures(320, 180, 0, 1) + pictures(640, 360, 1000, 1) + silence(0, 2)
    )
    recorded(folder, "bob-camera-01", 1_000, silence(0, 3))
    recorded(folder, "ann-camera-02", 3_000, pictures(160, 90, 0, 1))
    recorded(folder, "ann-screen-01", 500, pictures(300, 400, 0, 1))
    path = await combine(folder)
    assert length_s(path) == pytest.approx(4.0, abs=0.2)
    assert json.loads((folder.path / PROGRESS).read_text()) == {"state": "done", "progress": 1.0}


async def test_sound_alone_is_combined_as_well(folder: Folder) -> None:
    recorded(folder, "ann-camera-01", 0, silence(0, 2))
    path = await combine(folder)
    with av.open(str(path)) as container:
        assert (len(container.streams.video), len(container.streams.audio)) == (0, 1)


async def test_it_is_begun_again_over_what_a_killed_one_left(folder: Folder) -> None:
    recorded(folder, "ann-camera-01", 0, pictures(320, 180, 0, 1))
    (folder.path / UNFINISHED).write_bytes(b"half of it")
    (folder.path / PROGRESS).write_text('{"state": "running", "progress": 0.4}')
    assert length_s(await combine(folder)) == pytest.approx(1.0, abs=0.2)
    assert not (folder.path / UNFINISHED).exists()
    assert length_s(await combine(folder)) == pytest.approx(1.0, abs=0.2)


async def test_a_file_that_cannot_be_read_is_left_out(folder: Folder) -> None:
    recorded(folder, "ann-camera-01", 0, pictures(320, 180, 0, 1))
    (folder.path / "bob-camera-01.webm").write_bytes(b"no film")
    assert [part.path.name for part in await parts_of(folder)] == ["ann-camera-01.webm"]


async def test_it_says_why_it_failed(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotCombine, match="nothing was recorded"):
        await combine(folder)
    recorded(folder, "ann-camera-01", 0, pictures(320, 180, 0, 1))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with pytest.raises(CannotCombine, match="ffmpeg is not installed"):
        await combine(folder)
    said = json.loads((folder.path / PROGRESS).read_text())
    assert said["state"] == "failed"
    assert said["reason"].startswith("ffmpeg is not installed")


def test_two_do_not_work_in_one_folder(folder: Folder) -> None:
    with folder.alone(), pytest.raises(Busy), folder.alone():
        pass
    with folder.alone():
        pass


def test_a_torn_line_of_the_event_log_costs_that_line_only(folder: Folder) -> None:
    log = EventLog(folder.path / EVENTS)
    log.tell(1, "one")
    log.close()
    with (folder.path / EVENTS).open("ab") as file:
        file.write(b'{"at": 2, "event": "tw')
    log = EventLog(folder.path / EVENTS)
    log.tell(3, "three")
    log.close()
    assert [said["event"] for said in folder.events()] == ["one", "three"]
