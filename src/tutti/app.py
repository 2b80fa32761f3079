"""One process's node, put together: the only place where adapters meet the ports they serve."""

from __future__ import annotations

import asyncio
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from litestar import Litestar, Request, Router
from litestar.openapi import OpenAPIConfig

import tutti
from tutti import operations
from tutti.accounts import TIDY_EVERY_S, AccountDesk, account_desk
from tutti.asyncapi import Channel as WireChannel
from tutti.asyncapi import document
from tutti.config import BadSettings, Mode, Settings
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.room import Room
from tutti.dialects.listen import wire as listen_wire
from tutti.dialects.listen.codes import new_code
from tutti.dialects.listen.defaults import session_defaults
from tutti.dialects.listen.dialect import Listen
from tutti.dialects.listen.rest import router as listen_router
from tutti.dialects.meet import dialect as meet
from tutti.dialects.meet import errors as meet_errors
from tutti.dialects.meet import heard as meet_heard
from tutti.dialects.meet.dialect import Meet
from tutti.dialects.meet.fields import is_room as is_meeting
from tutti.dialects.meet.ice import Ice
from tutti.dialects.meet.recordings_rest import router as recordings_router
from tutti.dialects.meet.relay import relayed
from tutti.dialects.native import errors as native_errors
from tutti.dialects.native import spoken as native_spoken
from tutti.dialects.native import wire as native_wire
from tutti.dialects.native.dialect import SUBPROTOCOL, Native
from tutti.dialects.native.rest import PREFIX as NATIVE_ROOMS
from tutti.dialects.native.rest import router as native_router
from tutti.dialects.nearby import spoken as nearby_spoken
from tutti.dialects.nearby import wire as nearby_wire
from tutti.dialects.nearby.actions import Actions
from tutti.dialects.nearby.auth import router as nearby_auth
from tutti.dialects.nearby.rest import routers as nearby_routers
from tutti.dialects.nearby.sockets import ITS_OWN as NEARBY_SOCKETS
from tutti.dialects.nearby.sockets import Desk
from tutti.dialects.nearby.spotify_rest import connection_router, sign_in_routes
from tutti.dialects.party import notifications_wire
from tutti.dialects.party.notifications_line import NotificationsLine
from tutti.dialects.party.sockets import errors as party_errors
from tutti.dialects.party.sockets import lines as party
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.defaults import defaults as watch_defaults
from tutti.dialects.watch.defaults import room_id as watch_room_id
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.heard import HEARD
from tutti.dialects.watch.providers import BadProviders, built_in
from tutti.dialects.watch.providers_rest import router as providers_router
from tutti.dialects.watch.rest import router as watch_router
from tutti.dialects.watch.spoken import SPOKEN
from tutti.examples import JsonDocument, SwaggerPage
from tutti.infra import logs
from tutti.infra.clock import PERSIST_EVERY_MS, RoomClock, wall_clock_ms
from tutti.infra.file_lock import InUse
from tutti.infra.recorder_process import RecorderProcesses
from tutti.infra.recordings import RecordingShelf
from tutti.infra.sfu_process import SfuProcess
from tutti.infra.spotify import SpotifyIdentity
from tutti.infra.sqlite_log import SqliteLog
from tutti.infra.sqlite_schema import CannotOpen
from tutti.infra.tokens import ChainIdentity
from tutti.json_response import JsonResponse
from tutti.operation_ids import operation_id
from tutti.party import PartyDesk, party_desk
from tutti.platform.nearby.choices import SqlChoices
from tutti.service.dialect import Declined
from tutti.service.identity import MAX_ID, Gate
from tutti.service.limits import Limits
from tutti.service.metrics import Metrics
from tutti.service.nearby.companions import ListenRooms
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.polling import Polling as PlayerPolling
from tutti.service.passes import Passes
from tutti.service.rooms import Rooms
from tutti.service.session import Hall
from tutti.service.timers import TimerWheel
from tutti.spotify import SpotifyDesk, spotify_desk
from tutti.transports.addresses import client_address
from tutti.transports.cors import App, Cors, CorsApp
from tutti.transports.engineio import Caps, EngineServer, EngineSettings
from tutti.transports.engineio_upgrade import EngineRoute
from tutti.transports.handshake import Handshake, Rejected
from tutti.transports.json_socket import JsonSockets, Manners
from tutti.transports.lobby import SIGN_IN_WITHIN_S, Lobby
from tutti.transports.meeting_socket import Manners as MeetingManners
from tutti.transports.meeting_socket import MeetingSockets
from tutti.transports.outbox import Traffic
from tutti.transports.pages import Pages
from tutti.transports.party_socket import Manners as PartyManners
from tutti.transports.party_socket import PartyLines, PartySockets
from tutti.transports.people_socket import PATH as PEOPLE_SOCKET
from tutti.transports.people_socket import PeopleSocket, PeopleSockets
from tutti.transports.polling import Polling
from tutti.transports.room_socket import RoomSocket
from tutti.transports.socketio import SocketServer, SocketSettings
from tutti.transports.socketio_packets import event_frame
from tutti.transports.websocket import Accepted, Channel, protocol

