"""What people call a room: the address of its page, of its socket, or what they typed of either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

_SECURE: Final = {"http": False, "ws": False, "https": True, "wss": True}
_PATH: Final = re.compile(r"(?P<prefix>.*?)/(?:r|v1/rooms)/(?P<room>[^/]+)/?")


class NoRoom(Exception):
    """This cannot be the address of a room."""


@dataclass(frozen=True, slots=True)
class Address:
    """`origin`: where the server is, over HTTP; `socket`: the room's WebSocket."""

    room: str
    origin: str
    socket: str


def address(text: str) -> Address:
    """Raises `NoRoom`."""
    problem = NoRoom(f"{text!r} is no room's address; it should look like http://localhost:3000/r/ROOM")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        secure, host, _ = _SECURE[parts.scheme.lower()], parts.hostname, parts.port
    except (KeyError, ValueError):
        raise problem from None
    found = _PATH.fullmatch(parts.path)
    room = unquote(found["room"]).strip() if found is not None else ""
    if found is None or not host or not room:
        raise problem
    where = parts.netloc.rpartition("@")[2] + found["prefix"]
    return Address(
        room=room,
        origin=f"{'https' if secure else 'http'}://{where}",
        socket=f"{'wss' if secure else 'ws'}://{where}/v1/rooms/{quote(room, safe='')}",
    )
