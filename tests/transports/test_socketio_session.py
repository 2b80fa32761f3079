"""Socket.IO v5 over a session without a network: namespaces, events, acknowledgements, deadlines."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.transports.engine_room import Clock, Engine, Wire
from tutti.service.frames import Frame
from tutti.transports.engineio import EngineSession
from tutti.transports.socketio import (
    MAX_CONNECTS,
    Namespace,
    Socket,
    SocketServer,
    SocketSettings,
)
from tutti.transports.socketio_packets import Acknowledgement, Event, event_frame, placeholder
from tutti.transports.socketio_socket import MAX_HELD_BYTES, MAX_HELD_EVENTS


class Door:
    """A namespace that keeps whoever asks waiting; `open` lets them in at once."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        self.asked: list[tuple[Socket, bytes | None]] = []
        self.guests: list[Guest] = []

    def connect(self, socket: Socket, auth: bytes | None) -> None:
        self.asked.append((socket, auth))
        if self.is_open:
            self.let_in(socket)

    def let_in(self, socket: Socket) -> Guest:
        guest = Guest()
        self.guests.append(guest)
        socket.accept(guest)
        return guest


class Guest:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ends: list[str] = []

    def event(self, event: Event) -> None:
        self.events.append(event)

    def closed(self, reason: str) -> None:
        self.ends.append(reason)

    def heard(self) -> list[str]:
        return [event.name for event in self.events]


class World:
    def __init__(self, namespaces: Mapping[str, Namespace]) -> None:
        self.ids = 0
        clock = Clock()
        self.server = SocketServer(
            namespaces,
            wheel=clock.wheel,
            new_id=self._new_id,
            settings=SocketSettings(max_attached=1000),
        )
        self.engine = Engine(converse=self.server.converse, clock=clock)

    def connection(self) -> tuple[EngineSession, Wire]:
        session, wire = self.engine.open_websocket()
        wire.take()
        return session, wire

    def _new_id(self) -> str:
        self.ids += 1
        return f"socket{self.ids}"


@pytest.fixture
def lobby() -> Door:
    return Door()


@pytest.fixture
def cellar() -> Door:
    return Door(is_open=False)


@pytest.fixture
def world(lobby: Door, cellar: Door) -> World:
    return World({"/": lobby, "/cellar": cellar})


def connected(world: World) -> tuple[EngineSession, Wire]:
    session, wire = world.connection()
    session.text(b"40")
    wire.take()
    return session, wire


