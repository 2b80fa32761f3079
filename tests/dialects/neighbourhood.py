"""People near one another to test with: one node, guide 002's HTTP routes and sockets, and no network between."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import msgspec
from litestar import Litestar, Router

from tests.clocks import TurnedClock
from tests.service.world import World, settle
from tutti.dialects.listen.defaults import session_defaults
from tutti.dialects.nearby.actions import Actions
from tutti.dialects.nearby.rest import routers
from tutti.dialects.nearby.sockets import Conversation, Desk
from tutti.service.connection import Connection
from tutti.service.frames import Frame
from tutti.service.limits import Limits
from tutti.service.nearby.companions import ListenRooms
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.ports import Choices
from tutti.transports.socketio_packets import event_frame

HALF_PAST_TEN_MS = 1_760_956_200_000.0
"""2025-10-20T10:30:00Z: when every test begins, by the wall clock."""
HERE, BESIDE, FAR_OFF = "u09tvw", "u09tvy", "gcpvj0"
"""A cell, one that touches it, and one in another country."""


@dataclass(eq=False)
class Ear:
    """The far end of a socket: keeps what it is sent, and its very bytes."""

    id: str
    client: str = "192.0.2.1"
    half_rtt_ms: float = 0.0
    rtt_ms: float = 0.0
    heard: list[tuple[str, Any]] = field(default_factory=list)
    acks: list[dict[str, Any]] = field(default_factory=list)
    wire: list[bytes] = field(default_factory=list)

    def send(self, frame: Frame) -> None:
        self.wire.append(frame.text)
        name, *said = json.loads(frame.text[frame.text.index(b"[") :])
        self.heard.append((name, said[0] if said else None))

    def close(self, code: int, reason: str) -> None:
        self.heard.append(("closed", {"code": code, "reason": reason}))

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def take(self) -> list[tuple[str, Any]]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def names(self) -> list[str]:
        return [name for name, _ in self.take()]

    def last(self, name: str) -> Any:
        return next(said for told, said in reversed(self.heard) if told == name)


class Neighbourhood:
    """What guide 002 is spoken with, in a world. Chance is drawn from a row that is always the same."""

    def __init__(self, world: World, choices: Choices | None = None) -> None:
        self.world = world
        self.nearby = _nearby(world, choices)
        self.actions = Actions(self.nearby)
        self.desk = Desk(world.hall, self.actions, event_frame)
        self.routers: list[Router] = routers(world.hall, self.actions)

    def connect(
        self, ear: Connection, user: str | None, *, token: str | None = None, namespace: str = "/"
    ) -> Conversation:
        return self.desk.receive(ear, namespace, token=token, claimed=user, principal=None)


class Street:
    """Use as `async with Street() as street:`; people are believed to be who they say they are, unless it is closed."""

    def __init__(
        self, *, closed: bool = False, limits: Limits | None = None, choices: Choices | None = None
    ) -> None:
        self.clock = TurnedClock(wall_ahead_ms=HALF_PAST_TEN_MS - 1_000_000.0)
        self.world = World(clock=self.clock, closed=closed, limits=limits)
        self.hood = Neighbourhood(self.world, choices)
        app = Litestar(self.hood.routers, openapi_config=None, logging_config=None)
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="http://tutti.test")
        self._ids = count(1)

    async def __aenter__(self) -> Street:
        await self.world.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.aclose()
        await self.world.__aexit__(*exception)

    async def ask(
        self,
        user: str | None,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        prefix: str = "/api/v1",
    ) -> httpx.Response:
        headers = {} if user is None else {"X-User-Id": user}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        content = None if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = await self.http.request(method, prefix + path, headers=headers, content=content)
        await settle()
        return answer

    async def arrives(self, user: str, geohash: str | None = HERE, **settings: object) -> None:
        """Somebody goes live there, over HTTP."""
        assert (await self.ask(user, "POST", "/presence/live", settings)).status_code == 200
        if geohash is not None:
            answer = await self.ask(user, "POST", "/location/update", {"geohash": geohash})
            assert answer.status_code == 200

    async def connect(
        self, user: str | None, *, token: str | None = None, namespace: str = "/realtime"
    ) -> tuple[Ear, Conversation]:
        ear = Ear(f"socket{next(self._ids)}")
        conversation = self.hood.connect(ear, user, token=token, namespace=namespace)
        await settle()
        return ear, conversation

    async def say(self, ear: Ear, conversation: Conversation, event: str, said: object = None) -> Any:
        """Emit, and the acknowledgement."""
        args = (
            []
            if said is None
            else [msgspec.Raw(said if isinstance(said, bytes) else msgspec.json.encode(said))]
        )
        conversation.hear(event, args, lambda answer: ear.acks.append(json.loads(answer)))
        await settle()
        return ear.acks.pop()

    async def turn(self, by_ms: float) -> None:
        await self.world.turn(by_ms)


def _nearby(world: World, choices: Choices | None) -> Nearby:
    ids = count(1)
    return Nearby(
        world.clock,
        world.wheel,
        draw=draws(),
        new_id=lambda: f"find{next(ids)}",
        companions=ListenRooms(world.hall, session_defaults()),
        choices=choices,
    )


def draws() -> Callable[[], float]:
    """Numbers that look random and are the same in every run."""
    numbers = count(1)
    return lambda: next(numbers) * 0.618034 % 1.0
