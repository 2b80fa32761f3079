"""Guide 000's sentences: its own examples, what is no sentence, and what the dialect says it cannot say or hear."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clocks import TurnedClock
from tests.dialects.listening import HALF_PAST_TEN_MS
from tests.rooms import numbered, opened
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.commands import COMMANDS, Report
from tutti.core.events import EVENTS, CloseReason, Event, LeaveReason, Move
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room, evolve, fold
from tutti.core.roster import Member, Role
from tutti.core.timeline import Timeline
from tutti.dialects.listen.codes import ALPHABET, new_code
from tutti.dialects.listen.dialect import Listen, iso
from tutti.service.dialect import Ask, Enter, Malformed, Resync, Sentence, Viewer
from tutti.service.frames import Frame
from tutti.transports.socketio_packets import event_frame

LISTEN = Listen(event_frame, TurnedClock(wall_ahead_ms=HALF_PAST_TEN_MS))
CODE = RoomId("ABC123")
BOB = MemberId("bob")
TRACK = Media("spotify:track:xxx", "spotify", "track")


def hear(name: str, said: str | bytes) -> Sentence:
    raw = said.encode() if isinstance(said, str) else said
    return LISTEN.hear(name, [msgspec.Raw(raw)], 1_000.0)


def test_the_guides_join_is_a_request_to_enter() -> None:
    said = '{"sessionId": "ABC123", "role": "client", "userId": "spotify_user_id"}'
    assert hear("join_session", said) == Enter(CODE, MemberId("spotify_user_id"), None, as_host=False)


def test_the_guides_console_join_names_nobody() -> None:
    assert hear("join_session", '{"sessionId": "ABC123", "role": "client"}') == Enter(CODE, None, None)


def test_joining_as_host_asks_for_the_hosts_seat() -> None:
    sentence = hear("join_session", '{"sessionId": "ABC123", "role": "host", "userId": "bob"}')
    assert sentence == Enter(CODE, BOB, None, as_host=True)


def test_the_guides_playback_state_is_a_report_stamped_by_its_own_clock() -> None:
    said = """{"sessionId": "ABC123", "trackUri": "spotify:track:xxx", "position": 45000,
               "isPlaying": true, "timestamp": 1697800000000}"""
    report = Report(45_000.0, 1_000.0, True, TRACK)
    assert hear("playback_state", said) == Ask(CODE, None, report, stamped_ms=1_697_800_000_000.0)


@pytest.mark.parametrize("uri", ["null", '""'])
def test_a_player_without_a_track_reports_none(uri: str) -> None:
    said = f'{{"sessionId":"ABC123","trackUri":{uri},"position":0,"isPlaying":false}}'
    assert hear("playback_state", said) == Ask(CODE, None, Report(0.0, 1_000.0, False, None))


def test_the_guides_request_sync_asks_to_be_told_again() -> None:
    assert hear("request_sync", '{"sessionId": "ABC123"}') == Resync(CODE, None)


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("join_session", "{}", "sessionId"),
        ("join_session", '{"sessionId":""}', "sessionId"),
        ("join_session", '{"sessionId":5}', "sessionId"),
        ("join_session", '{"sessionId":"A","role":"admin"}', "role"),
        ("join_session", '{"sessionId":"A","userId":"a\\u0000b"}', "userId"),
        ("join_session", json.dumps({"sessionId": "A", "userId": "x" * 129}), "userId"),
        ("join_session", json.dumps({"sessionId": "x" * 129}), "sessionId"),
        ("join_session", "[]", "object"),
        ("join_session", '"ABC123"', "object"),
        ("join_session", "", "join_session"),
        ("playback_state", '{"sessionId":"A","position":1}', "isPlaying"),
        ("playback_state", '{"sessionId":"A","position":-1,"isPlaying":true}', "position"),
        ("playback_state", '{"sessionId":"A","position":1e308,"isPlaying":true}', "position"),
        ("playback_state", '{"sessionId":"A","position":1e999,"isPlaying":true}', "playback_state"),
        ("playback_state", '{"sessionId":"A","position":NaN,"isPlaying":true}', "malformed"),
        ("playback_state", '{"sessionId":"A","position":"1","isPlaying":true}', "position"),
        ("playback_state", '{"sessionId":"A","position":true,"isPlaying":true}', "position"),
        ("playback_state", '{"sessionId":"A","position":1,"isPlaying":1}', "isPlaying"),
        ("playback_state", '{"sessionId":"A","position":1,"isPlaying":true,"timestamp":"now"}', "timestamp"),
        ("playback_state", '{"sessionId":"A","position":1,"isPlaying":true,"timestamp":1e200}', "timestamp"),
        ("playback_state", '{"sessionId":"A","position":1,"isPlaying":true,"trackUri":"a\\nb"}', "trackUri"),
        ("request_sync", "null", "object"),
        ("drop_tables", "{}", "no event"),
    ],
)
def test_what_is_no_sentence_is_refused_with_one_that_helps(name: str, said: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        hear(name, said)


def test_an_event_without_its_argument_is_no_sentence() -> None:
    with pytest.raises(Malformed, match="one argument"):
        LISTEN.hear("join_session", [], 0.0)


def test_json_nested_a_hundred_thousand_deep_is_no_sentence() -> None:
    for opening in (b"[", b'{"sessionId":'):
        with pytest.raises(Malformed):
            hear("join_session", opening * 100_000)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(
    st.sampled_from(["sessionId", "role", "userId", "trackUri", "position", "isPlaying", "timestamp"]),
    json_values | st.sampled_from(["ABC123", "host", "client", 1, 0.5, True]),
)


@given(name=st.sampled_from(sorted(LISTEN.events)), said=json_values | payloads)
def test_any_json_is_a_sentence_or_malformed(name: str, said: Any) -> None:
    _heard_or_malformed(name, json.dumps(said).encode())


@given(name=st.sampled_from(sorted(LISTEN.events)) | st.text(), said=st.binary(max_size=200))
def test_any_bytes_are_a_sentence_or_malformed(name: str, said: bytes) -> None:
    _heard_or_malformed(name, said)


def _heard_or_malformed(name: str, said: bytes) -> None:
    try:
        sentence = hear(name, said)
    except Malformed:
        return
    if isinstance(sentence, Ask):
        assert isinstance(sentence.command, Report)
        assert math.isfinite(sentence.command.position_ms)
        assert sentence.command.position_ms >= 0


def test_codes_have_no_look_alikes_and_use_the_whole_alphabet() -> None:
    draws = iter(range(10_000))
    drawn = "".join(new_code(lambda n: next(draws) % n, 6) for _ in range(32))
    assert set(drawn) == set(ALPHABET)
    assert not set(ALPHABET) & set("IO01")
    assert len(new_code(lambda _: 0, 9)) == 9


def test_times_are_written_as_in_the_guide() -> None:
    assert iso(HALF_PAST_TEN_MS + 999) == "2025-10-20T10:30:00Z"


def room() -> Room:
    """Bob listens to a track that plays since room time 1 000."""
    bob = Member(BOB, "Bob", Role.MEMBER, 1_000.0)
    started = e.MediaChanged(TRACK, Timeline(45_000.0, 1.0, True, 1_000.0), e.Change.MEDIA, MemberId("host"))
    folded = fold(CODE, numbered(opened(), e.MemberJoined(bob), started))
    assert folded is not None
    return folded


HOST = MemberId("host")
STOPPED = Timeline(50_000.0, 1.0, False, 6_000.0)
TELLING: dict[type[Event], Event] = {
    e.MediaChanged: e.MediaChanged(TRACK, STOPPED, e.Change.MEDIA, HOST),
    e.TimelineMoved: e.TimelineMoved(STOPPED, Move.PAUSE, HOST),
    e.MemberLeft: e.MemberLeft(BOB, LeaveReason.EXPELLED),
    e.RoomClosed: e.RoomClosed(CloseReason.HOST_ENDED),
}


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_is_told_or_declared_unspoken(kind: type[Event]) -> None:
    assert (kind in TELLING) is not (kind in LISTEN.unspoken)
    if kind in TELLING:
        (recorded,) = numbered(TELLING[kind], after=3)
        viewer = Viewer(BOB, 0.0)
        told = LISTEN.tell(recorded, room(), viewer, 6_000.0) if kind in LISTEN.personal else ()
        encoded = LISTEN.encode(recorded, room(), 6_000.0)
        assert bool(told) is (kind in LISTEN.personal)
        assert bool(encoded) is (kind not in LISTEN.personal)


def test_players_that_start_at_once_are_told_where_to_start_to_be_right_at_the_instant() -> None:
    scheduled = e.TimelineMoved(Timeline(50_000.0, 1.0, True, 6_300.0), Move.PLAY, HOST)
    (recorded,) = numbered(scheduled, after=4, at_ms=6_000.0)
    playing = evolve(CODE, room(), recorded)
    (frame,) = LISTEN.tell(recorded, playing, Viewer(BOB, 100.0), 6_000.0)
    _, said = json.loads(frame.text.removeprefix(b"42"))
    assert (said["action"], said["position"]) == ("play", 49_800)


def test_every_command_can_be_given_or_is_declared_unheard() -> None:
    over_the_socket = {c.Join, type(_command(hear("playback_state", _STATE)))}
    over_http = {c.Open, c.Join, c.SetOffset, c.Close}  # each is given in test_listen_rest.py
    assert set(COMMANDS) - LISTEN.unheard == over_the_socket | over_http


_STATE = '{"sessionId":"ABC123","position":1,"isPlaying":true}'


def _command(sentence: Sentence) -> c.Command:
    assert isinstance(sentence, Ask)
    return sentence.command


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (CloseReason.HOST_LOST, "host_disconnected"),
        (CloseReason.EXPIRED, "session_expired"),
        (CloseReason.HOST_ENDED, "host_ended"),
    ],
)
def test_every_end_has_the_guides_word(reason: CloseReason, said: str) -> None:
    (recorded,) = numbered(e.RoomClosed(reason), after=3)
    (frame,) = LISTEN.encode(recorded, room(), 1_000.0)
    assert frame.text == b'42["session_ended",{"sessionId":"ABC123","reason":"%s"}]' % said.encode()


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_has_a_code_and_a_sentence(reason: Reason) -> None:
    name, said = _read(LISTEN.refuse(Refused(reason)))
    assert name == "error"
    assert said["code"].isupper()
    assert said["error"]
    assert "room" not in said["error"].lower()  # this dialect speaks of sessions
    answer = json.loads(LISTEN.answer(Refused(reason, retry_after_s=2.0)))
    assert answer == {"ok": False, "error": said["error"], "code": said["code"], "retryAfter": 2.0}


def test_the_guides_own_error_is_said_as_it_is_printed() -> None:
    _, said = _read(LISTEN.refuse(Refused(Reason.ROOM_NOT_FOUND)))
    assert said == {"error": "Session not found", "code": "SESSION_NOT_FOUND"}


def test_an_acknowledgement_names_the_session() -> None:
    assert json.loads(LISTEN.answer(room())) == {"ok": True, "sessionId": "ABC123"}
    assert json.loads(LISTEN.answer(None)) == {"ok": True}


def _read(frame: Frame) -> tuple[str, dict[str, Any]]:
    name, said = json.loads(frame.text.removeprefix(b"42"))
    return name, said
