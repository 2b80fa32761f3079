"""What is watched together in the room, for the event log: heard over `tutti.v1`.

`film` lines: from when on (`from`, milliseconds of the recording) which film stands where. As there, a position holds
from its time on and moves at `rate` while `playing`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

log = structlog.get_logger("tutti.recorder")

AGAIN_S = 5.0
TIMELINES = ("timeline", "media")

Tell = Callable[[float, dict[str, Any]], None]


async def follow(server: str, room: str, token: str, tell: Tell) -> None:
    """`tell` is called with our monotonic time from which the film is so, in seconds. Runs until it is cancelled."""
    address = f"{server.rstrip('/')}/v1/rooms/{quote(room, safe='')}"
    while True:
        try:
            await _listen(address, token, tell)
        except (OSError, InvalidHandshake, InvalidURI, ConnectionClosed) as problem:
            log.info("recorder.film_unknown", problem=str(problem) or type(problem).__name__)
        await asyncio.sleep(AGAIN_S)


async def _listen(address: str, token: str, tell: Tell) -> None:
    ours_less_room_s, media = 0.0, None
    async with connect(address, subprotocols=["tutti.v1"], proxy=None) as socket:  # type: ignore[list-item]  # a NewType of str
        await socket.send(json.dumps({"type": "hello", "token": token}))
        async for message in socket:
            said = json.loads(message)
            if said.get("type") in ("refused", "malformed"):
                log.warning("recorder.film_refused", code=said.get("code"), message=said.get("message"))
            if said.get("type") == "welcome":
                ours_less_room_s = time.monotonic() - said["now"] / 1000
                said = said.get("room", {})
            elif said.get("type") not in TIMELINES:
                continue
            media = said.get("media", media)
            timeline = said.get("timeline")
            if timeline is not None and media is not None:
                tell(timeline["at"] / 1000 + ours_less_room_s, _line(timeline, media))


def _line(timeline: dict[str, Any], media: dict[str, Any]) -> dict[str, Any]:
    film = {name: media.get(name) for name in ("id", "provider", "title", "episode")}
    return {"media": film, **{name: timeline.get(name) for name in ("position", "rate", "playing")}}
