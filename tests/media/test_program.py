"""`tutti recordings`: what there is, and mending what a killed recorder left."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from click.testing import CliRunner

from tests.media.test_webm import blocks, write
from tutti.cli import main
from tutti_media.recorder.folder import Folder


@pytest.fixture
def left(tmp_path: Path) -> Folder:
    """What a recorder left that was killed: one file with something in it, and one without."""
    folder = Folder(tmp_path / "DAILY" / "rec-1")
    folder.begin(room="DAILY", recording="rec-1", started_ms=0)
    write(folder.free("ann", "camera"), blocks(5))
    write(folder.free("bob", "camera"), [])
    return folder


def test_repair_finishes_what_was_left_wherever_in_the_folder_it_is(left: Folder, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["recordings", "repair", str(tmp_path)])
    assert (done.exit_code, done.output.split()) == (0, [str(left.path / "ann-camera-01.webm")])
    assert [path.name for path in left.files()] == ["ann-camera-01.webm"]
    with av.open(str(left.files()[0])) as container:
        assert container.duration == pytest.approx(5_000_000, abs=60_000)


def test_what_is_being_recorded_is_left_alone(left: Folder) -> None:
    with left.alone():
        done = CliRunner().invoke(main, ["recordings", "repair", str(left.path)])
    assert "in use by another process" in done.output
    assert [path.name for path in left.files()] == ["ann-camera-01.part.webm", "bob-camera-01.part.webm"]


def test_list_says_what_became_of_each(left: Folder, tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["recordings", "list", str(tmp_path)]).output
    assert "DAILY  2 files  recording" in listed
    (left.path / "combined.json").write_text('{"state": "failed", "reason": "the disk is full"}')
    assert (
        "not combined: the disk is full"
        in CliRunner().invoke(main, ["recordings", "list", str(tmp_path)]).output
    )
