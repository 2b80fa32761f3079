"""WebSockets through a real uvicorn on uvloop, spoken to by another library and by bare sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.transports.test_websocket_frames import frame
from tests.transports.websocket_room import UPGRADE, Echoing, Listening, RawClient, Served, serving, until
from tutti.service.frames import Attached, Frame
from tutti.service.timers import TimerWheel
from tutti.transports.handshake import Handshake, read_request
from tutti.transports.websocket import Accepted, Heartbeat, Rejected, Traffic, WebSocket, protocol
from tutti.transports.wsframes import BINARY, CLOSE, PING, PONG, TEXT

FIN = 0x80

pytestmark = pytest.mark.timeout(30, method="thread")  # uvloop does not let the alarm signal interrupt it


class Room:
    """Who has come, and a server that lets them in."""

    def __init__(self) -> None:
        self.make: Callable[[], Listening] = Echoing
        self.channels: list[Listening] = []
        self.handshakes: list[Handshake] = []
        self.wheel = TimerWheel(0.0)
        self.traffic = Traffic()
        self.served: Served

    def route(self, handshake: Handshake) -> Listening | Accepted | Rejected:
        self.handshakes.append(handshake)
        match handshake.path:
            case "/echo":
                self.channels.append(self.make())
                return self.channels[-1]
            case "/spoken":
                self.channels.append(self.make())
                return Accepted(self.channels[-1], handshake.subprotocols[1])
            case "/large":
                self.channels.append(self.make())
                return Accepted(self.channels[-1], max_payload=20_000_000, max_unread=40_000_000)
            case "/unspoken":
                return Accepted(self.make(), "never offered")
            case "/bug":
                raise LookupError("a secret")
            case _:
                return Rejected(404, b"not here", (("X-Why", "unknown"),))


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    endpoint = protocol(room.route, wheel=room.wheel, traffic=room.traffic)
    async with serving(endpoint) as room.served:
        yield room


# -- opening


async def test_a_client_of_another_library_hears_its_own_words(room: Room) -> None:
    async with connect(room.served.url + "/echo", compression="deflate") as client:
        for text in ("hi", "", "x" * 200, "é" * 70_000):
            await client.send(text)
            assert await client.recv() == text
        await client.send(["in ", "three ", "fragments"])
        assert await client.recv() == "in three fragments"
        await client.send(b"\x00\xff")
        await (await client.ping(b"there?"))
        assert not client.protocol.extensions
    assert room.channels[0].binaries == [b"\x00\xff"]
    assert await room.channels[0].over == (1000, "")


async def test_the_route_sees_the_request(room: Room) -> None:
    url = room.served.url + "/a%20b?x=1&y=%C3%A9&x=2&z="
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers={"X-Token": "t", "Origin": "http://o"})
    assert refused.value.response.status_code == 404
    assert refused.value.response.body == b"not here"
    assert refused.value.response.headers["X-Why"] == "unknown"
    seen = room.handshakes[0]
    assert (seen.path, seen.client) == ("/a b", "127.0.0.1")
    assert seen.query == {"x": "1", "y": "é", "z": ""}
    assert (seen.headers.get("x-TOKEN"), seen.headers.get("origin"), seen.headers.get("nope")) == (
        "t",
        "http://o",
        None,
    )


def test_a_query_of_a_thousand_fields_is_no_query() -> None:
    assert read_request(b"GET /?" + b"a=1&" * 1000 + b" HTTP/1.1\r\n\r\n", "").query == {}


async def test_a_subprotocol_is_chosen_among_those_offered(room: Room) -> None:
    offered = [Subprotocol("token.abc"), Subprotocol("tutti.v1")]
    async with connect(room.served.url + "/spoken", subprotocols=offered) as client:
        assert client.subprotocol == "tutti.v1"
    assert room.handshakes[0].subprotocols == ("token.abc", "tutti.v1")


async def test_a_route_may_allow_more_than_the_server_does(room: Room) -> None:
    async with connect(room.served.url + "/large", max_size=None, compression=None) as client:
        await client.send("x" * 16_000_000)
        assert len(await client.recv()) == 16_000_000


@pytest.mark.parametrize("path", ["/bug", "/unspoken"])
async def test_a_route_that_fails_is_500_and_tells_nothing(room: Room, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(room.served.url + path)
    assert refused.value.response.status_code == 500
    assert b"secret" not in (refused.value.response.body or b"")


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (UPGRADE.replace(b"Version: 13", b"Version: 8"), b"426"),
        (UPGRADE.replace(b"Sec-WebSocket-Version: 13\r\n", b""), b"426"),
        (UPGRADE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"c2hvcnQ="), b"400"),
        (UPGRADE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"\xff not base64"), b"400"),
        (UPGRADE + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"400"),
        (UPGRADE.replace(b"GET", b"DELETE"), b"405"),
    ],
)
async def test_what_is_not_a_websocket_request_is_refused_and_hung_up(
    room: Room, request_head: bytes, status: bytes
) -> None:
    client = await room.served.raw()
    client.write(request_head + b"\r\n")
    response = await client.end()
    assert response.startswith(b"HTTP/1.1 " + status)
    if status == b"426":
        assert b"\r\nSec-WebSocket-Version: 13\r\n" in response
    assert not room.channels
    await until(lambda: not room.served.server.server_state.connections)


# -- control frames and endings


async def test_a_ping_is_answered_in_the_middle_of_a_message(room: Room) -> None:
    client = await room.served.upgraded()
    client.write(frame(TEXT, b"one ") + frame(FIN | PING, b"p") + frame(FIN, b"two"))
    assert await client.frame() == (FIN | PONG, b"p")
    assert await client.frame() == (FIN | TEXT, b"one two")


@pytest.mark.parametrize(
    ("payload", "heard"),
    [
        (b"", (1005, "")),
        (b"\x03\xe8", (1000, "")),
        (b"\x0f\xa0bye", (4000, "bye")),
    ],
)
async def test_a_clients_close_is_echoed_and_ends_the_connection(
    room: Room, payload: bytes, heard: tuple[int, str]
) -> None:
    room.make = Listening
    client = await room.served.upgraded()
    client.write(frame(FIN | TEXT, b"last") + frame(FIN | CLOSE, payload) + frame(FIN | TEXT, b"too late"))
    assert await client.frame() == (FIN | CLOSE, payload)
    assert await client.end() == b""
    assert room.channels[0].texts == [b"last"]
    await until(lambda: not room.served.server.server_state.connections)
    assert room.channels[0].goodbyes == [heard]


async def test_what_was_queued_before_a_clients_close_leaves_ahead_of_the_answer(room: Room) -> None:
    client = await room.served.upgraded()
    client.write(frame(FIN | TEXT, b"quick"))
    assert await client.frame() == (FIN | TEXT, b"quick")
    client.write(frame(FIN | TEXT, b"last") + frame(FIN | CLOSE, b"\x03\xe8"))
    assert await client.frame() == (FIN | TEXT, b"last")
    assert await client.frame() == (FIN | CLOSE, b"\x03\xe8")


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        pytest.param(frame(FIN | 3), 1002, id="opcode"),
        pytest.param(frame(FIN | CLOSE, b"\x03"), 1002, id="half a close code"),
        pytest.param(frame(FIN | CLOSE, (1006).to_bytes(2, "big")), 1002, id="a code that must not be sent"),
        pytest.param(frame(FIN | TEXT, b"\xff"), 1007, id="not UTF-8"),
        pytest.param(frame(FIN | CLOSE, b"\x03\xe8\xff"), 1007, id="a reason that is not UTF-8"),
        pytest.param(frame(FIN | BINARY, b"x" * 1_000_001), 1009, id="too big"),
        pytest.param(
            bytes((FIN | BINARY, 0xFF)) + (10**7).to_bytes(8, "big") + b"m" * 100_000, 1009, id="10 MB"
        ),
    ],
)
async def test_a_broken_stream_is_told_why_and_hung_up(room: Room, wire: bytes, code: int) -> None:
    client = await room.served.upgraded()
    client.write(wire + frame(FIN | TEXT, b"behind the fault"))
    first, payload = await client.frame()
    assert (first, int.from_bytes(payload[:2], "big")) == (FIN | CLOSE, code)
    assert await client.end() == b""
    channel = room.channels[0]
    assert (await channel.over)[0] == code
    assert (channel.texts, channel.binaries) == ([], [])
    client.reset()
    await until(lambda: not room.served.server.server_state.connections)
    assert len(channel.goodbyes) == 1


async def test_a_client_that_ignores_the_reason_is_cut_by_the_deadline(room: Room) -> None:
    client = await room.served.upgraded()
    client.write(frame(FIN | 3))
    await room.channels[0].over
    assert room.served.server.server_state.connections
    room.wheel.turn(10.0)
    await until(lambda: not room.served.server.server_state.connections)


@pytest.mark.parametrize("politely", [True, False])
async def test_a_lost_line_is_1006(room: Room, politely: bool) -> None:
    client = await room.served.upgraded()
    if politely:
        client.end_writing()
    else:
        client.reset()
    assert await room.channels[0].over == (1006, "")
    assert len(room.wheel) == 0


async def test_closing_sends_what_is_queued_and_waits_for_the_answer(room: Room) -> None:
    client = await room.served.upgraded()
    channel = room.channels[0]
    channel.socket.send(Frame(b"last words"))
    channel.socket.close(4001, "kicked")
    channel.socket.close(4002, "twice")
    channel.socket.send(Frame(b"after the end"))
    assert await client.frame() == (FIN | TEXT, b"last words")
    assert await client.frame() == (FIN | CLOSE, (4001).to_bytes(2, "big") + b"kicked")
    client.write(frame(FIN | TEXT, b"not any more"))
    assert channel.goodbyes == []
    client.write(frame(FIN | CLOSE, (4001).to_bytes(2, "big")))
    assert await channel.over == (4001, "kicked")
    assert channel.texts == []
    assert await client.end() == b""


async def test_a_close_that_is_never_answered_ends_at_its_deadline(room: Room) -> None:
    await room.served.upgraded()
    room.channels[0].socket.close(4001, "kicked")
    room.wheel.turn(4.9)
    assert not room.channels[0].over.done()
    room.wheel.turn(5.2)
    assert await room.channels[0].over == (4001, "kicked")


class Failing(Echoing):
    def text(self, data: bytes) -> None:
        raise ZeroDivisionError("a secret")

    def closed(self, code: int, reason: str) -> None:
        super().closed(code, reason)
        raise ZeroDivisionError("again")


async def test_a_channel_that_fails_is_closed_with_1011_and_tells_nothing(room: Room) -> None:
    room.make = Failing
    client = await room.served.upgraded()
    client.write(frame(FIN | TEXT, b"x"))
    first, payload = await client.frame()
    assert (first, payload) == (FIN | CLOSE, (1011).to_bytes(2, "big") + b"internal error")
    assert room.channels[0].goodbyes == [(1011, "internal error")]


class Leaving(Echoing):
    """Closes from within its own calls."""

    def text(self, data: bytes) -> None:
        super().text(data)
        self.socket.close(1000, "enough")

    def closed(self, code: int, reason: str) -> None:
        super().closed(code, reason)
        self.socket.close(code, reason)
        self.socket.send(Frame(b"nobody"))
        self.socket.pause_reading()
        self.socket.resume_reading()


async def test_a_channel_may_close_from_within_its_calls(room: Room) -> None:
    room.make = Leaving
    client = await room.served.upgraded()
    client.write(frame(FIN | TEXT, b"one") + frame(FIN | TEXT, b"two"))
    assert await client.frame() == (FIN | TEXT, b"one")
    assert (await client.frame())[0] == FIN | CLOSE
    client.write(frame(FIN | CLOSE, b"\x03\xe8"))
    assert await room.channels[0].over == (1000, "enough")
    assert room.channels[0].texts == [b"one"]


async def test_at_shutdown_clients_are_told_to_come_back(room: Room) -> None:
    async with connect(room.served.url + "/echo") as client:
        room.served.server.should_exit = True
        await room.served.server.shutdown()
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd == websockets.frames.Close(1012, "service restart")
    assert room.channels[0].goodbyes == [(1012, "service restart")]


# -- reading


class Pausing(Listening):
    def text(self, data: bytes) -> None:
        super().text(data)
        self.socket.pause_reading()


async def test_nothing_is_delivered_while_reading_is_paused(room: Room) -> None:
    room.make = Pausing
    client = await room.served.upgraded()
    client.write(b"".join(frame(FIN | TEXT, b"%d" % number) for number in range(3)))
    channel = room.channels[0]
    for expected in ([b"0"], [b"0", b"1"], [b"0", b"1", b"2"]):
        await until(lambda expected=expected: channel.texts == expected)  # type: ignore[misc]  # a default argument
        channel.socket.resume_reading()


async def test_closing_a_paused_connection_still_hears_the_clients_answer(room: Room) -> None:
    room.make = Pausing
    client = await room.served.upgraded()
    client.write(frame(FIN | TEXT, b"0") + frame(FIN | TEXT, b"1"))
    channel = room.channels[0]
    await until(lambda: channel.texts == [b"0"])
    channel.socket.close(1000, "")
    client.write(frame(FIN | CLOSE, b"\x03\xe8"))
    assert await channel.over == (1000, "")
    assert channel.texts == [b"0"]


# -- heartbeat


@pytest.fixture
async def beating() -> AsyncIterator[Room]:
    room = Room()
    endpoint = protocol(room.route, wheel=room.wheel, heartbeat_s=20, heartbeat_timeout_s=5)
    async with serving(endpoint) as room.served:
        yield room


async def test_a_client_that_answers_pings_lives_on(beating: Room) -> None:
    client = await beating.served.upgraded()
    now_s = 4.8
    for _ in range(10):
        beating.wheel.turn(now_s := now_s + 15.4)
        assert await client.frame() == (FIN | PING, b"")
        client.write(frame(FIN | PONG) + frame(FIN | TEXT, b"."))
        assert await client.frame() == (FIN | TEXT, b".")
        beating.wheel.turn(now_s := now_s + 5.4)
    assert not beating.channels[0].over.done()


async def test_a_client_that_answers_no_ping_is_lost(beating: Room) -> None:
    client = await beating.served.upgraded()
    beating.wheel.turn(20.2)
    assert await client.frame() == (FIN | PING, b"")
    beating.wheel.turn(25.1)
    assert not beating.channels[0].over.done()
    beating.wheel.turn(25.5)
    assert await beating.channels[0].over == (1006, "no sign of life")


class Measured(Room):
    """Channels whose heartbeats are measured, on a clock that the test turns: two soon, then one every ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.make = Listening
        self.now_s = 100.0
        self.round_trips: list[float] = []
        self.beat = Heartbeat(10, 10, self.round_trips.append, burst=2)

    def route(self, handshake: Handshake) -> Listening | Accepted | Rejected:
        self.channels.append(self.make())
        return Accepted(self.channels[-1], heartbeat=self.beat)

    async def pinged(self, client: RawClient, wheel_s: float) -> bytes:
        """The stamp of the ping that is due at this turn of the wheel."""
        self.wheel.turn(wheel_s)
        first, stamp = await client.frame()
        assert (first, len(stamp)) == (FIN | PING, 8)
        return stamp