log = structlog.get_logger("tutti.app")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

STATIC = Path(__file__).parent / "static"
SOCKET_IO = "/socket.io"
RESTART = (1012, "service restart")
FIRST_PING_S = 2.0
"""Soon, because what a listener is told to do has its round trip in it."""
_draw = secrets.SystemRandom().random
"""What nobody can foretell."""
MEETINGS, MEETING_SOCKET = "/room", "/websocket"
DRAIN_S = 5.0
"""Over how long closing the sockets is spread, so that not everybody comes back in the same moment."""


CHANNELS = (
    WireChannel(
        Listen.name,
        SOCKET_IO,
        "Listening sessions: Socket.IO, main namespace.",
        listen_wire.HEARD,
        listen_wire.SPOKEN,
    ),
    WireChannel(Watch.name, SOCKET_IO, "Watch-together rooms: Socket.IO, main namespace.", HEARD, SPOKEN),
    WireChannel(
        Desk.name,
        SOCKET_IO,
        f"Listeners nearby: Socket.IO, main namespace and {NEARBY_SOCKETS}.",
        nearby_wire.HEARD,
        nearby_spoken.SPOKEN,
    ),
    WireChannel(
        Meet.name,
        f"{MEETINGS}/{{room}}{MEETING_SOCKET}",
        "Meetings: JSON over a WebSocket, every message `{event, data}`.",
        meet.HEARD,
        meet.SPOKEN,
    ),
    WireChannel(
        Native.name,
        f"{NATIVE_ROOMS}/{{room}}",
        f"Rooms of every kind: JSON over a WebSocket, subprotocol {SUBPROTOCOL}.",
        native_wire.HEARD,
        native_spoken.SPOKEN,
    ),
    *(
        WireChannel(words.name, address, words.description, words.everything_heard, words.everything_spoken)
        for address, words in party.WORDS
    ),
    WireChannel(
        NotificationsLine.name,
        f"{PEOPLE_SOCKET}/",
        "What one person is told: notifications, and messages in conversations. JSON, every message with a `type`.",
        notifications_wire.HEARD,
        notifications_wire.SPOKEN,
    ),
)


