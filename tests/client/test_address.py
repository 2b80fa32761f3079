"""What people may call a room."""

from __future__ import annotations

import pytest

from tutti_client.address import Address, NoRoom, address


@pytest.mark.parametrize(
    ("text", "origin", "socket"),
    [
        ("http://localhost:3000/r/x1", "http://localhost:3000", "ws://localhost:3000/v1/rooms/x1"),
        ("localhost:3000/r/x1", "http://localhost:3000", "ws://localhost:3000/v1/rooms/x1"),
        ("https://tutti.test/r/x1/?from=mail#top", "https://tutti.test", "wss://tutti.test/v1/rooms/x1"),
        ("ws://localhost:3000/v1/rooms/x1", "http://localhost:3000", "ws://localhost:3000/v1/rooms/x1"),
        ("wss://tutti.test/r/x1", "https://tutti.test", "wss://tutti.test/v1/rooms/x1"),
        ("http://me:secret@[::1]:80/r/x1", "http://[::1]:80", "ws://[::1]:80/v1/rooms/x1"),
        ("https://host.test/tutti/r/x1", "https://host.test/tutti", "wss://host.test/tutti/v1/rooms/x1"),
    ],
)
def test_a_room_has_several_names(text: str, origin: str, socket: str) -> None:
    assert address(text) == Address("x1", origin, socket)


def test_a_rooms_id_may_need_quoting() -> None:
    found = address("http://localhost/r/film%20n%C3%AFght%2F1")
    assert found.room == "film nïght/1"
    assert found.socket == "ws://localhost/v1/rooms/film%20n%C3%AFght%2F1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x1",
        "http://localhost:3000/",
        "http://localhost:3000/r/",
        "ftp://host/r/x",
        "http:///r/x",
        "http://h:x/r/y",
    ],
)
def test_what_is_no_room_is_said_in_one_line(text: str) -> None:
    with pytest.raises(NoRoom, match="is no room's address; it should look like") as problem:
        address(text)
    assert "\n" not in str(problem.value)
