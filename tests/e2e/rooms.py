"""Making and entering rooms as guide 001's clients do, for tests that are about something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from tests.e2e.talker import Talker

WATCH = "/auth/watch-together"


async def made_room(http: httpx.AsyncClient, admin: str, headers: Mapping[str, str] | None = None) -> str:
    """A watch room of this admin's; its id."""
    body = {"name": "Movie Night", "mediaId": "666243", "mediaType": "movie", "adminId": admin}
    answer = await http.post(f"{WATCH}/rooms", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    room: str = answer.json()["data"]["id"]
    return room


async def shown(http: httpx.AsyncClient, room: str) -> dict[str, Any]:
    """The room as everybody can see it."""
    answer = await http.get(f"{WATCH}/rooms/{room}")
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def entered(talker: Talker, room: str, user: str) -> dict[str, Any]:
    """What the talker is welcomed with."""
    heard = len(talker.heard)
    await talker.emit("join_room", {"roomId": room, "userId": user})
    state: dict[str, Any] = await talker.hears("initial_state", since=heard)
    return state


def action(room: str, user: str, kind: str, **data: Any) -> dict[str, Any]:
    """The argument of a `playback_action`."""
    return {"roomId": room, "userId": user, "action": {"type": kind, "data": data}}
