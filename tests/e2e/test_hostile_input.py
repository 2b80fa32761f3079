"""Whatever is sent, it gets the answer that is documented, nothing in the room changes, and the server serves on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio
import websockets
from websockets.asyncio.client import ClientConnection

from tests.e2e.rooms import WATCH, action, entered, made_room, shown
from tests.e2e.server import Server, serving
from tests.e2e.talker import WITHIN_S, Talker, talking

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

TEN_MB = 10_000_000
MOST_GROWTH_KB = 96 * 1024
"""Several of these are ten megabytes long; what they leave behind must not add up over all of them."""

HEAD_S = 10.0
"""How long half a request may take."""

SILENT_S = 10.0 + 5.0 + 2.0
"""How long a socket may want nothing; how long it is given to answer our goodbye, and to read it."""

DEEP = "[" * 100_000 + "]" * 100_000
POLLING = {"EIO": "4", "transport": "polling"}
HEARTBEAT = "2"


def body_of(user: str) -> str:
    """What both dialects need to make a room, with this JSON for who makes it."""
    return f'{{"userId":{user},"adminId":{user},"userName":"x","name":"x","mediaId":"1","mediaType":"movie"}}'


class Peace:
    """A room with somebody in it, who must not notice anything."""

    def __init__(
        self, server: Server, http: httpx.AsyncClient, innocent: Talker, room: str, session: str
    ) -> None:
        self.server = server
        self.http = http
        self.innocent = innocent
        self.room = room
        self.session = session
        self.before: dict[str, Any] = {}
        self.position_s = 0.0
        self.memory_kb = 0

    async def begin(self) -> None:
        self.before = await shown(self.http, self.room)
        self.memory_kb = self.memory_kb or self.server.memory_kb()

    async def holds(self) -> None:
        """The room is as it was, and works."""
        now = await shown(self.http, self.room)
        assert {**now, "updatedAt": None} == {**self.before, "updatedAt": None}
        assert self.server.memory_kb() - self.memory_kb < MOST_GROWTH_KB
        self.position_s += 10
        said = action(self.room, "ann", "seek", currentTime=self.position_s)
        answer = await self.innocent.ask("playback_action", said)
        assert answer["success"], answer
        assert [line for line in self.server.lines if json.loads(line)["event"] == "bug"] == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Peace]:
    env = {"TUTTI_LIMITS": "off", "TUTTI_LOG": "json"}
    async with (
        serving(tmp_path_factory.mktemp("hostile"), env=env) as server,
        httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http,
        talking(server.ws_url, "token-of-ann") as innocent,
    ):
        room = await made_room(http, "ann")
        listener = {"userId": "ann", "userName": "Ann"}
        made = await http.post(
            "/api/sessions", json=listener, headers={"Authorization": "Bearer token-of-ann"}
        )
        await entered(innocent, room, "ann")
        yield Peace(server, http, innocent, room, made.json()["sessionId"])


@pytest_asyncio.fixture(loop_scope="module")
async def peace(world: Peace) -> AsyncIterator[Peace]:
    await world.begin()
    yield world
    await world.holds()


@asynccontextmanager
async def guilty(peace: Peace) -> AsyncIterator[Talker]:
    async with talking(peace.server.ws_url, "token-of-eve") as talker:
        yield talker


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (f'42["join_room",{DEEP}]', 1002),
        ("42" + "1" * 900_000 + '["join_room",{}]', 1002),
        ('4599-["join_room"]', 1002),
        ('451-["join_room",{"_placeholder":true,"num":7}]', 1002),
        (b"\x00" * 900_000, 1002),
        ("4" * 900_000, 1002),
        ("nonsense", 1002),
        ("42", 1002),
        ("42[]", 1002),
        ('42{"join_room":1}', 1002),
        ('42["connect"]', 1002),
        ("49", 1002),
        ('42["join_room",NaN]', 1002),
        ('42["playback_state",{"position":Infinity}]', 1002),
        ("x" * TEN_MB, 1009),
    ],
    ids=[
        "deep", "million-digit ack", "many attachments", "lying placeholder", "unannounced bytes",
        "no json", "no packet", "no event", "no name", "object", "reserved name", "unknown type",
        "NaN", "infinity", "ten megabytes",
    ],
)  # fmt: skip
async def test_bad_packet_costs_at_most_its_own_connection(
    peace: Peace, packet: str | bytes, code: int
) -> None:
    async with guilty(peace) as eve:
        with suppress(websockets.ConnectionClosed):
            await eve.send(packet)
        assert await eve.ended() == code


async def test_another_namespace_is_refused_and_costs_nothing(peace: Peace) -> None:
    async with guilty(peace) as eve:
        await eve.send("40/elsewhere,")
        await entered(eve, peace.room, "ann")


async def test_attachments_that_never_come_are_waited_for_until_something_else_does(peace: Peace) -> None:
    async with guilty(peace) as eve:
        await eve.send('452-["join_room",{"_placeholder":true,"num":0}]')
        await eve.send('42["join_room",{}]')
        assert await eve.ended() == 1002


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("join_room", '{"roomId":1,"userId":"eve"}'),
        ("join_room", '{"roomId":"ROOM\\u0000","userId":"eve"}'),
        ("join_room", '{"roomId":"ROOM","userId":"' + "e" * 129 + '"}'),
        ("join_room", "null"),
        (
            "playback_action",
            '{"roomId":"ROOM","userId":"ann","action":{"type":"seek","data":{"currentTime":1e999}}}',
        ),
        (
            "playback_action",
            '{"roomId":"ROOM","userId":"ann","action":{"type":"seek","data":{"currentTime":-1}}}',
        ),
        (
            "playback_action",
            '{"roomId":"ROOM","userId":"ann","action":{"type":"setPlaybackRate","data":{"rate":0}}}',
        ),
        ("playback_action", '{"roomId":"ROOM","userId":"ann","action":{"type":"explode","data":{}}}'),
        ("playback_action", '{"roomId":"ROOM","userId":"eve","action":{"type":"play","data":{}}}'),
        ("join_session", '{"sessionId":"SESSION","role":"admin"}'),
        ("join_session", '{"sessionId":"SESSION","role":"host","userId":"eve"}'),
        ("playback_state", '{"sessionId":"SESSION","position":1e999,"isPlaying":true}'),
        ("playback_state", '{"sessionId":"SESSION","position":1,"isPlaying":"yes"}'),
        ("request_sync", '{"sessionId":"\'; DROP TABLE events; --"}'),
        ("no_such_event", "{}"),
        ("__proto__", "{}"),
    ],
)
async def test_sentence_that_is_wrong_is_answered_and_changes_nothing(
    peace: Peace, event: str, said: str
) -> None:
    said = said.replace("ROOM", peace.room).replace("SESSION", peace.session)
    async with guilty(peace) as eve:
        await eve.send(f'42["{event}",{said}]')
        error = await eve.hears("error")
        assert error["code"]
        await entered(eve, peace.room, "ann")  # the connection is still good for something


@pytest.mark.parametrize("path", ["/api/sessions", f"{WATCH}/rooms"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 8_000, 400),
        (DEEP, 413),
        (body_of("NaN"), 400),
        (body_of('"a\\u0000b"'), 400),
        (body_of('"\\u001b[31m"'), 400),
        (b"\xff\xfe", 400),
        ("", 400),
        ("[]", 400),
    ],
    ids=["deep", "deep and long", "NaN", "NUL", "escape", "no UTF-8", "nothing", "list"],
)
async def test_bad_body_is_refused_in_the_shape_of_its_dialect(
    peace: Peace, path: str, body: str | bytes, status: int
) -> None:
    headers = {"Authorization": "Bearer token-of-eve", "Content-Type": "application/json"}
    answer = await peace.http.post(path, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    said = answer.json()
    if path == "/api/sessions":
        assert isinstance(said["error"], str)
        assert said["code"] == ("VALIDATION_ERROR" if status == 400 else "PAYLOAD_TOO_LARGE")
    else:
        assert said["statusCode"] == status
        assert said["message"]


async def test_sql_in_a_name_is_a_name(peace: Peace) -> None:
    name = "Robert'); DROP TABLE events; --"
    body = {"name": name, "mediaId": "1' OR '1'='1", "mediaType": "movie", "adminId": name}
    made = await peace.http.post(f"{WATCH}/rooms", json=body)
    assert made.status_code == 201, made.text
    room = await shown(peace.http, made.json()["data"]["id"])
    assert (room["name"], room["adminId"], room["mediaId"]) == (name, name, body["mediaId"])


async def test_ten_megabytes_over_polling_are_cut_off(peace: Peace) -> None:
    http = peace.http
    query = {**POLLING, "sid": await opened(http)}
    with suppress(httpx.WriteError, httpx.ReadError):  # it may hang up while we are still sending
        assert (await http.post("/socket.io/", params=query, content=b"4" * TEN_MB)).status_code == 413
    assert (await http.get("/socket.io/", params=query)).status_code == 400


@pytest.mark.parametrize("body", ["", "9", "40\x1e", "hello", "b!!!", "\x1e\x1e", "42[" + "1" * 100])
async def test_bad_packets_over_polling_end_their_own_session(peace: Peace, body: str) -> None:
    query = {**POLLING, "sid": await opened(peace.http)}
    answer = await peace.http.post("/socket.io/", params=query, content=body.encode())
    assert answer.status_code in (200, 400)
    after = await peace.http.get("/socket.io/", params=query)
    assert after.status_code == 400 or packets(after.text) == ["1"]


async def test_second_websocket_of_a_session_is_turned_away(peace: Peace) -> None:
    sid = await opened(peace.http)
    url = f"{peace.server.ws_url}/socket.io/?EIO=4&transport=websocket&sid={sid}"
    async with websockets.connect(url) as first:
        await first.send("2probe")
        assert await first.recv() == "3probe"
        await first.send("5")
        await first.send("40")
        assert (await told(first)).startswith("40{")
        with pytest.raises(websockets.WebSocketException):
            async with websockets.connect(url) as second:
                await second.send("2probe")
                await second.recv()
        await first.send('42["join_room",' + json.dumps({"roomId": peace.room, "userId": "ann"}) + "]")
        assert "initial_state" in await told(first)


async def test_upgrade_that_is_given_up_leaves_the_session_polling(peace: Peace) -> None:
    http = peace.http
    query = {**POLLING, "sid": await opened(http)}
    assert (await http.post("/socket.io/", params=query, content=b"40")).status_code == 200
    async with asyncio.timeout(WITHIN_S):
        while not (said := packets((await http.get("/socket.io/", params=query)).text)):
            pass
    assert said[0].startswith("40{")
    url = f"{peace.server.ws_url}/socket.io/?EIO=4&transport=websocket&sid={query['sid']}"
    async with websockets.connect(url) as given_up:
        await given_up.send("2probe")
        assert await given_up.recv() == "3probe"
    join = '42["join_room",' + json.dumps({"roomId": peace.room, "userId": "ann"}) + "]"
    assert (await http.post("/socket.io/", params=query, content=join.encode())).status_code == 200
    heard = ""
    async with asyncio.timeout(WITHIN_S):
        while "initial_state" not in heard:
            heard += (await http.get("/socket.io/", params=query)).text
    await http.post("/socket.io/", params=query, content=b"41")


@pytest.mark.parametrize("path", ["/api/sessions", f"{WATCH}/rooms"])
async def test_ten_megabytes_to_come_are_refused_before_they_are_sent(peace: Peace, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {TEN_MB}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", peace.server.port)
    writer.write(head.encode() + b'{"userId":"' + b"x" * 20_000)
    async with asyncio.timeout(WITHIN_S):
        assert b" 413 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("path", ["/api/sessions", f"{WATCH}/rooms"])
async def test_ten_megabytes_are_not_waited_for(peace: Peace, path: str) -> None:
    with suppress(httpx.WriteError, httpx.ReadError):  # it hangs up while we are still sending
        assert (await peace.http.post(path, content=b"x" * TEN_MB)).status_code == 413


async def test_who_never_finishes_is_hung_up_on(peace: Peace) -> None:
    upgrade = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    key = b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    await asyncio.gather(
        hung_up(peace.server, upgrade, HEAD_S),
        hung_up(peace.server, b"POST /api/sessions HTTP/1.1\r\nHost: x\r\n", HEAD_S),
        hung_up(peace.server, b"", HEAD_S),
        hung_up(peace.server, upgrade + key, SILENT_S),
    )


async def hung_up(server: Server, said: bytes, within_s: float) -> None:
    """Say this and nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(said)
    async with asyncio.timeout(within_s + 5):
        with suppress(ConnectionResetError):
            await reader.read()
    writer.close()


async def told(socket: ClientConnection) -> str:
    """What comes next over this WebSocket, but for heartbeats."""
    async with asyncio.timeout(WITHIN_S):
        while (said := str(await socket.recv())) == HEARTBEAT:
            pass
    return said


def packets(polled: str) -> list[str]:
    """What a poll brought, but for heartbeats: the first comes two seconds after the opening, whatever is going on."""
    return [packet for packet in polled.split("\x1e") if packet != HEARTBEAT]


async def opened(http: httpx.AsyncClient) -> str:
    answer = await http.get("/socket.io/", params=POLLING)
    sid: str = json.loads(answer.text[1:])["sid"]
    return sid
