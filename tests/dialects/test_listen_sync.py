"""What each player of a listening session is told, and when: the contract's "What bites", one claim each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dialects.listening import HALF_PAST_TEN_MS, Ear, Listening
from tests.service.world import settle
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.roster import Role
from tutti.service.limits import Limits, Rate

EXCELLENT = {"drift": 0, "lastSync": "2025-10-20T10:30:00Z", "quality": "excellent"}


async def session(node: Listening, *, bob_is_away_ms: float = 0.0) -> tuple[str, Ear, Ear]:
    """A session with its host and Bob, who have heard nothing yet."""
    code = await node.create()
    host = await node.enter(code, "host", "host")
    await node.join(code, "bob")
    bob = await node.enter(code, "bob", half_rtt_ms=bob_is_away_ms)
    bob.take()
    return code, host, bob


async def command(node: Listening, code: str, given: c.Command, who: str = "host") -> None:
    """As somebody who speaks another dialect."""
    await node.world.rooms.ask(RoomId(code), given, MemberId(who))
    await settle()


async def test_the_first_report_starts_every_client_where_the_host_is() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        assert bob.take() == [
            (
                "sync_command",
                {
                    "action": "play",
                    "trackUri": "spotify:track:one",
                    "position": 45_000,
                    "timestamp": HALF_PAST_TEN_MS,
                },
            ),
            ("sync_status", EXCELLENT),
        ]


async def test_the_host_is_never_commanded() -> None:
    async with Listening() as node:
        code, host, _ = await session(node)
        await node.plays(host, code, 45_000)
        await node.plays(host, code, 50_000, isPlaying=False)
        await node.plays(host, code, 0, trackUri="spotify:track:two")
        await node.emit(host, "request_sync", {"sessionId": code})
        await node.turn(250_000)
        again = await node.enter(code, "host", "host")
        assert [*host.take(), *again.take()] == []


async def test_a_position_is_where_the_client_should_be_when_it_arrives() -> None:
    async with Listening() as node:
        code, host, bob = await session(node, bob_is_away_ms=80)
        await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": -30})
        await node.plays(host, code, 45_000)
        assert bob.commands() == [("play", 45_050)]
        await node.turn(10_000)
        await node.emit(bob, "request_sync", {"sessionId": code})
        assert bob.commands() == [("play", 55_050)]


async def test_the_way_from_the_host_counts_too() -> None:
    """What it reports is where it was half a round trip ago."""
    async with Listening() as node:
        code, _, bob = await session(node)
        host = await node.enter(code, "host", "host", half_rtt_ms=70)
        await node.turn(1_000)
        await node.plays(host, code, 45_000)
        assert bob.commands() == [("play", 45_070)]


async def test_a_host_that_copies_the_guides_timestamp_is_taken_as_prompt() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000, timestamp=1_697_800_000_000)
        bob.take()
        await node.turn(3_000)
        await node.plays(host, code, 90_000, timestamp=1_697_800_000_000)
        assert bob.commands() == [("seek", 90_000)]


async def test_a_position_is_never_before_the_beginning() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": -5_000})
        await node.plays(host, code, 2_000)
        assert bob.commands() == [("switch_track", 0)]


async def test_each_client_is_told_its_own_position() -> None:
    async with Listening() as node:
        code, host, bob = await session(node, bob_is_away_ms=20)
        carol = await node.enter(code, "carol", half_rtt_ms=300)
        await node.plays(host, code, 45_000)
        assert (bob.commands(), carol.commands()) == ([("play", 45_020)], [("play", 45_300)])


@pytest.mark.parametrize(
    ("position", "action"), [(0, "switch_track"), (999, "switch_track"), (1_000, "play")]
)
async def test_a_track_that_has_just_begun_is_switched_to_and_another_played_from_where_it_is(
    position: float, action: str
) -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        bob.take()
        await node.plays(host, code, position, trackUri="spotify:track:two")
        assert bob.commands() == [(action, position)]


async def test_a_client_that_began_at_0_is_known_to_be_behind() -> None:
    """The guide's client seeks to 0 on `switch_track`, whatever the position says."""
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 800)
        ((_, _), (name, status)) = bob.take()
        assert (name, status["drift"], status["quality"]) == ("sync_status", -800, "fair")