class TestConnect:
    def test_client_is_told_its_id_which_is_not_the_engines(self, world: World, lobby: Door) -> None:
        session, wire = world.connection()
        session.text(b"40")
        (answer,) = wire.sent
        sid = json.loads(answer[2:])["sid"]
        assert sid == lobby.asked[0][0].id
        assert sid != session.sid

    def test_namespace_sees_the_auth_as_it_was_sent(self, world: World, lobby: Door) -> None:
        for text in (b"40", b'40{"token": "123"}'):
            world.connection()[0].text(text)
        assert [auth for _, auth in lobby.asked] == [None, b'{"token": "123"}']

    def test_unknown_namespace_is_refused_and_the_connection_stays(self, world: World) -> None:
        session, wire = world.connection()
        session.text(b"40/random,{}")
        assert wire.take() == [b'44/random,{"message":"Invalid namespace"}']
        session.text(b"40")
        assert wire.sent[0].startswith(b"40{")

    def test_namespace_refuses_with_a_message_and_data(self, world: World, cellar: Door) -> None:
        session, wire = world.connection()
        session.text(b"40/cellar")
        cellar.asked[0][0].refuse("Not authorized", b'{"retry":false}')
        assert wire.take() == [b'44/cellar,{"message":"Not authorized","data":{"retry":false}}']
        session.text(b"40/cellar")
        cellar.let_in(cellar.asked[1][0])
        assert wire.sent[0].startswith(b"40/cellar,{")

    def test_two_namespaces_share_a_connection(self, world: World, lobby: Door, cellar: Door) -> None:
        session, wire = connected(world)
        session.text(b"40/cellar,")
        below = cellar.let_in(cellar.asked[0][0])
        session.text(b'42/cellar,["down"]')
        session.text(b'42["up"]')
        assert (lobby.guests[0].heard(), below.heard()) == (["up"], ["down"])
        wire.take()
        cellar.asked[0][0].emit("echo", b"1")
        assert wire.sent == [b'42/cellar,["echo",1]']

    def test_second_connect_to_the_same_namespace_closes(self, world: World, cellar: Door) -> None:
        for first in (b"40", b"40/cellar"):
            session, wire = world.connection()
            session.text(first)
            session.text(first)
            assert wire.closed_with == (1002, "parse error")

    def test_connection_without_a_namespace_is_closed_after_the_timeout(self, world: World) -> None:
        session, wire = world.connection()
        session.text(b"40/random")
        session.text(b"40/cellar")
        engine = world.engine
        engine.clock.forward(26)
        session.text(b"3")
        engine.clock.forward(18.8)
        assert wire.alive()
        engine.clock.forward(0.5)
        assert wire.closed_with == (1008, "connect timeout")

    def test_connected_client_outlives_the_timeout(self, world: World) -> None:
        session, wire = connected(world)
        for _ in range(3):
            world.engine.clock.forward(25.3)
            session.text(b"3")
        assert wire.alive()

    def test_socket_knows_the_address_it_came_from(self, world: World, lobby: Door) -> None:
        connected(world)
        assert lobby.asked[0][0].client == "192.0.2.7"
        assert lobby.asked[0][0].opening.query == {}


class TestBeforeBeingLetIn:
    def test_events_are_held_and_come_in_order(self, world: World, cellar: Door) -> None:
        session, wire = world.connection()
        session.text(b"40/cellar")
        session.text(b'42/cellar,["one"]')
        session.text(b'42/cellar,["two"]')
        assert wire.sent == []
        assert cellar.let_in(cellar.asked[0][0]).heard() == ["one", "two"]

    def test_too_many_events_close_the_connection(self, world: World, cellar: Door) -> None:
        session, wire = world.connection()
        session.text(b"40/cellar")
        for _ in range(MAX_HELD_EVENTS):
            session.text(b'42/cellar,["x"]')
        assert wire.alive()
        session.text(b'42/cellar,["x"]')
        assert wire.closed_with == (1008, "too much before being let in")

    def test_too_many_bytes_close_the_connection(self, world: World, cellar: Door) -> None:
        session, wire = world.connection()
        session.text(b"40/cellar")
        session.text(b'42/cellar,["x","' + b"y" * MAX_HELD_BYTES + b'"]')
        assert not wire.alive()

    def test_acceptance_that_comes_too_late_is_told_so_once(self, world: World, cellar: Door) -> None:
        session, wire = world.connection()
        session.text(b"40/cellar")
        session.closed(1006, "")
        guest = cellar.let_in(cellar.asked[0][0])
        assert guest.ends == ["transport close"]
        cellar.asked[0][0].send(event_frame("x"))
        cellar.asked[0][0].refuse("late")
        assert wire.sent == []


