"""Watch rooms to test with: one node, guide 001's HTTP routes and sockets, and no network between."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import msgspec
from litestar import Litestar

from tests.clocks import TurnedClock
from tests.service.world import World, settle
from tutti.dialects.watch import providers_rest, rest
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.defaults import defaults, room_id
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.providers import Providers, built_in
from tutti.service.frames import Frame
from tutti.service.limits import Limits
from tutti.service.session import Session
from tutti.transports.socketio_packets import event_frame

EVENING_MS = 1_760_956_200_000.0
"""2025-10-20T10:30:00Z: when every test begins, by the wall clock."""

ROOMS = "/auth/watch-together/rooms"
MOVIE_NIGHT = {
    "name": "Movie Night",
    "mediaId": "666243",
    "mediaType": "movie",
    "adminId": "user123",
    "providerId": "vidnest",
}


@dataclass(eq=False)
class Screen:
    """The far end of a socket: keeps what it is sent. `room`: put into everything that it says."""

    user: str
    id: str
    room: str = ""
    client: str = "192.0.2.1"
    half_rtt_ms: float = 0.0
    rtt_ms: float = 0.0
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    acks: list[dict[str, Any]] = field(default_factory=list)
    session: Session | None = None

    def send(self, frame: Frame) -> None:
        name, said = json.loads(frame.text.removeprefix(b"42"))
        self.heard.append((name, said))

    def close(self, code: int, reason: str) -> None:
        self.heard.append(("closed", {"code": code, "reason": reason}))

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def names(self) -> list[str]:
        return [name for name, _ in self.take()]

    def only(self, name: str) -> dict[str, Any]:
        """The one thing heard since the last time."""
        ((got, said),) = self.take()
        assert got == name, said
        return said


class Watching:
    """Use as `async with Watching() as node:`."""

    def __init__(
        self,
        *,
        closed: bool = False,
        limits: Limits | None = None,
        providers: Providers | None = None,
        most: int = 10,
        key: str | None = "internal-key",
    ) -> None:
        self.clock = TurnedClock(wall_ahead_ms=EVENING_MS - 1_000_000.0)
        self.world = World(clock=self.clock, closed=closed, limits=limits)
        draws = count()
        self.world.hall.new_room_id = lambda _: room_id(
            lambda letters: letters[next(draws) * 7 % len(letters)]
        )
        self.dialect = Watch(event_frame, self.clock, House(providers or built_in(), defaults(most)))
        hall = self.world.hall
        app = Litestar(
            [rest.router(hall, self.dialect), providers_rest.router(hall, self.dialect, key)],
            openapi_config=None,
            logging_config=None,
        )
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="http://tutti.test")
        self._sockets = count(1)

    async def __aenter__(self) -> Watching:
        await self.world.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.aclose()
        await self.world.__aexit__(*exception)

    def connect(self, user: str, token: str | None = None) -> Screen:
        screen = Screen(user, f"socket{next(self._sockets)}")
        screen.session = Session(self.world.hall, screen, token=token, principal=None)
        return screen

    async def say(self, screen: Screen, name: str, said: object, *, ack: bool = False) -> None:
        """Exactly this."""
        assert screen.session is not None
        raw = [msgspec.Raw(said if isinstance(said, bytes) else msgspec.json.encode(said))]
        reply = (lambda answer: screen.acks.append(json.loads(answer))) if ack else None
        screen.session.hear(self.dialect, name, raw, reply)
        await settle()

    async def act(self, screen: Screen, kind: str, **data: object) -> None:
        """A playback action of this screen's person in its room."""
        action = {"type": kind, "data": data}
        await self.say(
            screen, "playback_action", {"roomId": screen.room, "action": action, "userId": screen.user}
        )

    async def create(self, **changed: object) -> str:
        """A room made over HTTP as the guide prints it; its id."""
        answer = await self.http.post(ROOMS, json={**MOVIE_NIGHT, **changed})
        assert answer.status_code == 201, answer.text
        made: str = answer.json()["data"]["id"]
        return made

    async def enter(self, user: str, room: str) -> Screen:
        screen = self.connect(user)
        screen.room = room
        await self.say(screen, "join_room", {"roomId": room, "userId": user})
        return screen

    async def company(self, *users: str, **changed: object) -> list[Screen]:
        """A room with these people at their screens, the first its admin, and nothing heard yet."""
        room = await self.create(adminId=users[0], **changed)
        screens = [await self.enter(user, room) for user in users]
        for screen in screens:
            screen.take()
        return screens

    async def turn(self, by_ms: float, step_ms: float = 100.0) -> None:
        await self.world.turn(by_ms, step_ms)