async def test_pausing_stops_a_client_where_it_is() -> None:
    async with Listening() as node:
        code, host, bob = await session(node, bob_is_away_ms=100)
        await node.plays(host, code, 45_000)
        await node.turn(5_000)
        bob.take()
        await node.plays(host, code, 50_000, isPlaying=False)
        (_, pause), (_, status) = bob.take()
        assert (pause["action"], pause["position"]) == ("pause", 50_000)
        assert status["drift"] == 100  # it went on for as long as the command was under way


async def test_playing_again_puts_a_client_where_the_host_is() -> None:
    async with Listening() as node:
        code, host, bob = await session(node, bob_is_away_ms=100)
        await node.plays(host, code, 45_000, isPlaying=False)
        bob.take()
        await node.plays(host, code, 45_000)
        (_, play), (_, status) = bob.take()
        assert (play["action"], play["position"], status["drift"]) == ("play", 45_100, 0)


async def test_somebody_who_comes_into_a_playing_session_plays_at_once() -> None:
    async with Listening() as node:
        code, host, _ = await session(node)
        await node.plays(host, code, 45_000)
        await node.turn(3_000)
        carol = await node.enter(code, "carol", half_rtt_ms=50)
        assert carol.commands() == [("play", 48_050)]


async def test_somebody_who_comes_into_a_paused_session_stands_where_it_stands() -> None:
    async with Listening() as node:
        code, host, _ = await session(node)
        await node.plays(host, code, 45_000, isPlaying=False)
        carol = await node.enter(code, "carol")
        assert carol.commands() == [("play", 45_000), ("pause", 45_000)]


async def test_somebody_who_comes_before_anything_plays_hears_only_that_all_is_well() -> None:
    async with Listening() as node:
        code = await node.create()
        bob = await node.enter(code, "bob")
        assert bob.take() == [("sync_status", EXCELLENT)]


async def test_forced_sync_in_a_paused_session_stops_and_places_the_client() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000, isPlaying=False)
        bob.take()
        await node.emit(bob, "request_sync", {"sessionId": code})
        assert bob.commands() == [("pause", 45_000), ("seek", 45_000)]


async def test_a_new_offset_is_commanded_at_once_however_small() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        carol = await node.enter(code, "carol")
        await node.plays(host, code, 45_000)
        bob.take(), carol.take()
        await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": 10})
        assert [name for name, _ in bob.heard] == ["sync_command", "sync_status"]
        assert bob.commands() == [("seek", 45_010)]
        assert carol.take() == []


async def test_small_corrections_are_followed_by_the_timeline_and_add_up_until_a_seek() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        bob.take()
        drifts = []
        for n in range(1, 4):
            await node.turn(10_000)
            await node.plays(host, code, 45_000 + n * 10_400)
            drifts += [said["drift"] for name, said in bob.heard if name == "sync_status"]
            if n < 3:
                assert bob.commands() == []
        assert drifts == [-400, -800, -1_200]
        assert bob.commands() == [("seek", 76_200)]


async def test_a_host_that_scrubs_twice_is_followed_twice() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        bob.take()
        await node.turn(200)
        await node.plays(host, code, 90_000)
        assert bob.commands() == [("seek", 90_000)]
        await node.turn(400)
        await node.plays(host, code, 10_000)
        assert bob.commands() == [("seek", 10_000)]


async def test_a_report_that_is_no_news_tells_nobody_anything() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        await node.turn(60_000)
        bob.take()
        await node.plays(host, code, 105_030)
        assert bob.take() == []


async def test_every_two_minutes_a_client_hears_how_far_off_it_is() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        bob.take()
        await node.turn(250_000)
        assert [name for name, _ in bob.take()] == ["sync_status", "sync_status"]


async def test_a_client_that_reports_is_believed_rather_than_modelled() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        await node.turn(5_000)
        bob.take()
        await node.plays(bob, code, 50_600)
        await node.turn(2_000)
        (_, status), *_ = bob.take()
        assert (status["drift"], status["quality"]) == (600, "fair")
        await node.plays(bob, code, 50_000)
        await node.turn(2_000)
        ((action, position),) = bob.commands()
        assert action == "seek"
        assert 53_000 < position < 55_000


