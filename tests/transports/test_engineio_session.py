"""Engine.IO v4, the session: handshake, messages, heartbeat, upgrade, close; no network anywhere."""

from __future__ import annotations

import json
import time

import pytest

from tests.transports.engine_room import Engine, Request, Wire, get, post
from tutti.service.frames import Attached, Frame
from tutti.transports.engineio import Caps, EngineSession, EngineSettings, Opening, Probe, Refusal
from tutti.transports.engineio_packets import BinaryFrame
from tutti.transports.engineio_session import EngineSession as Session

POLLING = {"EIO": "4", "transport": "polling"}
WEBSOCKET = {"EIO": "4", "transport": "websocket"}
NOBODY = Opening("192.0.2.7", {}, {})


@pytest.fixture
def engine() -> Engine:
    return Engine()


def upgrade(engine: Engine, session: EngineSession) -> tuple[Probe, Wire]:
    """A second WebSocket for this session, opened and silent."""
    probe = engine.server.connect(NOBODY, {**WEBSOCKET, "sid": session.sid})
    assert isinstance(probe, Probe)
    wire = Wire()
    probe.opened(wire)
    return probe, wire


class TestHandshake:
    def test_polling_opens_with_an_open_packet_that_offers_websocket(self, engine: Engine) -> None:
        session = engine.server.create(NOBODY)
        assert isinstance(session, Session)
        request = Request()
        session.begin(request)
        assert request.answered is not None
        status, body = request.answered
        assert (status, body[:1]) == (200, b"0")
        assert json.loads(body[1:]) == {
            "sid": session.sid,
            "upgrades": ["websocket"],
            "pingInterval": 25000,
            "pingTimeout": 20000,
            "maxPayload": 1000000,
        }

    def test_websocket_opens_with_an_open_packet_that_offers_nothing_better(self, engine: Engine) -> None:
        _, wire = engine.open_websocket()
        (packet,) = wire.sent
        assert json.loads(packet[1:])["upgrades"] == []

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"EIO": "4"}, 0),
            ({"EIO": "4", "transport": "abc"}, 0),
            ({"EIO": "4", "transport": "polling", "sid": "nobody"}, 1),
            ({"transport": "polling"}, 5),
            ({"EIO": "3", "transport": "polling"}, 5),
            ({"EIO": "abc", "transport": "websocket"}, 5),
        ],
    )
    def test_wrong_query_is_refused_with_the_public_code(
        self, engine: Engine, query: dict[str, str], code: int
    ) -> None:
        refusal = engine.server.find(query)
        assert isinstance(refusal, Refusal)
        assert refusal.status == 400
        assert json.loads(refusal.body)["code"] == code

    def test_version_is_asked_for_on_every_request(self, engine: Engine) -> None:
        session = engine.open_polling()
        assert isinstance(engine.server.find({"transport": "polling", "sid": session.sid}), Refusal)

    def test_sessions_beyond_a_cap_are_refused_until_one_leaves(self) -> None:
        engine = Engine(EngineSettings(caps=Caps(total=3, per_address=2)))
        first = engine.open_polling("192.0.2.1")
        engine.open_websocket("192.0.2.1")
        same_address = engine.server.create(Opening("192.0.2.1", {}, {}))
        engine.open_polling("192.0.2.2")
        anybody = engine.server.create(Opening("192.0.2.3", {}, {}))
        assert isinstance(same_address, Refusal)
        assert isinstance(anybody, Refusal)
        assert (same_address.status, anybody.status) == (429, 503)
        post(first, b"1")
        assert isinstance(engine.server.create(Opening("192.0.2.1", {}, {})), Session)

    def test_sessions_beyond_so_many_a_second_are_refused_until_the_next(self) -> None:
        engine = Engine(EngineSettings(caps=Caps(per_second=2)))
        engine.open_polling("192.0.2.1")
        engine.open_polling("192.0.2.2")
        assert isinstance(engine.server.create(NOBODY), Refusal)
        engine.clock.forward(1.0)
        assert isinstance(engine.server.create(NOBODY), Session)

    def test_one_address_cannot_keep_everybody_else_out(self) -> None:
        engine = Engine(EngineSettings(caps=Caps(per_second=10)))
        for _ in range(5):
            session, wire = engine.open_websocket("192.0.2.1")
            session.closed(1000, "")
            assert wire.closed_with is not None
        again = engine.server.create(Opening("192.0.2.1", {}, {}))
        assert isinstance(again, Refusal)
        assert again.status == 429
        engine.open_polling("192.0.2.2")
        engine.clock.forward(0.3)
        engine.open_polling("192.0.2.1")


