"""A data folder that cannot be used stops the start with one line, and leaves nothing behind that is open."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from tutti.app import Node
from tutti.config import BadSettings, Settings, load
from tutti.infra.clock import PERSIST_EVERY_MS, RoomClock
from tutti.infra.sqlite_log import SqliteLog


def settings(data: Path, **env: str) -> Settings:
    return load({"TUTTI_DATA": str(data), **env})


async def refusal(data: Path, **env: str) -> str:
    """The one line that a start with this folder ends in."""
    with pytest.raises(BadSettings) as caught:
        async with Node(settings(data, **env), asyncio.get_running_loop()):
            pass
    (line,) = caught.value.mistakes
    assert "\n" not in line
    return line


async def test_a_folder_that_another_server_has_is_named_with_its_holder(tmp_path: Path) -> None:
    async with Node(settings(tmp_path), asyncio.get_running_loop()):
        line = await refusal(tmp_path)
    assert line == f"TUTTI_DATA: {tmp_path} is in use by another Tutti (process {os.getpid()})"


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert await refusal(tmp_path / "file" / "data") == (
        f"TUTTI_DATA: {tmp_path / 'file' / 'data'} cannot be used: Not a directory"
    )


async def test_a_damaged_room_log_is_named(tmp_path: Path) -> None:
    (tmp_path / "tutti.db").write_bytes(b"not a database at all" * 400)
    line = await refusal(tmp_path)
    assert line.startswith(f"TUTTI_DATA: {tmp_path / 'tutti.db'} cannot be opened as a room log")


async def test_a_room_log_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "tutti.db")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "version 99" in await refusal(tmp_path)


async def test_a_start_that_fails_late_lets_the_folder_go(tmp_path: Path) -> None:
    providers = tmp_path / "providers.toml"
    providers.write_text("this is no TOML", "utf-8")
    assert "WATCH_PROVIDERS" in await refusal(tmp_path, WATCH_PROVIDERS=str(providers))
    log = SqliteLog(tmp_path / "tutti.db")
    await log.open()
    await log.aclose()


async def test_the_secret_of_passes_is_whole_or_not_there_and_nobody_elses_to_read(tmp_path: Path) -> None:
    (tmp_path / "secret.new").touch()  # a start that was killed before it had written it
    async with Node(settings(tmp_path), asyncio.get_running_loop()):
        secret = tmp_path / "secret"
        assert len(secret.read_bytes()) == 32
        assert secret.stat().st_mode & 0o077 == 0


async def test_room_time_is_kept_at_the_end(tmp_path: Path) -> None:
    async with Node(settings(tmp_path), asyncio.get_running_loop()) as node:
        last_ms = node.clock.now_ms()
    kept = RoomClock(tmp_path / "clock.json", monotonic=lambda: 0.0, wall=lambda: 0.0, boot=lambda: "another")
    assert kept.now_ms() >= last_ms + 2 * PERSIST_EVERY_MS