async def test_a_clients_report_moves_nobody_else() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        carol = await node.enter(code, "carol")
        await node.plays(host, code, 45_000)
        carol.take()
        await node.plays(bob, code, 10, trackUri="spotify:track:other", isPlaying=False)
        await node.turn(2_000)
        assert [*carol.take(), *host.take()] == []
        state = (await node.ask("GET", f"/{code}/state")).json()
        assert state["currentTrack"]["uri"] == "spotify:track:one"


Clock = Callable[[float], float]


@pytest.mark.parametrize(
    "clock",
    [
        lambda ms: ms,
        lambda ms: ms + HALF_PAST_TEN_MS,
        lambda ms: ms - 7 * 60_000,
        lambda ms: ms + 3 * 60_000 if ms < 1_120_000 else ms - 2 * 60_000,
        lambda ms: ms - 2 * 60_000 if ms < 1_120_000 else ms + 3 * 60_000,
        lambda ms: ms if ms < 1_120_000 else ms - 11_000,
        lambda ms: 0.0,
    ],
    ids=["true", "wall", "minutes behind", "set back", "set forward", "set back a little", "stopped"],
)
async def test_a_host_clock_that_is_wrong_or_is_set_changes_nothing(clock: Clock) -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        started_ms = node.clock.now_ms()
        for _ in range(8):
            at = 45_000 + node.clock.now_ms() - started_ms
            await node.plays(host, code, at, timestamp=clock(node.clock.now_ms()))
            await node.turn(30_000)
        assert bob.commands() == [("play", 45_000)]
        state = (await node.ask("GET", f"/{code}/state")).json()
        assert state["currentTrack"]["position"] == 45_000 + 240_000


async def test_a_report_that_was_long_under_way_is_not_taken_for_a_late_host() -> None:
    """Its `timestamp` says how late it is, once earlier reports have shown what that clock is worth."""
    async with Listening() as node:
        code, host, bob = await session(node)
        started_ms = node.clock.now_ms()
        await node.plays(host, code, 45_000, timestamp=5_000)
        await node.turn(30_000)
        sampled = node.clock.now_ms() - started_ms
        await node.turn(4_000)
        bob.take()
        await node.plays(host, code, 45_000 + sampled, timestamp=5_000 + sampled)
        assert bob.take() == []


async def test_a_reconnecting_client_replaces_its_old_socket() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        again = await node.enter(code, "bob")
        assert [*bob.take(), *host.take()] == []
        again.take()
        await node.plays(host, code, 45_000)
        assert bob.take() == []
        assert again.commands() == [("play", 45_000)]
        assert len((await node.ask("GET", f"/{code}/state")).json()["clients"]) == 1
        assert bob.session is not None
        bob.session.closed()
        await node.turn(90_000)
        assert (await node.ask("GET", f"/{code}/state")).json()["client"]["userId"] == "bob"


@pytest.mark.parametrize("closed", [False, True])
async def test_claiming_to_be_the_host_is_refused(closed: bool) -> None:
    async with Listening(closed=closed) as node:
        code = await node.create()
        await node.join(code, "bob")
        bob = await node.enter(code, "bob", "host")
        assert bob.acks == [{"ok": False, "error": "Only the host may join as host", "code": "FORBIDDEN"}]


async def test_an_unknown_session_is_an_error_event() -> None:
    async with Listening() as node:
        bob = node.connect("bob")
        await node.emit(bob, "join_session", {"sessionId": "NOBODY", "userId": "bob"})
        assert bob.take() == [("error", {"error": "Session not found", "code": "SESSION_NOT_FOUND"})]


async def test_nonsense_is_an_error_event_and_changes_nothing() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.emit(host, "playback_state", {"sessionId": code, "position": "soon", "isPlaying": True})
        ((name, said),) = host.take()
        assert (name, said["code"]) == ("error", "VALIDATION_ERROR")
        assert "position" in said["error"]
        assert bob.take() == []


async def test_only_members_may_ask_for_sync() -> None:
    async with Listening() as node:
        code, _, _ = await session(node)
        stranger = node.connect("stranger")
        await node.emit(stranger, "request_sync", {"sessionId": code})
        ((_, said),) = stranger.take()
        assert said["code"] == "FORBIDDEN"


async def test_a_socket_needs_to_say_who_it_is_only_once() -> None:
    """The guide's later events carry no userId."""
    async with Listening() as node:
        code = await node.create()
        host = node.connect(None)
        await node.emit(host, "join_session", {"sessionId": code, "role": "host", "userId": "host"})
        bob = node.connect(None)
        await node.emit(bob, "join_session", {"sessionId": code, "role": "client", "userId": "bob"})
        await node.plays(host, code, 45_000)
        assert bob.commands() == [("play", 45_000)]
        await node.emit(bob, "request_sync", {"sessionId": code})
        assert bob.commands() == [("play", 45_000)]