@pytest.fixture
async def measured() -> AsyncIterator[Measured]:
    room = Measured()
    async with serving(protocol(room.route, wheel=room.wheel, clock=lambda: room.now_s)) as room.served:
        yield room


async def heard(room: Room, client: RawClient) -> None:
    """Everything that the client has written so far."""
    count = len(room.channels[0].texts)
    client.write(frame(FIN | TEXT, b"."))
    await until(lambda: len(room.channels[0].texts) > count)


async def test_round_trips_are_measured_soon_and_then_with_each_heartbeat(measured: Measured) -> None:
    client = await measured.served.upgraded()
    for wheel_s, way_s in ((0.4, 0.25), (0.8, 0.125), (11.2, 0.5)):
        measured.wheel.turn(wheel_s - 0.2)
        stamp = await measured.pinged(client, wheel_s)
        measured.now_s += way_s
        client.write(frame(FIN | PONG, stamp))
        await heard(measured, client)
    assert measured.round_trips == [0.25, 0.125, 0.5]


async def test_a_pong_that_answers_no_ping_of_ours_measures_nothing(measured: Measured) -> None:
    client = await measured.served.upgraded()
    stamp = await measured.pinged(client, 0.4)
    for forged in (b"", b"x" * 8, b"\x7f\xf8" + b"\0" * 6, stamp[:7], stamp, stamp):
        client.write(frame(FIN | PONG, forged))
    await heard(measured, client)
    assert measured.round_trips == [0.0]