class TestEvents:
    def test_event_reaches_the_handler_with_raw_arguments(self, world: World, lobby: Door) -> None:
        session, _ = connected(world)
        session.text(b'427["move",{"x": 1}]')
        (event,) = lobby.guests[0].events
        assert (event.name, event.ack, bytes(event.args[0])) == ("move", 7, b'{"x": 1}')

    def test_acknowledgement_goes_back_with_the_id(self, world: World, lobby: Door) -> None:
        _, wire = connected(world)
        lobby.asked[0][0].acknowledge(7, b"1", b'"2"')
        lobby.asked[0][0].acknowledge(8, placeholder(0), attachments=(b"\x01",))
        assert wire.sent == [b'437[1,"2"]', b'461-8[{"_placeholder":true,"num":0}]', b"\x01"]

    def test_binary_event_comes_once_its_attachments_have(self, world: World, lobby: Door) -> None:
        session, _ = connected(world)
        session.text(b'452-1["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        session.binary(b"\x01")
        assert lobby.guests[0].events == []
        session.binary(b"\x02")
        (event,) = lobby.guests[0].events
        assert (event.name, event.ack, event.attachments) == ("x", 1, (b"\x01", b"\x02"))

    def test_frame_made_for_many_is_passed_on_as_it_is(self, world: World, lobby: Door) -> None:
        _, wire = connected(world)
        frame: Frame = event_frame("state", b"{}")
        lobby.asked[0][0].send(frame)
        assert wire.frames[-1] is frame

    def test_answer_reaches_whoever_asked(self, world: World, lobby: Door) -> None:
        session, wire = connected(world)
        answers: list[Acknowledgement] = []
        first = lobby.asked[0][0].ask("one?", answer=answers.append)
        second = lobby.asked[0][0].ask("two?", b"2", answer=answers.append)
        assert wire.sent == [b'42%d["one?"]' % first, b'42%d["two?",2]' % second]
        session.text(b'43%d["yes"]' % second)
        session.text(b'461-%d[{"_placeholder":true,"num":0}]' % first)
        session.binary(b"\x01")
        assert [(answer.id, answer.attachments) for answer in answers] == [(second, ()), (first, (b"\x01",))]

    def test_answer_counts_once_and_not_at_all_when_forgotten(self, world: World, lobby: Door) -> None:
        session, wire = connected(world)
        answers: list[Acknowledgement] = []
        ack = lobby.asked[0][0].ask("one?", answer=answers.append)
        lobby.asked[0][0].forget(lobby.asked[0][0].ask("two?", answer=answers.append))
        for text in (b"43%d[]" % ack, b"43%d[]" % ack, b"43%d[]" % (ack + 1), b"43999[]"):
            session.text(text)
        assert len(answers) == 1
        assert wire.alive()

    def test_paused_socket_hears_its_events_after_resume(self, world: World, lobby: Door) -> None:
        session, _ = connected(world)
        lobby.asked[0][0].pause()
        session.text(b'42["one"]')
        assert lobby.guests[0].heard() == []
        lobby.asked[0][0].resume()
        assert lobby.guests[0].heard() == ["one"]


BINARY = b'451-["x",{"_placeholder":true,"num":0}]'


@pytest.mark.parametrize(
    "before",
    [[], [b"40"], [b"40/cellar,"]],
    ids=["unconnected", "connected", "pending"],
)
@pytest.mark.parametrize(
    "texts",
    [
        [b"4abc"],
        [b"42{}"],
        [b"42"],
        [b"43[]"],
        [b'42abc["x"]'],
        [b'42/nowhere,["x"]'],
        [b"43/nowhere,1[]"],
        [b"41/nowhere"],
        [b'451-/nowhere,["x",{"_placeholder":true,"num":0}]'],
        [b"40[]"],
        [b'44{"message":"x"}'],
        [b'42["disconnect"]'],
        [b'42["x",' + b"[" * 100_000 + b"]" * 100_001],
    ],
)
def test_invalid_packet_closes_the_connection(world: World, before: list[bytes], texts: list[bytes]) -> None:
    session, wire = world.connection()
    for text in (*before, *texts):
        session.text(text)
    assert wire.closed_with == (1002, "parse error")


@pytest.mark.parametrize("text", [b'42["x"]', b"41", b"431[]", BINARY, b'421["x"]'])
def test_connect_must_come_first(world: World, text: bytes) -> None:
    session, wire = world.connection()
    session.text(text)
    assert wire.closed_with == (1002, "parse error")


def test_text_between_attachments_closes_the_connection(world: World, lobby: Door) -> None:
    session, wire = connected(world)
    session.text(BINARY)
    session.text(b'42["x"]')
    assert wire.closed_with == (1002, "parse error")
    assert lobby.guests[0].events == []


def test_attachment_nobody_announced_closes_the_connection(world: World) -> None:
    session, wire = connected(world)
    session.text(BINARY)
    session.binary(b"\x01")
    assert wire.alive()
    session.binary(b"\x02")
    assert wire.closed_with == (1002, "parse error")


def test_attachments_beyond_their_bound_close_the_connection(world: World, lobby: Door) -> None:
    session, wire = connected(world)
    session.text(b'452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    session.binary(b"x" * 600)
    assert wire.alive()
    session.binary(b"x" * 600)
    assert not wire.alive()
    assert lobby.guests[0].events == []


class TestDisconnect:
    def test_client_leaves_one_namespace_and_stays_in_the_other(
        self, world: World, lobby: Door, cellar: Door
    ) -> None:
        session, wire = connected(world)
        session.text(b"40/cellar")
        below = cellar.let_in(cellar.asked[0][0])
        session.text(b"41/cellar")
        session.text(b'42["still"]')
        assert below.ends == ["client namespace disconnect"]
        assert lobby.guests[0].heard() == ["still"]
        assert wire.alive()

    def test_client_that_left_may_come_back(self, world: World, lobby: Door) -> None:
        session, wire = connected(world)
        session.text(b"41")
        session.text(b"40")
        session.text(b'42["again"]')
        assert [guest.heard() for guest in lobby.guests] == [[], ["again"]]
        assert lobby.asked[0][0].id != lobby.asked[1][0].id
        assert wire.alive()

    def test_client_that_comes_and_goes_for_ever_is_closed(self, world: World, lobby: Door) -> None:
        session, wire = connected(world)
        for _ in range(MAX_CONNECTS - 1):
            session.text(b"41")
            session.text(b"40")
        assert wire.alive()
        session.text(b"40/nowhere")
        assert wire.closed_with == (1008, "too many connects")
        assert len(lobby.guests) == MAX_CONNECTS

    def test_client_that_left_sends_no_more_events(self, world: World) -> None:
        session, wire = connected(world)
        session.text(b"41")
        session.text(b'42["x"]')
        assert wire.closed_with == (1002, "parse error")

    def test_client_that_left_its_last_namespace_has_the_timeout_again(self, world: World) -> None:
        session, wire = connected(world)
        world.engine.clock.forward(26)
        session.text(b"3")
        session.text(b"41")
        world.engine.clock.forward(26)
        session.text(b"3")
        assert wire.alive()
        world.engine.clock.forward(20)
        assert wire.closed_with == (1008, "connect timeout")

    def test_client_put_out_is_told_and_what_it_still_sends_is_ignored(
        self, world: World, lobby: Door
    ) -> None:
        session, wire = connected(world)
        socket = lobby.asked[0][0]
        socket.disconnect()
        socket.disconnect()
        socket.send(event_frame("unheard"))
        assert wire.take() == [b"41"]
        session.text(b'42["crossing"]')
        session.text(b"431[]")
        assert lobby.guests[0].ends == ["server namespace disconnect"]
        assert lobby.guests[0].events == []
        session.text(b"40")
        assert wire.sent[0].startswith(b"40{")

    def test_lost_connection_ends_every_socket_once(self, world: World, lobby: Door, cellar: Door) -> None:
        session, _ = connected(world)
        session.text(b"40/cellar")
        below = cellar.let_in(cellar.asked[0][0])
        session.closed(1006, "")
        session.closed(1006, "")
        assert (lobby.guests[0].ends, below.ends) == (["transport close"], ["transport close"])
        assert len(world.engine.clock.wheel) == 0

    def test_closing_a_socket_closes_the_connection(self, world: World, lobby: Door) -> None:
        _, wire = connected(world)
        lobby.asked[0][0].close(4001, "replaced")
        assert wire.closed_with == (4001, "replaced")
        assert lobby.guests[0].ends == ["replaced"]