async def test_the_guides_console_join_is_whoever_joined_over_http_with_that_token() -> None:
    async with Listening() as node:
        code = await node.create("test_user", "YOUR_SPOTIFY_TOKEN")
        await node.join(code, "test_user_2", "YOUR_SPOTIFY_TOKEN")
        console = node.connect("YOUR_SPOTIFY_TOKEN")
        await node.emit(console, "join_session", {"sessionId": code, "role": "client"})
        state = (await node.ask("GET", f"/{code}/state")).json()
        assert [one["userId"] for one in state["clients"]] == ["test_user_2"]
        host = node.connect("YOUR_SPOTIFY_TOKEN")
        await node.say(host, "join_session", {"sessionId": code, "role": "host"})
        assert host.acks == [{"ok": True, "sessionId": code}]


@pytest.mark.parametrize("closed", [False, True])
async def test_a_client_token_opens_the_socket_too(closed: bool) -> None:
    async with Listening(closed=closed) as node:
        code = await node.create()
        token = (await node.join(code, "bob"))["clientToken"]
        bob = node.connect(token)
        await node.say(bob, "join_session", {"sessionId": code, "role": "client", "userId": "bob"})
        assert bob.acks == [{"ok": True, "sessionId": code}]
        assert bob.session is not None
        assert bob.session.signed_in
        carol = node.connect(token)
        await node.say(carol, "join_session", {"sessionId": code, "role": "client", "userId": "carol"})
        assert carol.acks[0]["code"] == "FORBIDDEN"


async def test_guessing_codes_over_the_socket_is_slowed_down() -> None:
    async with Listening(limits=Limits(failed_joins=Rate(0.1, 2.0))) as node:
        bob = node.connect("bob")
        for n in range(3):
            await node.emit(bob, "join_session", {"sessionId": f"GUESS{n}", "userId": "bob"})
        codes = [said["code"] for _, said in bob.take()]
        assert codes == ["SESSION_NOT_FOUND", "SESSION_NOT_FOUND", "RATE_LIMITED"]


async def test_in_a_room_of_another_dialect_a_client_hears_what_it_can_play() -> None:
    async with Listening() as node:
        code, _, bob = await session(node)
        film = Media("603", "tmdb", "movie", duration_ms=7_200_000.0)
        report = c.Report(5_000.0, node.clock.now_ms(), True, film)
        await command(node, code, report)
        ((_, said), _) = bob.take()
        assert (said["action"], said["trackUri"], said["position"]) == ("play", "603", 5_000)
        await command(node, code, c.Pause())
        await command(node, code, c.Play())
        await command(node, code, c.Seek(60_000))
        assert bob.commands() == [("pause", 5_000), ("play", 5_000), ("seek", 60_000)]
        await command(node, code, c.SetRate(1.5))
        assert bob.commands() == []


async def test_a_listener_cannot_follow_another_rate_and_is_put_right_again() -> None:
    async with Listening() as node:
        code, host, bob = await session(node)
        await node.plays(host, code, 45_000)
        await command(node, code, c.SetRate(2.0))
        bob.take()
        await node.turn(121_000)
        (action, position), *_ = bob.commands()
        assert action == "seek"
        assert position > 45_000 + 200_000


async def test_somebody_who_is_removed_is_told_so() -> None:
    async with Listening() as node:
        code, _, bob = await session(node)
        carol = await node.enter(code, "carol")
        carol.take()
        await command(node, code, c.Expel(MemberId("bob")))
        assert bob.take() == [
            ("error", {"error": "You were removed from this session", "code": "FORBIDDEN"}),
        ]
        assert carol.take() == []


async def test_a_listener_who_has_the_hosts_seat_follows_whoever_moves_the_timeline_instead() -> None:
    async with Listening() as node:
        code, host, _ = await session(node)
        await node.plays(host, code, 45_000)
        await command(node, code, c.Appoint(MemberId("bob"), Role.MODERATOR))
        await command(node, code, c.Pause(), "bob")
        assert host.commands() == [("pause", 45_000)]