async def test_a_pong_later_than_the_next_ping_still_tells_its_own_round_trip(measured: Measured) -> None:
    client = await measured.served.upgraded()
    first = await measured.pinged(client, 0.4)
    measured.now_s += 0.5
    second = await measured.pinged(client, 0.8)
    measured.now_s += 0.5
    client.write(frame(FIN | PONG, first) + frame(FIN | PONG, second))
    await heard(measured, client)
    assert measured.round_trips == [1.0, 0.5]


async def test_what_was_held_back_is_neither_measured_nor_taken_for_dead(measured: Measured) -> None:
    client = await measured.served.upgraded()
    await measured.pinged(client, 0.4)
    stamp = await measured.pinged(client, 0.8)
    await heard(measured, client)
    measured.channels[0].socket.pause_reading()
    client.write(frame(FIN | PONG, stamp))
    measured.wheel.turn(11.0)
    assert not measured.channels[0].over.done()
    measured.channels[0].socket.resume_reading()
    await heard(measured, client)
    assert measured.round_trips == []


# -- sending


async def test_frames_of_one_tick_leave_in_order_and_are_counted(room: Room) -> None:
    room.make = Listening
    clients = [await room.served.upgraded() for _ in range(3)]
    frames = [Frame(b"a"), Frame(b"b" * 126), Attached(b"c", (b"\x00", b"\xff"))]
    for frame_ in frames:
        for channel in room.channels:
            channel.socket.send(frame_)
    room.channels[1].socket.send(Frame(b"only for one"))
    for client in clients:
        assert await client.frame() == (FIN | TEXT, b"a")
        assert await client.frame() == (FIN | TEXT, b"b" * 126)
        assert await client.frame() == (FIN | TEXT, b"c")
        assert await client.frame() == (FIN | BINARY, b"\x00")
        assert await client.frame() == (FIN | BINARY, b"\xff")
    assert await clients[1].frame() == (FIN | TEXT, b"only for one")
    assert room.traffic.opened == 3
    assert room.traffic.frames_out == 10
    assert room.traffic.bytes_out == 3 * sum(len(frame_.wire) for frame_ in frames) + 14


