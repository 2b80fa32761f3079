"""`tutti recordings`: what was recorded, mending what a crash left, and combined files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tutti_media.recorder.combine import CannotCombine, combine
from tutti_media.recorder.folder import ABOUT, COMBINED, PROGRESS, Busy, Folder, read_json

FOLDER = click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group()
def recordings() -> None:
    """Recordings of meetings: list, repair, combine."""


@recordings.command("list")
@click.argument(
    "folder", envvar="MEET_RECORDINGS", default=Path("data/recordings"),
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)  # fmt: skip
def list_recordings(folder: Path) -> None:
    """What there is in FOLDER. Default: MEET_RECORDINGS, else data/recordings."""
    for one in _all(folder):
        about = one.about()
        began = datetime.fromtimestamp(about.get("startedAt", 0) / 1000, UTC)
        state = "combined" if (one.path / COMBINED).exists() else _state(one, about)
        click.echo(
            f"{began:%Y-%m-%d %H:%M}  {about.get('room')}  {len(one.files())} files  {state}  {one.path}"
        )


@recordings.command()
@FOLDER
def repair(folders: tuple[Path, ...]) -> None:
    """Finish the files that a killed recorder left in FOLDERS (each a recording, or a folder of them)."""
    for folder in folders:
        for one in _all(folder):
            try:
                with one.alone():
                    for path in one.repair():
                        click.echo(path)
            except Busy as problem:
                click.echo(f"tutti: {problem}", err=True)


@recordings.command("combine")
@FOLDER
def combine_recordings(folders: tuple[Path, ...]) -> None:
    """Make one file of everybody's, for each recording in FOLDERS. Needs ffmpeg."""
    failed = False
    for folder in folders:
        for one in _all(folder):
            try:
                with one.alone():
                    one.repair()
                    click.echo(asyncio.run(combine(one, _show)))
            except (Busy, CannotCombine) as problem:
                click.echo(f"tutti: {one.path}: {problem}", err=True)
                failed = True
    if failed:
        sys.exit(1)


def _all(folder: Path) -> Iterator[Folder]:
    """The recording that it is, or those that are in it."""
    for about in sorted((*folder.glob(ABOUT), *folder.glob(f"*/{ABOUT}"), *folder.glob(f"*/*/{ABOUT}"))):
        yield Folder(about.parent)


def _state(one: Folder, about: dict[str, Any]) -> str:
    progress = read_json(one.path / PROGRESS)
    if progress.get("state") == "failed":
        return f"not combined: {progress.get('reason')}"
    return str(progress.get("state") or about.get("state"))


def _show(share: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{share:.0%}", nl=share >= 1, err=True)


if __name__ == "__main__":
    recordings(prog_name="tutti recordings")