class TestPolling:
    def test_posted_messages_are_delivered_in_order_and_answered_ok(self, engine: Engine) -> None:
        session = engine.open_polling()
        assert post(session, b"4one\x1ebAQI=\x1e4two").answered == (200, b"ok")
        assert engine.heard().heard == [b"one", ("binary", b"\x01\x02"), b"two"]

    def test_get_is_answered_with_everything_that_waits(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.send(Frame(b"4one"))
        session.send(Attached(b"451-[]", (b"\x01\x02",)))
        assert get(session).answered == (200, b"4one\x1e451-[]\x1ebAQI=")

    def test_get_waits_until_there_is_something(self, engine: Engine) -> None:
        session = engine.open_polling()
        request = get(session)
        assert request.answered is None
        session.send(BinaryFrame(b"\x01\x02"))
        assert request.answered == (200, b"bAQI=")

    def test_answers_to_one_post_leave_in_one_get(self, engine: Engine) -> None:
        session = engine.open_polling()
        engine.heard().on_message = lambda text: session.send(Frame(b"4" + text))
        request = get(session)
        post(session, b"4one\x1e4two")
        assert request.answered == (200, b"4one\x1e4two")

    def test_second_get_at_the_same_time_closes_the_session(self, engine: Engine) -> None:
        session = engine.open_polling()
        first, second = get(session), get(session)
        assert first.answered == (200, b"1")
        assert second.answered is not None
        assert second.answered[0] == 400
        assert not engine.knows(session)
        assert engine.heard().ends == ["transport error"]

    def test_second_post_at_the_same_time_closes_the_session(self, engine: Engine) -> None:
        session = engine.open_polling()
        assert session.begin_post() is None
        second, first = post(session, b"4two"), Request()
        session.posted(first, b"4one")
        assert [request.answered and request.answered[0] for request in (first, second)] == [400, 400]
        assert engine.heard().heard == []
        assert not engine.knows(session)

    @pytest.mark.parametrize("body", [b"", b"abc", b"4ok\x1e!", b"2", b"0", b"5", b"b***"])
    def test_invalid_packet_closes_the_session(self, engine: Engine, body: bytes) -> None:
        session = engine.open_polling()
        post(session, body)
        assert engine.heard().ends == ["parse error"]
        assert not engine.knows(session)

    def test_payload_with_one_malformed_packet_delivers_none(self, engine: Engine) -> None:
        session = engine.open_polling()
        request = post(session, b"4ok\x1eabc")
        assert request.answered is not None
        assert request.answered[0] == 400
        assert engine.heard().heard == []

    def test_abandoned_get_closes_the_session(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.poll_lost(get(session))
        assert engine.heard().ends == ["transport close"]
        assert not engine.knows(session)

    def test_abandoned_post_closes_the_session(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.begin_post()
        session.post_lost()
        assert engine.heard().ends == ["transport close"]

    def test_client_that_never_polls_is_cut_at_the_buffer_bound(self) -> None:
        engine = Engine(EngineSettings(max_buffered=1000))
        session = engine.open_polling()
        for _ in range(10):
            session.send(Frame(b"4" + b"x" * 99))
        assert engine.heard().ends == []
        session.send(Frame(b"4"))
        assert engine.heard().ends == ["too slow"]
        assert not engine.knows(session)

    def test_polling_does_not_grow_the_buffer(self) -> None:
        engine = Engine(EngineSettings(max_buffered=1000))
        session = engine.open_polling()
        for _ in range(100):
            session.send(Attached(b"4", (b"x" * 900,)))
            assert get(session).answered is not None
        assert engine.heard().ends == []


class TestWebSocket:
    def test_messages_come_and_go_as_they_are(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        session.text(b"4hello")
        session.binary(b"\x01\x02")
        assert engine.heard().heard == [b"hello", ("binary", b"\x01\x02")]
        frame = Frame(b"4world")
        session.send(frame)
        assert wire.frames[-1] is frame

    @pytest.mark.parametrize("text", [b"", b"abc", b"2", b"2probe", b"0", b"5", b"7"])
    def test_invalid_packet_closes_the_connection(self, engine: Engine, text: bytes) -> None:
        session, wire = engine.open_websocket()
        session.text(text)
        assert wire.closed_with == (1002, "parse error")
        session.text(b"4late")
        assert engine.heard().heard == []
        assert engine.heard().ends == ["parse error"]

    def test_lost_connection_ends_the_session_once(self, engine: Engine) -> None:
        session, _ = engine.open_websocket()
        session.closed(1006, "")
        session.close(1000, "bye")
        assert engine.heard().ends == ["transport close"]
        assert not engine.server.sessions

    def test_sid_of_a_websocket_session_is_refused_to_others(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        assert isinstance(engine.server.connect(NOBODY, {**WEBSOCKET, "sid": session.sid}), Refusal)
        for request in (get(session), post(session, b"4no")):
            assert request.answered is not None
            assert request.answered[0] == 400
        session.text(b"4still here")
        assert engine.heard().heard == [b"still here"]
        assert wire.alive()

    def test_failing_conversation_closes_with_an_internal_error(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()

        def fail(_text: bytes) -> None:
            raise ZeroDivisionError

        engine.heard().on_message = fail
        session.text(b"4x")
        assert wire.closed_with == (1011, "internal error")
        assert engine.heard().ends == ["internal error"]


class TestHeartbeat:
    def test_server_pings_at_the_interval_for_as_long_as_it_is_answered(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        wire.take()
        for _ in range(3):
            engine.clock.forward(24.5)
            assert wire.take() == []
            engine.clock.forward(0.7)
            assert wire.take() == [b"2"]
            session.text(b"3")
        assert wire.alive()

    def test_the_first_ping_may_come_early_and_tells_the_round_trip(self) -> None:
        engine = Engine(EngineSettings(first_ping_s=2.0))
        session, wire = engine.open_websocket()
        wire.take()
        engine.clock.forward(2.2)
        assert wire.take() == [b"2"]
        assert session.rtt_s is None
        engine.clock.forward(0.3)
        session.text(b"3")
        assert session.rtt_s == pytest.approx(0.3, abs=0.15)
        engine.clock.forward(24.0)
        assert wire.take() == []

    def test_websocket_without_a_pong_is_closed_after_the_timeout(self, engine: Engine) -> None:
        _, wire = engine.open_websocket()
        engine.clock.forward(44.5)
        assert wire.alive()
        engine.clock.forward(0.7)
        assert wire.closed_with == (1001, "ping timeout")
        assert engine.heard().ends == ["ping timeout"]

    def test_polling_is_pinged_through_the_get_and_answers_through_the_post(self, engine: Engine) -> None:
        session = engine.open_polling()
        for _ in range(3):
            request = get(session)
            engine.clock.forward(25.2)
            assert request.answered == (200, b"2")
            assert post(session, b"3").answered == (200, b"ok")
        assert engine.knows(session)

    def test_late_session_is_unknown_even_before_the_wheel_turns(self, engine: Engine) -> None:
        session = engine.open_polling()
        engine.clock.forward(44.9)
        assert engine.knows(session)
        engine.clock.now_s += 0.3
        assert not engine.knows(session)

    def test_pong_nobody_asked_for_changes_nothing(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        engine.clock.forward(20)
        session.text(b"3")
        engine.clock.forward(5.2)
        assert wire.sent[-1] == b"2"

    def test_dead_sessions_leave_no_timer(self, engine: Engine) -> None:
        session, _ = engine.open_websocket()
        session.closed(1006, "")
        assert len(engine.clock.wheel) == 0


class TestUpgrade:
    def test_probe_is_answered_and_the_waiting_get_released(self, engine: Engine) -> None:
        session = engine.open_polling()
        request = get(session)
        probe, wire = upgrade(engine, session)
        assert request.answered is None
        probe.text(b"2probe")
        assert wire.sent == [b"3probe"]
        assert request.answered == (200, b"6")

    def test_get_that_comes_after_the_probe_is_released_at_once(self, engine: Engine) -> None:
        session = engine.open_polling()
        probe, _ = upgrade(engine, session)
        probe.text(b"2probe")
        assert get(session).answered == (200, b"6")

    def test_nothing_is_lost_or_reordered_across_the_upgrade(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.send(Frame(b"4one"))
        probe, wire = upgrade(engine, session)
        probe.text(b"2probe")
        assert get(session).answered == (200, b"4one")
        session.send(Frame(b"4two"))
        session.send(Attached(b"451-[]", (b"\x01",)))
        assert wire.sent == [b"3probe"]
        probe.text(b"5")
        session.send(Frame(b"4three"))
        assert wire.sent == [b"3probe", b"4two", b"451-[]", b"\x01", b"4three"]

    def test_after_the_upgrade_packets_flow_and_http_is_refused(self, engine: Engine) -> None:
        session = engine.open_polling()
        probe, _ = upgrade(engine, session)
        probe.text(b"2probe")
        probe.text(b"5")
        probe.text(b"4hello")
        probe.binary(b"\x01")
        assert engine.heard().heard == [b"hello", ("binary", b"\x01")]
        for request in (get(session), post(session, b"4no")):
            assert request.answered is not None
            assert request.answered[0] == 400
        assert session.open
        assert session.transport == "websocket"

    @pytest.mark.parametrize(
        "packets", [[b"5"], [b"4x"], [b"2"], [b"2probe", b"2probe"], [b"2probe", b"4x"], [b""]]
    )
    def test_failed_probe_is_closed_and_polling_goes_on(self, engine: Engine, packets: list[bytes]) -> None:
        session = engine.open_polling()
        probe, wire = upgrade(engine, session)
        for packet in packets:
            probe.text(packet)
        assert wire.closed_with is not None
        session.send(Frame(b"4on"))
        assert get(session).answered == (200, b"4on")
        another, _ = upgrade(engine, session)
        assert not another.answered

    def test_probe_that_was_given_up_cannot_take_over(self, engine: Engine) -> None:
        session = engine.open_polling()
        probe, _ = upgrade(engine, session)
        probe.text(b"2probe")
        engine.clock.forward(10.2)
        probe.text(b"5")
        assert session.transport == "polling"

    def test_probe_that_stays_silent_is_closed(self, engine: Engine) -> None:
        session = engine.open_polling()
        _, wire = upgrade(engine, session)
        engine.clock.forward(10.2)
        assert wire.closed_with == (1002, "upgrade timeout")
        assert session.open

    def test_lost_probe_leaves_the_session_to_another(self, engine: Engine) -> None:
        session = engine.open_polling()
        probe, _ = upgrade(engine, session)
        probe.closed(1006, "")
        upgrade(engine, session)
        assert session.open

    def test_second_websocket_is_refused_while_one_probes_and_after(self, engine: Engine) -> None:
        session = engine.open_polling()
        late = engine.server.connect(NOBODY, {**WEBSOCKET, "sid": session.sid})
        probe, wire = upgrade(engine, session)
        assert isinstance(engine.server.connect(NOBODY, {**WEBSOCKET, "sid": session.sid}), Refusal)
        assert isinstance(late, Probe)
        late_wire = Wire()
        late.opened(late_wire)
        assert late_wire.closed_with is not None
        probe.text(b"2probe")
        probe.text(b"5")
        assert isinstance(engine.server.connect(NOBODY, {**WEBSOCKET, "sid": session.sid}), Refusal)
        assert wire.alive()

    def test_session_that_ends_takes_its_probe_along(self, engine: Engine) -> None:
        session = engine.open_polling()
        _, wire = upgrade(engine, session)
        post(session, b"1")
        assert wire.closed_with is not None
        assert len(engine.clock.wheel) == 0

    def test_lost_upgraded_websocket_ends_the_session(self, engine: Engine) -> None:
        session = engine.open_polling()
        probe, _ = upgrade(engine, session)
        probe.text(b"2probe")
        probe.text(b"5")
        probe.closed(1006, "")
        assert engine.heard().ends == ["transport close"]


class TestClose:
    def test_client_closes_over_polling_and_its_get_is_released(self, engine: Engine) -> None:
        session = engine.open_polling()
        request = get(session)
        assert post(session, b"1").answered == (200, b"ok")
        assert request.answered == (200, b"6")
        assert engine.heard().ends == ["transport close"]
        assert not engine.knows(session)

    def test_client_closes_over_websocket(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        session.text(b"1")
        assert wire.closed_with == (1000, "transport close")
        assert engine.heard().ends == ["transport close"]

    def test_server_closes_a_waiting_get_with_a_close_packet(self, engine: Engine) -> None:
        session = engine.open_polling()
        request = get(session)
        session.close(1012, "server shutting down")
        assert request.answered == (200, b"1")
        assert not engine.knows(session)

    def test_what_was_sent_before_the_close_reaches_the_next_get(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.send(Frame(b"4last words"))
        session.close(1012, "server shutting down")
        assert engine.heard().ends == ["server shutting down"]
        session.send(Frame(b"4too late"))
        assert get(session).answered == (200, b"4last words\x1e1")
        assert not engine.knows(session)
        assert engine.heard().ends == ["server shutting down"]

    def test_close_that_is_never_fetched_is_forgotten(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.close(1000, "bye")
        engine.clock.forward(20.2)
        assert not engine.knows(session)
        assert len(engine.clock.wheel) == 0

    def test_server_goes_away_with_all_its_sessions(self, engine: Engine) -> None:
        engine.open_polling()
        _, wire = engine.open_websocket()
        engine.server.close(1012, "server shutting down")
        assert wire.closed_with == (1012, "server shutting down")
        assert [recorder.ends for recorder in engine.recorders] == [["server shutting down"]] * 2


class TestBackPressure:
    def test_paused_websocket_is_not_read_and_delivers_later_in_order(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        session.pause()
        assert not wire.is_reading()
        session.text(b"4one")
        session.binary(b"\x02")
        assert engine.heard().heard == []
        session.resume()
        session.text(b"4three")
        assert wire.is_reading()
        assert engine.heard().heard == [b"one", ("binary", b"\x02"), b"three"]

    def test_post_to_a_paused_session_is_answered_when_it_was_delivered(self, engine: Engine) -> None:
        session = engine.open_polling()
        engine.heard().on_message = lambda _text: session.pause()
        request = post(session, b"4one\x1e4two")
        assert engine.heard().heard == [b"one"]
        assert request.answered is None
        session.resume()
        assert engine.heard().heard == [b"one", b"two"]
        assert request.answered is None
        session.resume()
        assert request.answered == (200, b"ok")

    def test_pausing_and_resuming_within_a_message_keeps_order_and_stack(self, engine: Engine) -> None:
        session = engine.open_polling()

        def blink(_text: bytes) -> None:
            session.pause()
            session.resume()

        engine.heard().on_message = blink
        numbers = [str(n).encode() for n in range(5000)]
        assert post(session, b"\x1e".join(b"4" + n for n in numbers)).answered == (200, b"ok")
        assert engine.heard().heard == numbers

    def test_paused_session_is_not_blamed_for_a_pong_nobody_read(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        session.pause()
        engine.clock.forward(100)
        assert wire.alive()
        session.resume()
        engine.clock.forward(19)
        session.text(b"3")
        engine.clock.forward(24)
        assert wire.alive()

    def test_pause_after_the_ping_gives_the_pong_its_time_again(self, engine: Engine) -> None:
        session, wire = engine.open_websocket()
        engine.clock.forward(26)
        session.pause()
        engine.clock.forward(30)
        session.resume()
        engine.clock.forward(19)
        assert wire.alive()
        session.text(b"3")
        engine.clock.forward(24)
        assert wire.alive()

    def test_paused_polling_session_stays_paused_across_the_upgrade(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.pause()
        probe, wire = upgrade(engine, session)
        probe.text(b"2probe")
        probe.text(b"5")
        assert not wire.is_reading()
        probe.text(b"4later")
        assert engine.heard().heard == []
        session.resume()
        assert engine.heard().heard == [b"later"]

    def test_closed_while_paused_answers_the_held_post(self, engine: Engine) -> None:
        session = engine.open_polling()
        session.pause()
        request = post(session, b"4one")
        session.close(1000, "bye")
        assert request.answered == (200, b"ok")
        assert engine.heard().heard == []


def test_payload_full_of_tiny_packets_is_taken_in_linear_time(engine: Engine) -> None:
    session = engine.open_polling()
    began = time.process_time()
    post(session, b"\x1e".join([b"6"] * 500_000))
    assert time.process_time() - began < 5
    assert session.open
