"""Guide 000 over HTTP: statuses and bodies as printed, every error, and whose token it is."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

import pytest
from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from tests.dialects.listening import Listening
from tests.service.world import settle
from tutti.dialects.listen.defaults import session_defaults
from tutti.dialects.listen.rest import router
from tutti.service.limits import Limits, Rate
from tutti.service.ports import Unavailable

GUIDES_PERSON = {"userId": "spotify_user_id", "userName": "User Display Name"}


async def test_creating_answers_as_the_guide_prints() -> None:
    async with Listening() as node:
        answer = await node.ask("POST", "", "a spotify token", GUIDES_PERSON)
        created = answer.json()
        assert answer.status_code == 201
        assert re.fullmatch("[A-HJ-NP-Z2-9]{6}", created.pop("sessionId"))
        assert created.pop("hostToken")
        assert created == {
            "role": "host",
            "createdAt": "2025-10-20T10:30:00Z",
            "expiresAt": "2025-10-20T14:30:00Z",
        }


async def test_joining_answers_as_the_guide_prints() -> None:
    async with Listening() as node:
        code = await node.create()
        node.clock.turn(300_000)
        answer = await node.ask("POST", f"/{code}/join", "another token", GUIDES_PERSON)
        joined = answer.json()
        assert answer.status_code == 200
        assert joined.pop("clientToken")
        assert joined == {
            "sessionId": code,
            "role": "client",
            "hostName": "Host",
            "joinedAt": "2025-10-20T10:35:00Z",
        }


async def test_joining_twice_is_joining_once() -> None:
    async with Listening() as node:
        code = await node.create()
        first = await node.join(code, "bob")
        node.clock.turn(60_000)
        assert await node.join(code, "bob") == first
        state = (await node.ask("GET", f"/{code}/state")).json()
        assert len(state["clients"]) == 1


async def test_a_code_may_be_typed_in_small_letters() -> None:
    async with Listening() as node:
        code = await node.create()
        assert (await node.join(code.lower(), "bob"))["sessionId"] == code
        assert (await node.ask("GET", f"/{code.lower()}/state")).json()["sessionId"] == code


async def test_a_host_that_joins_its_own_session_stays_its_host() -> None:
    async with Listening() as node:
        code = await node.create()
        assert (await node.join(code, "host"))["role"] == "host"


async def test_an_unknown_session_is_the_guides_404() -> None:
    async with Listening() as node:
        answer = await node.ask("POST", "/ABC123/join", "t", GUIDES_PERSON)
        assert answer.status_code == 404
        assert answer.json() == {"error": "Session not found", "code": "SESSION_NOT_FOUND"}
        for method, path, body in (
            ("GET", "/ABC123/state", None),
            ("PATCH", "/ABC123/offset", {"offsetMs": 1}),
            ("DELETE", "/ABC123", None),
            ("GET", f"/{'x' * 500}/state", None),
        ):
            answer = await node.ask(method, path, "t", body)
            assert (answer.status_code, answer.json()["code"]) == (404, "SESSION_NOT_FOUND")


async def test_every_request_needs_a_token() -> None:
    async with Listening() as node:
        code = await node.create()
        for method, path, body in (
            ("POST", "", GUIDES_PERSON),
            ("POST", f"/{code}/join", GUIDES_PERSON),
            ("PATCH", f"/{code}/offset", {"offsetMs": 1}),
            ("GET", f"/{code}/state", None),
            ("DELETE", f"/{code}", None),
        ):
            for token in (None, "", "x" * 9_000):
                answer = await node.ask(method, path, token, body)
                assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"userName":"A"}', None),
        (b'{"userId":"a"}', None),
        (b'{"userId":1,"userName":"A"}', "userId"),
        (b'{"userId":"","userName":"A"}', "userId"),
        (b'{"userId":"a","userName":"A\\u0007"}', "userName"),
        (b'{"userId":"a","userName":"%s"}' % (b"x" * 101), "userName"),
        (b'{"userId":"a","userName":"\xff"}', None),
        (b'{"userId":"\\ud800","userName":"A"}', None),
        (b"[" * 10_000, None),
    ],
)
async def test_a_body_of_another_shape_is_a_validation_error_with_details(
    body: bytes, key: str | None
) -> None:
    async with Listening() as node:
        answer = await node.http.post(
            "/api/sessions",
            content=body,
            headers={"Authorization": "Bearer t", "Content-Type": "application/json"},
        )
        said = answer.json()
        assert (answer.status_code, said["code"]) == (400, "VALIDATION_ERROR")
        assert said["error"]
        assert said["details"][0]["message"]
        assert said["details"][0].get("key") == key


@pytest.mark.parametrize("offset", [-5_001, 5_001, 1e300, "much", None, True, []])
async def test_an_offset_out_of_range_is_a_validation_error(offset: object) -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        answer = await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": offset})
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
        assert answer.json()["details"][0]["key"] == "offsetMs"


async def test_an_offset_that_is_not_a_number_at_all_is_a_validation_error() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        for offset in ("nan", "inf"):
            answer = await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": offset})
            assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


async def test_a_body_that_is_too_large_is_refused() -> None:
    async with Listening() as node:
        answer = await node.ask("POST", "", "t", {"userId": "a", "userName": "x" * 20_000})
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "", "POST"),
        ("POST", "/ABC123", "DELETE"),
        ("GET", "/ABC123/join", "POST"),
        ("POST", "/ABC123/offset", "PATCH"),
        ("DELETE", "/ABC123/state", "GET"),
    ],
)
async def test_another_method_is_not_allowed(method: str, path: str, allowed: str) -> None:
    async with Listening() as node:
        answer = await node.ask(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/ABC123/elsewhere", "/ABC123/else/where"])
async def test_another_path_is_not_found(path: str) -> None:
    async with Listening() as node:
        answer = await node.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_an_offset_is_kept_and_answered_as_the_guide_prints() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        answer = await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": 150})
        assert answer.status_code == 200
        assert answer.json() == {"sessionId": code, "offsetMs": 150, "updatedAt": "2025-10-20T10:30:00Z"}
        assert answer.text.count(".") == 0  # 150, not 150.0
        assert (await node.ask("GET", f"/{code}/state")).json()["client"]["offsetMs"] == 150
        fine = await node.ask("PATCH", f"/{code}/offset", "bob", {"offsetMs": -0.5})
        assert fine.json()["offsetMs"] == -0.5


async def test_each_client_has_its_own_offset() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        await node.join(code, "carol")
        await node.ask("PATCH", f"/{code}/offset", "carol", {"offsetMs": -20})
        state = (await node.ask("GET", f"/{code}/state")).json()
        assert [(one["userId"], one["offsetMs"]) for one in state["clients"]] == [("bob", 0), ("carol", -20)]
        assert state["client"] == state["clients"][0]


async def test_the_guides_one_token_for_everybody_is_enough_for_an_offset_and_for_the_end() -> None:
    async with Listening() as node:
        code = await node.create("test_user", "YOUR_SPOTIFY_TOKEN")
        await node.join(code, "test_user_2", "YOUR_SPOTIFY_TOKEN")
        answer = await node.ask("PATCH", f"/{code}/offset", "YOUR_SPOTIFY_TOKEN", {"offsetMs": 10})
        assert answer.status_code == 200
        assert (await node.ask("GET", f"/{code}/state")).json()["client"]["offsetMs"] == 10
        assert (await node.ask("DELETE", f"/{code}", "YOUR_SPOTIFY_TOKEN")).status_code == 204


async def test_an_only_client_needs_no_known_token() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        assert (await node.ask("PATCH", f"/{code}/offset", "refreshed", {"offsetMs": 1})).status_code == 200


async def test_an_unknown_token_does_not_choose_among_clients() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        await node.join(code, "carol")
        answer = await node.ask("PATCH", f"/{code}/offset", "refreshed", {"offsetMs": 1})
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        assert "clientToken" in answer.json()["error"]


async def test_a_token_that_came_over_the_socket_tells_the_client_too() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.enter(code, "bob")
        await node.enter(code, "carol")
        assert (await node.ask("PATCH", f"/{code}/offset", "carol", {"offsetMs": 7})).status_code == 200
        state = (await node.ask("GET", f"/{code}/state")).json()
        assert [one["offsetMs"] for one in state["clients"]] == [0, 7]


async def test_a_client_token_says_whose_offset_it_is() -> None:
    async with Listening() as node:
        code = await node.create("host", "shared")
        await node.join(code, "bob", "shared")
        carol = (await node.join(code, "carol", "shared"))["clientToken"]
        await node.join(code, "dan", "shared")
        assert (await node.ask("PATCH", f"/{code}/offset", carol, {"offsetMs": 30})).status_code == 200
        state = (await node.ask("GET", f"/{code}/state", carol)).json()
        assert [one["offsetMs"] for one in state["clients"]] == [0, 30, 0]


async def test_the_host_is_the_reference_and_has_no_offset() -> None:
    async with Listening(closed=True) as node:
        code = await node.create()
        answer = await node.ask("PATCH", f"/{code}/offset", "host", {"offsetMs": 1})
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


async def test_ending_needs_the_host() -> None:
    for closed in (False, True):
        async with Listening(closed=closed) as node:
            code = await node.create()
            client_token = (await node.join(code, "bob"))["clientToken"]
            for token in ("bob", client_token, "stranger"):
                answer = await node.ask("DELETE", f"/{code}", token)
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
            answer = await node.ask("DELETE", f"/{code}", "host")
            assert (answer.status_code, answer.content) == (204, b"")


async def test_a_host_token_is_the_host_wherever_a_token_is_asked_for() -> None:
    for closed in (False, True):
        async with Listening(closed=closed) as node:
            body = {"userId": "host", "userName": "Host"}
            created = (await node.ask("POST", "", "host", body)).json()
            code, token = created["sessionId"], created["hostToken"]
            assert (await node.ask("GET", f"/{code}/state", token)).status_code == 200
            assert (await node.ask("DELETE", f"/{code}", token)).status_code == 204


async def test_a_token_of_one_session_is_worth_nothing_in_another() -> None:
    async with Listening() as node:
        one = (await node.ask("POST", "", "a", {"userId": "host", "userName": "Host"})).json()
        other = await node.create()
        for method, path, body in (
            ("DELETE", f"/{other}", None),
            ("GET", f"/{other}/state", None),
            ("PATCH", f"/{other}/offset", {"offsetMs": 1}),
        ):
            answer = await node.ask(method, path, one["hostToken"], body)
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")


async def test_where_tokens_are_verified_nobody_is_somebody_else() -> None:
    async with Listening(closed=True) as node:
        code = await node.create()
        answer = await node.ask("POST", f"/{code}/join", "bob", {"userId": "carol", "userName": "C"})
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        answer = await node.ask("POST", "", "bad", {"userId": "bad", "userName": "C"})
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
        assert (await node.ask("GET", f"/{code}/state", "bad")).status_code == 401


async def test_the_state_is_as_the_guide_prints_with_the_position_now() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.join(code, "bob")
        host = await node.enter(code, "host", "host")
        await node.plays(host, code, 45_000)
        await node.turn(10_000)
        answer = await node.ask("GET", f"/{code}/state")
        bob = {"userId": "bob", "userName": "Bob", "offsetMs": 0}
        assert answer.status_code == 200
        assert answer.json() == {
            "sessionId": code,
            "host": {"userId": "host", "userName": "Host"},
            "client": bob,
            "clients": [bob],
            "currentTrack": {
                "uri": "spotify:track:one",
                "name": None,
                "artist": None,
                "position": 55_000,
                "duration": None,
                "isPlaying": True,
            },
            "lastSync": "2025-10-20T10:30:00Z",
        }


async def test_the_host_was_last_heard_when_it_last_reported_even_if_nothing_changed() -> None:
    async with Listening() as node:
        code = await node.create()
        host = await node.enter(code, "host", "host")
        await node.plays(host, code, 0)
        await node.turn(120_000)
        await node.plays(host, code, 120_010)
        assert (await node.ask("GET", f"/{code}/state")).json()["lastSync"] == "2025-10-20T10:32:00Z"


async def test_a_session_that_is_over_says_how() -> None:
    async with Listening() as node:
        code = await node.create()
        await node.ask("DELETE", f"/{code}", "host")
        for method, path, body in (
            ("GET", f"/{code}/state", None),
            ("POST", f"/{code}/join", GUIDES_PERSON),
            ("DELETE", f"/{code}", None),
        ):
            answer = await node.ask(method, path, "host", body)
            assert (answer.status_code, answer.json()["code"]) == (410, "SESSION_ENDED")


async def test_after_four_hours_a_session_has_expired() -> None:
    async with Listening() as node:
        code = await node.create()
        node.clock.turn(4 * 3_600_000 - 1_000)
        assert (await node.ask("GET", f"/{code}/state")).status_code == 200
        await node.turn(2_000)
        answer = await node.ask("GET", f"/{code}/state")
        assert (answer.status_code, answer.json()["code"]) == (410, "SESSION_EXPIRED")


async def test_a_full_session_lets_nobody_in() -> None:
    async with Listening() as node:
        code = await node.create()
        for n in range(49):
            await node.join(code, f"guest{n}")
        answer = await node.ask("POST", f"/{code}/join", "t", GUIDES_PERSON)
        assert (answer.status_code, answer.json()["code"]) == (409, "SESSION_FULL")


async def test_guessing_codes_is_slowed_down_whatever_is_asked() -> None:
    async with Listening(limits=Limits(failed_joins=Rate(0.5, 3.0))) as node:
        code = await node.create()
        for method, path, body in (
            ("POST", "/AAAAAA/join", GUIDES_PERSON),
            ("GET", "/AAAAAB/state", None),
            ("DELETE", "/AAAAAC", None),
        ):
            assert (await node.ask(method, path, "t", body)).status_code == 404
        answer = await node.ask("GET", f"/{code}/state", "t")
        assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
        assert answer.headers["retry-after"] == "2"
        async with node.from_address("198.51.100.7") as elsewhere:
            headers = {"Authorization": "Bearer t"}
            assert (await elsewhere.get(f"/api/sessions/{code}/state", headers=headers)).status_code == 200
        node.clock.turn(2_000)
        assert (await node.ask("GET", f"/{code}/state", "t")).status_code == 200


async def test_making_sessions_is_slowed_down_per_address() -> None:
    async with Listening(limits=Limits(rooms_per_address=Rate(0.1, 2.0))) as node:
        for _ in range(2):
            assert (await node.ask("POST", "", "t", GUIDES_PERSON)).status_code == 201
        answer = await node.ask("POST", "", "t", GUIDES_PERSON)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")


async def test_one_person_cannot_ask_without_end() -> None:
    async with Listening(limits=Limits(per_person=Rate(1.0, 3.0))) as node:
        code = await node.create()
        statuses = [(await node.ask("GET", f"/{code}/state", "host-token")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]


async def test_a_draining_server_makes_nothing_new() -> None:
    async with Listening() as node:
        node.world.rooms.draining = True
        answer = await node.ask("POST", "", "t", GUIDES_PERSON)
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")


@dataclass
class Song:
    name: str = "Song Name"
    artists: str = "Artist Name"
    duration_ms: int = 180_000


@dataclass
class Catalogue:
    """Knows one track; asked in anybody's name."""

    answers: bool = True
    fails: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def track(self, uri: str, token: str) -> Song | None:
        self.asked.append((uri, token))
        if self.fails:
            raise Unavailable
        if not self.answers:
            await asyncio.Event().wait()
        return Song() if uri == "spotify:track:one" else None


