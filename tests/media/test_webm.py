"""Files that play at every moment, judged by another reader: ffmpeg's, through PyAV."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.sender import DELTA, KEY
from tutti_media.recorder import webm
from tutti_media.recorder.recovery import recover
from tutti_media.recorder.webm import AUDIO, VIDEO, Block, WebmFile

SOUND = b"\xfc" + bytes(10)


def blocks(seconds: int) -> list[Block]:
    """Fifty sounds and twenty pictures a second, a key frame every four seconds."""
    sounds = [Block(at, AUDIO, True, SOUND) for at in range(0, seconds * 1000, 20)]
    pictures = [
        Block(at, VIDEO, at % 4000 == 0, KEY if at % 4000 == 0 else DELTA)
        for at in range(0, seconds * 1000, 50)
    ]
    return sorted(sounds + pictures, key=lambda block: block.at_ms)


def write(path: Path, these: list[Block], *, at_a_time: int = 9) -> WebmFile:
    file = WebmFile(path)
    file.has_audio()
    file.has_video(640, 360)
    for first in range(0, len(these), at_a_time):
        file.write(these[first : first + at_a_time])
    return file


def read(data: bytes) -> dict[str, list[int]]:
    """Times of the packets of each kind, in milliseconds."""
    found: dict[str, list[int]] = {"audio": [], "video": []}
    with av.open(io.BytesIO(data), "r") as container:
        for packet in container.demux():
            if packet.pts is not None and packet.size:
                found[packet.stream.type].append(round(packet.pts * packet.time_base * 1000))
    return found


def times(these: list[Block], track: int) -> list[int]:
    return [block.at_ms for block in these if block.track == track]


def test_a_finished_file_has_everything_its_duration_and_places_to_seek_to(tmp_path: Path) -> None:
    these = blocks(15)
    write(tmp_path / "a.webm", these).finish()
    assert read((tmp_path / "a.webm").read_bytes()) == {
        "audio": times(these, AUDIO),
        "video": times(these, VIDEO),
    }
    with av.open(str(tmp_path / "a.webm")) as container:
        assert container.duration == pytest.approx(15_000_000, abs=20_000)
        container.seek(9_000_000)
        first = next(packet for packet in container.demux(video=0))
        assert first.is_keyframe
        assert first.pts == 8_000


@pytest.mark.parametrize("killed", [False, True])
def test_nobody_who_seeks_comes_to_a_picture_that_is_not_whole(tmp_path: Path, killed: bool) -> None:
    """Clusters end after a time, and the first block of the next one may be any."""
    pictures = [Block(at, VIDEO, at == 0, DELTA if at else KEY) for at in range(0, 12_000, 33)]
    sounds = [Block(at, AUDIO, True, SOUND) for at in range(19, 12_000, 20)]
    path = tmp_path / "a.webm"
    file = write(path, sorted(pictures + sounds))
    if killed:
        assert recover(path) is not None
    else:
        file.finish()
    for kind, earliest, latest in (("video", 0, 0), ("audio", 9_000, 11_000)):
        with av.open(str(path)) as container:
            (stream,) = (one for one in container.streams if one.type == kind)
            container.seek(11_000, stream=stream)
            packet = next(packet for packet in container.demux(stream) if packet.size)
            assert packet.is_keyframe
            assert earliest <= (packet.pts or 0) <= latest


def test_a_file_being_written_plays(tmp_path: Path) -> None:
    these = blocks(3)
    write(tmp_path / "a.webm", these)
    assert read((tmp_path / "a.webm").read_bytes())["video"] == times(these, VIDEO)


def test_a_track_may_come_later(tmp_path: Path) -> None:
    file = WebmFile(tmp_path / "a.webm")
    file.has_audio()
    file.write([Block(at, AUDIO, True, SOUND) for at in range(0, 2000, 20)])
    file.has_video(320, 180)
    file.write([Block(2000, VIDEO, True, KEY)])
    file.finish()
    with av.open(str(tmp_path / "a.webm")) as container:
        assert (container.streams.video[0].width, container.streams.audio[0].rate) == (320, 48_000)


def test_sound_alone_can_be_sought_in(tmp_path: Path) -> None:
    file = WebmFile(tmp_path / "a.webm")
    file.has_audio()
    file.write([Block(at, AUDIO, True, SOUND) for at in range(0, 30_000, 20)])
    file.finish()
    with av.open(str(tmp_path / "a.webm")) as container:
        container.seek(20_000_000)
        assert 14_000 < (next(iter(container.demux())).pts or 0) <= 20_000


def test_a_pause_of_minutes_is_no_trouble(tmp_path: Path) -> None:
    file = WebmFile(tmp_path / "a.webm")
    file.has_audio()
    file.write([Block(0, AUDIO, True, SOUND), Block(300_000, AUDIO, True, SOUND)])
    file.finish()
    assert read((tmp_path / "a.webm").read_bytes())["audio"] == [0, 300_000]


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0.0, 1.0))
def test_a_file_torn_anywhere_is_mended_up_to_its_last_whole_block(
    tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    path = tmp_path_factory.mktemp("torn") / "a.webm"
    these = blocks(12)
    write(path, these)
    whole = path.read_bytes()
    cut = webm.CLUSTERS_AT + int(share * (len(whole) - webm.CLUSTERS_AT))
    path.write_bytes(whole[:cut])
    written = recover(path)
    if written is None:
        assert cut < webm.CLUSTERS_AT + 40
        return
    kept = sum(written.blocks.values())
    found = read(path.read_bytes())
    assert found == {"audio": times(these[:kept], AUDIO), "video": times(these[:kept], VIDEO)}
    lost = len(whole) - cut
    assert (
        kept >= len(these) - 1 - lost // 15
    )  # nothing whole is thrown away: the smallest block has 17 octets


def test_mending_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    write(path, blocks(12))
    recover(path)
    once = path.read_bytes()
    recover(path)
    assert path.read_bytes() == once


def test_an_empty_file_is_left_as_it_is(tmp_path: Path) -> None:
    WebmFile(tmp_path / "a.webm")
    assert recover(tmp_path / "a.webm") is None