class Node:
    """Use as `async with node:` in the loop that serves `node.http` and `node.upgrade`."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._loop = loop
        self._stack = AsyncExitStack()
        self.metrics = Metrics()
        self._random = _Randomness()
        self.traffic = Traffic()
        with _usable(settings.data):
            settings.data.mkdir(parents=True, exist_ok=True)
            self.clock = RoomClock(settings.data / "clock.json")
        self.wheel = TimerWheel(loop.time())
        self._store = SqliteLog(settings.data / "tutti.db")
        self.rooms = Rooms(
            self._store,
            self.clock,
            self.wheel,
            self.metrics,
            random_text=self._random.text,
            limits=Limits() if settings.limits else None,
        )
        self._turning: asyncio.TimerHandle | None = None
        self.desk: AccountDesk
        self.spotify: SpotifyDesk | None
        self.party: PartyDesk

    async def __aenter__(self) -> Node:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        settings = self._settings
        for name in settings.unused:
            log.warning(
                "setting.unused",
                name=name,
                meaning="this version needs no Redis: rooms are in SQLite, under TUTTI_DATA",
            )
        if settings.mode is Mode.OPEN:
            log.warning(
                "mode.open", meaning="whoever a client claims to be is believed; for development only"
            )
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self._stack.__aexit__(*exception)

    async def _open(self) -> None:
        stack = self._stack
        with _usable(self._settings.data):
            await self._store.open()
            stack.push_async_callback(self._store.aclose)
            secret = self._secret()
        await stack.enter_async_context(self.rooms)
        desk = account_desk(self._settings, secret, now_ms=self.clock.now_ms, wall_ms=wall_clock_ms)
        self.desk = await stack.enter_async_context(desk)
        spotify = spotify_desk(self._settings, self.desk, now_ms=self.clock.now_ms, wall_ms=wall_clock_ms)
        self.spotify = await stack.enter_async_context(spotify)
        hall = self._hall(secret)
        desk_of_parties = party_desk(self._settings, self.desk, hall, secret, wall_clock_ms)
        self.party = await stack.enter_async_context(desk_of_parties)
        self._build(hall)
        await stack.enter_async_context(self.recorders)
        if self.relay is not None:
            await stack.enter_async_context(self.relay)
        stack.push_async_callback(_ended, asyncio.create_task(self._tidy(), name="tidying"))
        stack.callback(self._keep_clock)
        self._turn_wheel()
        stack.callback(self._stop_wheel)
        logs.gather(self.wheel.after)
        stack.callback(logs.gather, None)
        self._persist_clock()

    async def http(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI application: long-polling and the page by themselves, everything else through the routers."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        self._find_client(scope)
        if path.rstrip("/") == SOCKET_IO:
            await self._polling(scope, receive, send)
        elif self._pages.has(path):
            await self._pages(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    def serves_at(self, address: str) -> None:
        """It can be reached at this host and port, from this machine at least."""
        self.recorders.serves_at(f"ws://{address}", self._is_recorded)
        self.desk.links.serves_at(address)

    async def drain(self, cut_short: Callable[[], bool]) -> None:
        """Say no to everything new and close the sockets, spread over a few seconds."""
        self.rooms.draining = True
        goodbyes: list[Callable[[], None]] = [
            partial(session.close, *RESTART) for session in self.engine.sessions.values()
        ]
        goodbyes += [socket.send_away for socket in self._room_sockets]
        log.info("draining", connections=len(goodbyes))
        steps = 50
        for step in range(steps):
            for say_goodbye in goodbyes[step::steps]:
                say_goodbye()
            if cut_short() or not (self.engine.sessions or self._room_sockets):
                break
            await asyncio.sleep(DRAIN_S / steps)
        self.engine.close(*RESTART)
        for socket in self._room_sockets:
            socket.send_away()

    @property
    def _room_sockets(self) -> tuple[RoomSocket | PeopleSocket, ...]:
        people = self.people_sockets.open
        return (*self.native_sockets.open, *self.meetings.open, *self.party_lines.open, *people)

    def _hall(self, secret: bytes) -> Hall:
        passes = Passes(secret, closed=self._settings.mode is Mode.CLOSED)
        return Hall(self.rooms, self._gate(), self._new_room_id, passes, self.desk.logins)

    @property
    def _spotify_identity(self) -> SpotifyIdentity | None:
        return self.spotify.identity if self.spotify is not None else None

    def _build(self, hall: Hall) -> None:
        settings = self._settings
        self.cors = Cors(None if settings.cors_origins == ("*",) else frozenset(settings.cors_origins))
        self.listen = Listen(event_frame, self.clock)
        self.watch = Watch(event_frame, self.clock, self._house())
        nearby = self._nearby(hall)
        polling = self._followed(nearby)
        actions = Actions(nearby, polling.refresh if polling is not None else None)
        near = Desk(hall, actions, event_frame)
        sockets = SocketServer(
            {
                "/": Lobby(hall, (self.listen, self.watch), (near,)),
                NEARBY_SOCKETS: Lobby(hall, desks=(near,)),
            },
            wheel=self.wheel,
            new_id=self._random.id,
            settings=SocketSettings(connect_timeout_s=SIGN_IN_WITHIN_S),
        )
        self.engine = EngineServer(
            sockets.converse,
            wheel=self.wheel,
            clock=self._loop.time,
            new_id=self._random.id,
            settings=EngineSettings(first_ping_s=FIRST_PING_S, caps=self._caps()),
        )
        self._polling = Polling(self.engine, self.cors)
        self._sockets = EngineRoute(self.engine, self.cors)
        self.native_sockets = JsonSockets(
            hall,
            Native(),
            Manners(SUBPROTOCOL, Native.events, native_errors.CLOSE_CODES, native_errors.farewell),
            cors=self.cors,
            admission=self.engine.admission,
            new_id=self._random.id,
            below=secrets.randbelow,
        )
        self.meetings = self._meetings(hall)
        self.party_lines = self._party_lines(hall)
        self.people_sockets = PeopleSockets(
            hall,
            self.party.messaging.hub,
            self.party.messaging.line,
            cors=self.cors,
            admission=self.engine.admission,
            new_id=self._random.id,
        )
        self._shelf = RecordingShelf(settings.recordings)
        self.recorders = RecorderProcesses(self._shelf, hall.passes, self.clock.wall_ms, self._stop_recording)
        self.rooms.recorders = self.recorders
        self.relay = self._relay()
        self.rooms.relay = self.relay
        self._pages = Pages(STATIC)
        self.upgrade = protocol(self._route, wheel=self.wheel, traffic=self.traffic)
        routes = self._nearby_routes(hall, actions, polling)
        self._api = CorsApp(cast(App, self._litestar(hall, routes)), self.cors)

    def _meetings(self, hall: Hall) -> MeetingSockets:
        settings = self._settings
        ice = Ice(settings.stun_urls, settings.turn_urls, settings.turn_secret, settings.turn_ttl_s)
        meet, meet_objects = (
            Meet(
                self.clock,
                issue=hall.passes.issue,
                new_id=self._random.id,
                ice_servers=ice.ice_servers,
                topology=lambda room: self.rooms.topology(room.id),
                capacity=settings.meet_max_participants,
                objects=objects,
            )
            for objects in (False, True)
        )
        manners = MeetingManners(
            objects=meet_objects,
            events=Meet.events,
            signals=frozenset(meet_heard.SIGNALS),
            stamped=relayed,
            refused_with=meet_errors.CLOSE_CODES,
            parted_with=meet_errors.farewell,
            is_room=is_meeting,
        )
        return MeetingSockets(
            hall,
            meet,
            manners,
            cors=self.cors,
            admission=self.engine.admission,
            new_id=self._random.id,
            refresh_every_s=ice.refresh_every_s,
        )

    def _party_lines(self, hall: Hall) -> PartyLines:
        """A party's sockets, of which each is a line of its own to the same room."""
        manners = PartyManners(
            self.party.asking.entrance,
            party_errors.CLOSE_CODES,
            party_errors.farewell,
            partial(party.pong, self.clock),
        )
        lines = party.lines(self.clock, self.party.people.blocks.may_meet, self._random.id)
        return PartyLines(
            (
                address,
                PartySockets(
                    hall,
                    line,
                    line.events,
                    manners,
                    cors=self.cors,
                    admission=self.engine.admission,
                    new_id=self._random.id,
                ),
            )
            for address, line in lines
        )

    def _relay(self) -> SfuProcess | None:
        settings = self._settings
        if not settings.meet_sfu:
            return None
        port, addresses = settings.meet_sfu_port, settings.meet_sfu_addresses
        return SfuProcess(above=settings.meet_mesh_max, port=port, addresses=addresses)

    def _stop_recording(self, room: RoomId) -> None:
        self.rooms.submit(room, c.StopRecording(), None, lambda _: None)

    async def _is_recorded(self, room: RoomId, recording: str) -> bool:
        found = await self.rooms.look(room)
        return isinstance(found, Room) and found.recording is not None and found.recording.id == recording

    def _nearby(self, hall: Hall) -> Nearby:
        companions = ListenRooms(hall, session_defaults(self._settings.session_timeout_hours))
        blocks = self.party.people.blocks
        nearby = Nearby(
            self.clock,
            self.wheel,
            draw=_draw,
            new_id=self._random.id,
            companions=companions,
            choices=SqlChoices(self.desk.database),
            may_meet=blocks.may_meet,
        )
        blocks.heard_by(lambda one, other: nearby.part(MemberId(one), MemberId(other)))
        return nearby

    def _followed(self, nearby: Nearby) -> PlayerPolling | None:
        """What people listen to, where Spotify may be asked."""
        if self.spotify is None:
            return None
        polling = self.spotify.follow(nearby, self.clock, self.wheel, draw=_draw)
        self._stack.push_async_callback(polling.aclose)
        return polling

    def _nearby_routes(self, hall: Hall, actions: Actions, polling: PlayerPolling | None) -> list[Router]:
        accounts, spotify = self.desk.accounts, self.spotify
        if spotify is None or polling is None:
            further = (nearby_auth(hall, accounts, actions), connection_router(hall, None, lambda _: None))
        else:
            sign_in = sign_in_routes(hall, spotify.sign_in, polling.heed) if spotify.sign_in else None
            further = (
                nearby_auth(hall, accounts, actions, sign_in),
                connection_router(hall, spotify.connections, polling.forget),
            )
        return nearby_routers(hall, actions, further)

    def _litestar(self, hall: Hall, nearby: list[Router]) -> Litestar:
        defaults = session_defaults(self._settings.session_timeout_hours)
        return Litestar(
            [
                Router(
                    "/",
                    route_handlers=[
                        listen_router(hall, defaults, self._spotify_identity),
                        watch_router(hall, self.watch),
                        providers_router(hall, self.watch, self._settings.internal_api_key),
                        native_router(hall),
                        recordings_router(hall, self._shelf),
                        *self.party.routers,
                        *nearby,
                    ],
                    before_request=_not_too_often(hall) if self._settings.limits else None,
                    response_class=JsonResponse,
                ),
                operations.router(
                    self.metrics,
                    self.traffic,
                    checks=self._checks,
                    asyncapi=document(tutti.__version__, CHANNELS),
                ),
            ],
            openapi_config=OpenAPIConfig(
                "Tutti",
                tutti.__version__,
                path="/docs",
                operation_id_creator=operation_id,
                render_plugins=[
                    JsonDocument(),
                    SwaggerPage(
                        js_url="/docs/swagger-ui-bundle.js",
                        standalone_preset_js_url="/docs/swagger-ui-standalone-preset.js",
                        css_url="/docs/swagger-ui.css",
                        favicon="<link rel='icon' href='data:,'>",
                        path="/",
                    ),
                ],
            ),
            logging_config=None,
        )

    def _gate(self) -> Gate:
        """Our own tokens are looked at first: that asks nobody."""
        ours, spotify = self.desk.identity, self._spotify_identity
        identity = ChainIdentity(ours, spotify) if spotify else ours
        closed = self._settings.mode is Mode.CLOSED
        strict = party.NAMES | ({Listen.name} if spotify else set())
        return Gate(identity, closed=closed, strict=strict)

    def _house(self) -> House:
        providers = built_in()
        if self._settings.watch_providers is not None:
            try:
                providers = providers.extended(self._settings.watch_providers.read_text("utf-8"))
            except BadProviders as problem:
                raise BadSettings(*(f"WATCH_PROVIDERS: {mistake}" for mistake in problem.mistakes)) from None
        return House(providers, watch_defaults(self._settings.watch_max_participants))

    def _new_room_id(self, dialect: str) -> RoomId:
        if dialect == self.listen.name:
            return new_code(self._random.below, self._settings.session_code_length)
        return watch_room_id(lambda letters: letters[self._random.below(len(letters))])

    def _caps(self) -> Caps:
        settings = self._settings
        if not settings.limits:
            return Caps()
        return Caps(
            settings.max_connections,
            settings.max_connections_per_address,
            settings.max_connections_per_second,
        )

    def _secret(self) -> bytes:
        """What passes are signed with. In open mode without a secret of the operator's: one kept with the rooms."""
        if self._settings.mode is Mode.CLOSED:
            return self._settings.jwt_secret
        path = self._settings.data / "secret"
        if not path.exists():
            beside = path.with_name("secret.new")
            beside.unlink(missing_ok=True)
            beside.touch(mode=0o600, exist_ok=False)
            beside.write_bytes(secrets.token_bytes(32))
            beside.replace(path)
        return path.read_bytes()

    def _route(self, handshake: Handshake) -> Channel | Accepted | Rejected:
        """Which channel a WebSocket asks for."""
        forwarded = handshake.headers.get("x-forwarded-for")
        client = client_address(handshake.client, forwarded, self._settings.trusted_proxies)
        asked = replace(handshake, client=client)
        if handshake.path.rstrip("/") == SOCKET_IO:
            return self._sockets(asked)
        if handshake.path.rstrip("/") == PEOPLE_SOCKET:
            return self.people_sockets.route(asked)
        if handshake.path.startswith(party.PREFIX):
            return self.party_lines.route(asked)
        if handshake.path.startswith(f"{MEETINGS}/") and handshake.path.endswith(MEETING_SOCKET):
            return self.meetings.route(asked, handshake.path[len(MEETINGS) + 1 : -len(MEETING_SOCKET)])
        where, _, room = handshake.path.rpartition("/")
        if where == NATIVE_ROOMS and 0 < len(room) <= MAX_ID:
            return self.native_sockets.route(asked, room)
        return Rejected(404, b"There is no WebSocket here.\n")

    def _find_client(self, scope: Message) -> None:
        """Put the address that the request really comes from where everybody looks for it."""
        if not scope.get("client"):
            return
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        peer, port = scope["client"]
        forwarded = ",".join(lines)  # a proxy may add a line of its own below what the client wrote
        scope["client"] = (client_address(peer, forwarded, self._settings.trusted_proxies), port)

    def _turn_wheel(self) -> None:
        self._turning = self._loop.call_later(self.wheel.slot_s, self._turn_wheel)
        self.wheel.turn(self._loop.time())

    def _stop_wheel(self) -> None:
        if self._turning is not None:
            self._turning.cancel()

    def _persist_clock(self) -> None:
        self._keep_clock()
        self.wheel.after(PERSIST_EVERY_MS / 1000, self._persist_clock)

    async def _tidy(self) -> None:
        """Now and then, for as long as the database is open."""
        while True:
            try:
                await self.desk.tidy()
                if self.spotify is not None:
                    await self.spotify.tidy()
            except Exception:
                log.exception("bug")
            await asyncio.sleep(TIDY_EVERY_S)

    def _keep_clock(self) -> None:
        try:
            self.clock.persist()
        except OSError as problem:  # a full disk: room time goes on, only a reboot would find it less exact
            log.warning("clock.not_kept", problem=str(problem))

    async def _checks(self) -> Mapping[str, str]:
        return {
            "store": "cannot keep anything now" if self.rooms.store_fails else "ok",
            "accounts": await self.desk.readiness(),
            "serving": "draining" if self.rooms.draining else "ok",
        }