async def _playing(node: Listening, at: float = 45_000) -> str:
    code = await node.create()
    host = await node.enter(code, "host", "host")
    await node.plays(host, code, at)
    return code


async def test_a_catalogue_fills_in_what_the_host_does_not_say() -> None:
    async with Listening(catalogue=Catalogue()) as node:
        code = await _playing(node)
        track = (await node.ask("GET", f"/{code}/state")).json()["currentTrack"]
        assert (track["name"], track["artist"], track["duration"]) == ("Song Name", "Artist Name", 180_000)


async def test_a_track_that_is_over_stands_at_its_end() -> None:
    async with Listening(catalogue=Catalogue()) as node:
        code = await _playing(node, 179_000)
        await node.turn(10_000)
        assert (await node.ask("GET", f"/{code}/state")).json()["currentTrack"]["position"] == 180_000


@pytest.mark.parametrize("catalogue", [Catalogue(fails=True), Catalogue(answers=False)])
async def test_a_catalogue_that_fails_or_is_slow_costs_only_the_names(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutti.dialects.listen.tracks.WITHIN_S", 0.01)
    async with Listening(catalogue=catalogue) as node:
        code = await _playing(node)
        track = (await node.ask("GET", f"/{code}/state")).json()["currentTrack"]
        assert (track["name"], track["position"]) == (None, 45_000)


async def test_a_pass_of_ours_is_shown_to_no_catalogue() -> None:
    catalogue = Catalogue()
    async with Listening(catalogue=catalogue) as node:
        code = await _playing(node)
        token = (await node.join(code, "bob"))["clientToken"]
        await node.ask("GET", f"/{code}/state", token)
        assert catalogue.asked == []


async def test_a_bug_is_a_plain_sentence() -> None:
    class Broken(Catalogue):
        async def track(self, uri: str, token: str) -> Song | None:
            raise ZeroDivisionError("secret")

    async with Listening(catalogue=Broken()) as node:
        code = await _playing(node)
        answer = await node.ask("GET", f"/{code}/state")
        assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
        assert "secret" not in answer.text


async def test_somebody_lost_for_a_minute_is_no_client_any_more() -> None:
    async with Listening() as node:
        code = await node.create()
        bob = await node.enter(code, "bob")
        assert bob.session is not None
        bob.session.closed()
        await settle()
        await node.turn(59_000)
        assert (await node.ask("GET", f"/{code}/state")).json()["client"] is not None
        await node.turn(2_000)
        assert (await node.ask("GET", f"/{code}/state")).json()["client"] is None


def test_a_session_lasts_as_long_as_the_operator_says() -> None:
    assert session_defaults(0.5).lives_ms == 1_800_000


async def test_every_route_is_documented() -> None:
    async with Listening() as node:
        app = Litestar([router(node.world.hall, session_defaults())], openapi_config=OpenAPIConfig("t", "1"))
        paths = app.openapi_schema.to_schema()["paths"]
        routes = {(path, method): spec for path, item in paths.items() for method, spec in item.items()}
        assert {key: bool(spec["summary"]) for key, spec in routes.items()} == {
            ("/api/sessions", "post"): True,
            ("/api/sessions/{session_id}/join", "post"): True,
            ("/api/sessions/{session_id}/offset", "patch"): True,
            ("/api/sessions/{session_id}/state", "get"): True,
            ("/api/sessions/{session_id}", "delete"): True,
        }
        assert "404" in routes["/api/sessions/{session_id}/join", "post"]["responses"]


async def test_the_host_may_not_pass_for_lost_before_it_has_come() -> None:
    """A host that has only made the session, and opens its socket ten minutes later, still finds it."""
    async with Listening() as node:
        code = await node.create()
        await node.turn(600_000)
        host = await node.enter(code, "host", "host")
        assert host.acks == [{"ok": True, "sessionId": code}]