async def test_a_slow_reader_is_cut_at_a_mebibyte_while_the_others_hear_everything(room: Room) -> None:
    room.make = Listening
    slow = await room.served.upgraded(receive_buffer=4096)
    quick = [await room.served.upgraded() for _ in range(3)]
    slow.stop_reading()
    said = 0
    while not room.channels[0].over.done():
        message = Frame(b"%06d" % said + b"x" * 50_000)
        for channel in room.channels:
            channel.socket.send(message)
        for client in quick:
            assert await client.frame() == (FIN | TEXT, message.text)
        said += 1
    assert room.channels[0].goodbyes == [(1013, "too slow")]
    assert room.traffic.slow_consumers == 1
    assert 20 <= said < 200  # a mebibyte of ours, and what the two kernels hold
    room.wheel.turn(10.0)
    await until(lambda: len(room.served.server.server_state.connections) == 3)
    assert not any(channel.over.done() for channel in room.channels[1:])


async def test_a_slow_reader_that_reads_on_in_time_finds_the_reason(room: Room) -> None:
    slow = await room.served.upgraded(receive_buffer=4096)
    slow.stop_reading()
    channel = room.channels[0]
    while not channel.over.done():
        channel.socket.send(Frame(b"x" * 60_000))
        await asyncio.sleep(0)
    slow.read_on()
    assert (await slow.end()).endswith(bytes((FIN | CLOSE, 10)) + (1013).to_bytes(2, "big") + b"too slow")


async def test_a_client_that_pings_and_does_not_read_is_slow_too(room: Room) -> None:
    slow = await room.served.upgraded(receive_buffer=4096)
    slow.stop_reading()
    pings = frame(FIN | PING, b"x" * 125) * 1000
    while not room.channels[0].over.done():
        slow.write(pings)
        await asyncio.sleep(0)
    assert (await room.channels[0].over)[0] == 1013


async def test_sending_to_a_client_that_has_just_gone_harms_nobody(room: Room) -> None:
    room.make = Listening
    gone, stays = await room.served.upgraded(), await room.served.upgraded()
    sockets: list[WebSocket] = [channel.socket for channel in room.channels]
    gone.reset()
    said = 0
    while not room.channels[0].over.done():
        for socket in sockets:
            socket.send(Frame(b"still there?"))
        assert await stays.frame() == (FIN | TEXT, b"still there?")
        said += 1
    sockets[0].send(Frame(b"nobody"))
    assert room.channels[0].goodbyes == [(1006, "")]
    assert not room.channels[1].over.done()