def _not_too_often(hall: Hall) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    """Each dialect words the refusal in its own way."""

    async def count(request: Request[Any, Any, Any]) -> None:
        slow = hall.taken(hall.addresses, request.client.host if request.client else "")
        if slow is not None:
            raise Declined(slow)

    return count


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))


@contextmanager
def _usable(data: Path) -> Iterator[None]:
    """What is wrong with the data folder is the operator's to mend: one line that says what."""
    try:
        yield
    except (CannotOpen, InUse) as problem:
        raise BadSettings(f"TUTTI_DATA: {problem}") from None
    except OSError as problem:
        raise BadSettings(f"TUTTI_DATA: {data} cannot be used: {problem.strerror or problem}") from None


class _Randomness:
    """What nobody can guess, from the system, which is asked for a lot at a time."""

    def __init__(self) -> None:
        self._unused = b""

    def id(self) -> str:
        """Of 120 bits."""
        return urlsafe_b64encode(self._take(15)).decode()

    def text(self, length: int) -> str:
        """So many hexadecimal digits."""
        return self._take((length + 1) // 2).hex()[:length]

    def below(self, end: int) -> int:
        """A whole number from 0 to `end` − 1, each as likely as the other."""
        return self._take(1)[0] % end if 256 % end == 0 else secrets.randbelow(end)

    def _take(self, count: int) -> bytes:
        if len(self._unused) < count:
            self._unused = os.urandom(1024)
        taken, self._unused = self._unused[:count], self._unused[count:]
        return taken
