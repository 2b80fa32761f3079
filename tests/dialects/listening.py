"""Listening sessions to test with: one node, guide 000's HTTP routes and sockets, and no network between."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from litestar import Litestar

from tests.clocks import TurnedClock
from tests.service.world import World, settle
from tutti.core.ids import RoomId
from tutti.dialects.listen.codes import new_code
from tutti.dialects.listen.defaults import session_defaults
from tutti.dialects.listen.dialect import Listen
from tutti.dialects.listen.rest import router
from tutti.dialects.listen.tracks import TrackFacts
from tutti.service.frames import Frame
from tutti.service.limits import Limits
from tutti.service.session import Session
from tutti.transports.socketio_packets import event_frame

HALF_PAST_TEN_MS = 1_760_956_200_000.0
"""2025-10-20T10:30:00Z: when every test begins, by the wall clock."""


@dataclass(eq=False)
class Ear:
    """The far end of a socket: keeps what it is sent."""

    id: str
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

    def commands(self) -> list[tuple[str, int]]:
        """The `sync_command`s heard since the last time: what to do, and where."""
        return [(said["action"], said["position"]) for name, said in self.take() if name == "sync_command"]


class Listening:
    """Use as `async with Listening() as node:`."""

    def __init__(
        self, *, closed: bool = False, limits: Limits | None = None, catalogue: TrackFacts | None = None
    ) -> None:
        self.clock = TurnedClock(wall_ahead_ms=HALF_PAST_TEN_MS - 1_000_000.0)
        self.world = World(clock=self.clock, closed=closed, limits=limits)
        self._draws = 0
        self.world.hall.new_room_id = lambda _: RoomId(new_code(self._draw, 6))
        self.dialect = Listen(event_frame, self.clock)
        self.app = Litestar(
            [router(self.world.hall, session_defaults(), catalogue)], openapi_config=None, logging_config=None
        )
        self.http = self.from_address("192.0.2.1")

    async def __aenter__(self) -> Listening:
        await self.world.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.aclose()
        await self.world.__aexit__(*exception)

    def from_address(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        return httpx.AsyncClient(transport=transport, base_url="http://tutti.test")

    async def ask(
        self, method: str, path: str, token: str | None = "token", body: object = None
    ) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = None if body is None else msgspec.json.encode(body)
        answer = await self.http.request(method, f"/api/sessions{path}", headers=headers, content=content)
        await settle()
        return answer

    async def create(self, user: str = "host", token: str = "host") -> str:
        """A session of this host; its code."""
        answer = await self.ask("POST", "", token, {"userId": user, "userName": user.title()})
        code = answer.json()["sessionId"]
        assert isinstance(code, str)
        return code

    async def join(self, code: str, user: str, token: str | None = None) -> dict[str, Any]:
        body = {"userId": user, "userName": user.title()}
        answer = await self.ask("POST", f"/{code}/join", token or user, body)
        joined: dict[str, Any] = answer.json()
        return joined

    def connect(self, token: str | None = None, *, half_rtt_ms: float = 0.0) -> Ear:
        ear = Ear("socket", half_rtt_ms=half_rtt_ms)
        ear.session = Session(self.world.hall, ear, token=token, principal=None)
        return ear

    async def enter(self, code: str, user: str, role: str = "client", *, half_rtt_ms: float = 0.0) -> Ear:
        """Somebody's socket, in the session."""
        ear = self.connect(user, half_rtt_ms=half_rtt_ms)
        await self.say(ear, "join_session", {"sessionId": code, "role": role, "userId": user})
        return ear

    async def say(self, ear: Ear, event: str, said: object) -> None:
        assert ear.session is not None
        raw = said if isinstance(said, bytes) else msgspec.json.encode(said)
        ear.session.hear(self.dialect, event, [msgspec.Raw(raw)], lambda a: ear.acks.append(json.loads(a)))
        await settle()

    async def emit(self, ear: Ear, event: str, said: object) -> None:
        """As `say`, without asking for an acknowledgement."""
        assert ear.session is not None
        ear.session.hear(self.dialect, event, [msgspec.Raw(msgspec.json.encode(said))], None)
        await settle()

    async def plays(self, host: Ear, code: str, position: float, **more: object) -> None:
        """The host reports that it plays there."""
        state = {"sessionId": code, "trackUri": "spotify:track:one", "position": position, "isPlaying": True}
        await self.emit(host, "playback_state", state | more)

    async def turn(self, by_ms: float) -> None:
        await self.world.turn(by_ms)

    def _draw(self, below: int) -> int:
        self._draws += 11
        return self._draws % below
