"""Any order of requests, WebSocket messages, timeouts and calls leaves a session sound: the rules that always hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from tests.transports.engine_room import Clock, Engine, Recorder, Request, Wire
from tutti.service.frames import Attached, Frame
from tutti.transports.engineio import EngineSession, EngineSettings, Opening, Probe
from tutti.transports.socketio import Socket, SocketServer
from tutti.transports.socketio_packets import Event, placeholder

QUERY = {"EIO": "4", "transport": "websocket"}
packets = st.sampled_from(
    [b"", b"0", b"1", b"2", b"2probe", b"3", b"4", b"4hi", b"5", b"6", b"x"]
) | st.binary(max_size=5)
payloads = st.lists(packets | st.just(b"bAQI="), max_size=4).map(b"\x1e".join)
reactions = st.sampled_from(["nothing", "answer", "close", "pause", "resume", "pause and resume", "fail"])


class Sessions(RuleBasedStateMachine):
    """One session, opened either way, whose conversation reacts as it is told."""

    wires = Bundle("wires")
    probes = Bundle("probes")

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(EngineSettings(max_buffered=2000))
        self.requests: list[Request] = []
        self.polls: list[Request] = []
        self.reaction = "nothing"
        self.session = self.engine.open_polling()
        self.recorder: Recorder = self.engine.heard()
        self.recorder.on_message = self.react

    def react(self, text: bytes) -> None:
        match self.reaction:
            case "answer":
                self.session.send(Frame(b"4" + text))
            case "close":
                self.session.close(1000, "bye")
            case "pause":
                self.session.pause()
            case "resume":
                self.session.resume()
            case "pause and resume":
                self.session.pause()
                self.session.resume()
            case "fail":
                raise ZeroDivisionError

    @rule(reaction=reactions)
    def change_mind(self, reaction: str) -> None:
        self.reaction = reaction

    @rule()
    def get(self) -> None:
        request = Request()
        self.requests.append(request)
        self.polls.append(request)
        self.session.poll(request)

    @precondition(lambda self: self.polls)
    @rule()
    def abandon_the_first_get(self) -> None:
        request = self.polls.pop(0)
        self.requests.remove(request)
        self.session.poll_lost(request)

    @rule(body=payloads)
    def post(self, body: bytes) -> None:
        request = Request()
        if self.session.begin_post() is None:
            self.requests.append(request)
            self.session.posted(request, body)

    @rule()
    def abandon_a_post(self) -> None:
        if self.session.begin_post() is None:
            self.session.post_lost()

    @rule(target=probes)
    def begin_upgrade(self) -> tuple[Probe, Wire] | None:
        probe = self.engine.server.connect(Opening("192.0.2.7", {}, {}), {**QUERY, "sid": self.session.sid})
        if not isinstance(probe, Probe):
            return None
        wire = Wire()
        probe.opened(wire)
        return probe, wire

    @rule(probe=probes, packet=packets)
    def websocket_text(self, probe: tuple[Probe, Wire] | None, packet: bytes) -> None:
        if probe is not None and probe[1].alive():
            probe[0].text(packet)

    @rule(probe=probes)
    def complete_upgrade(self, probe: tuple[Probe, Wire] | None) -> None:
        for packet in (b"2probe", b"5"):
            self.websocket_text(probe, packet)

    @rule(probe=probes)
    def websocket_lost(self, probe: tuple[Probe, Wire] | None) -> None:
        if probe is not None and probe[1].alive():
            probe[1].close(1006, "")
            probe[0].closed(1006, "")

    @rule(size=st.integers(0, 900))
    def send(self, size: int) -> None:
        self.session.send(Attached(b"4", (b"x" * size,)))

    @rule()
    def pause(self) -> None:
        self.session.pause()

    @rule()
    def resume(self) -> None:
        self.session.resume()

    @rule()
    def close(self) -> None:
        self.session.close(1000, "bye")

    @rule(seconds=st.sampled_from([1, 12, 21, 26, 46]))
    def time_passes(self, seconds: int) -> None:
        self.engine.clock.forward(seconds)

    @invariant()
    def end_is_said_once_and_exactly_when_it_is_over(self) -> None:
        assert len(self.recorder.ends) == (0 if self.session.open else 1)

    @invariant()
    def no_request_is_answered_twice(self) -> None:
        assert all(len(request.answers) <= 1 for request in self.requests)

    @invariant()
    def whatever_is_over_leaves_nothing_behind(self) -> None:
        if self.session.sid not in self.engine.server.sessions:
            assert len(self.engine.clock.wheel) == 0
            assert all(request.answers for request in self.requests)

    @invariant()
    def open_session_is_known(self) -> None:
        assert not self.session.open or self.session.sid in self.engine.server.sessions

    @invariant()
    def at_most_one_get_waits(self) -> None:
        assert sum(not request.answers for request in self.polls) <= 1


Sessions.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestSessions = Sessions.TestCase


class _Guest:
    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.ends: list[str] = []

    def event(self, event: Event) -> None:
        assert not self.ends
        if event.ack is not None:
            self.socket.acknowledge(event.ack, *map(bytes, event.args), attachments=event.attachments)
        if event.name == "leave":
            self.socket.disconnect()

    def closed(self, reason: str) -> None:
        self.ends.append(reason)


class _Open:
    def __init__(self) -> None:
        self.guests: list[_Guest] = []

    def connect(self, socket: Socket, auth: bytes | None) -> None:
        self.guests.append(_Guest(socket))
        socket.accept(self.guests[-1])


binary = b'451-["x",%s]' % placeholder(0)
messages = st.sampled_from(
    [
        b"40",
        b"40/a",
        b"40/b",
        b"41",
        b"41/a",
        b'42["x"]',
        b'42/a,1["x",2]',
        b'42["leave"]',
        binary,
        b"430[]",
        b"3",
    ]
)
received = st.lists(
    messages
    | messages
    | messages
    | st.binary(max_size=20).map(lambda b: b"4" + b)
    | st.just(bytearray(b"\x01")),
    max_size=12,
)


@given(received)
def test_socket_io_session_survives_whatever_arrives(arriving: list[bytes | bytearray]) -> None:
    clock, door = Clock(), _Open()
    server = SocketServer({"/": door, "/a": door}, wheel=clock.wheel, new_id=lambda: "id")
    engine = Engine(converse=server.converse, clock=clock)
    session, wire = engine.open_websocket()
    assert isinstance(session, EngineSession)
    for data in (b"40", *arriving):
        if isinstance(data, bytearray):
            session.binary(bytes(data))
        else:
            session.text(data)
    assert wire.closed_with in (None, (1002, "parse error"))
    session.closed(1006, "")
    assert all(len(guest.ends) == 1 for guest in door.guests)
    assert len(clock.wheel) == 0
