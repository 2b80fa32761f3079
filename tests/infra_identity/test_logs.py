"""What a log line says, and that no token is ever part of it, whoever wrote the line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from tests.infra_identity.serving import serving
from tutti.infra.logs import LONGEST_TEXT, REDACTED, configure, gather, redact_text

MARK = "b3hIdEm3"
tokens = st.text("abcXYZ0189._~+/=-", max_size=60).map(lambda middle: MARK + middle + MARK)


@dataclass
class Output:
    """What was logged since the last look."""

    stream: io.StringIO

    def text(self) -> str:
        said = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return said

    def facts(self) -> dict[str, Any]:
        (line,) = self.text().splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.fixture
def as_json() -> Output:
    stream = io.StringIO()
    configure(json=True, stream=stream)
    return Output(stream)


@pytest.fixture
def as_console() -> Output:
    stream = io.StringIO()
    configure(json=False, stream=stream)
    return Output(stream)


@pytest.fixture(params=[True, False], ids=["json", "console"])
def either(request: pytest.FixtureRequest) -> Output:
    stream = io.StringIO()
    configure(json=request.param, stream=stream)
    return Output(stream)


def only_ours() -> None:
    """pytest adds handlers of its own, which raise what ours reports."""
    root = logging.getLogger()
    root.handlers[:] = [
        handler for handler in root.handlers if type(handler).__module__ == "tutti.infra.logs"
    ]


def log() -> Any:
    return structlog.get_logger("tutti.test")


def test_a_line_is_facts_with_a_time_a_level_and_a_logger(as_json: Output) -> None:
    log().info("room.closed", room="ABC123", members=0)
    facts = as_json.facts()
    assert facts.pop("timestamp").endswith("Z")
    assert facts == {
        "event": "room.closed",
        "room": "ABC123",
        "members": 0,
        "level": "info",
        "logger": "tutti.test",
    }


def test_the_console_line_is_for_people(as_console: Output) -> None:
    log().info("room.closed", room="ABC123")
    said = as_console.text()
    assert "room.closed" in said
    assert "room=ABC123" in said


def test_debug_is_not_logged(either: Output) -> None:
    log().debug("detail")
    logging.getLogger("any").debug("detail")
    assert either.text() == ""


def test_lines_that_can_wait_leave_together_and_in_order(as_json: Output) -> None:
    due: list[Callable[[], None]] = []
    gather(lambda _, call: due.append(call))
    log().info("first")
    log().info("second")
    assert (as_json.text(), len(due)) == ("", 1)
    due.pop()()
    assert [json.loads(line)["event"] for line in as_json.text().splitlines()] == ["first", "second"]
    log().info("third")
    log().warning("fourth")
    assert len(as_json.text().splitlines()) == 2, (
        "a warning waits for nobody, nor is it told before what came first"
    )
    log().info("fifth")
    logging.getLogger("some.library").warning("sixth")
    assert len(as_json.text().splitlines()) == 2
    log().info("seventh")
    gather(None)
    assert as_json.facts()["event"] == "seventh"


def test_libraries_go_the_same_way(as_json: Output) -> None:
    logging.getLogger("some.library").warning("odd: %s", "thing")
    facts = as_json.facts()
    assert (facts["event"], facts["level"], facts["logger"]) == ("odd: thing", "warning", "some.library")


@given(token=tokens)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_token_is_in_a_traceback_or_a_name_whoever_logs_it(either: Output, token: str) -> None:
    for tell in (logging.getLogger("uvicorn.error").error, structlog.get_logger("tutti").error):
        try:
            raise ValueError(f"GET /ws?token={token} failed")
        except ValueError:
            tell("bug", exc_info=True)
        said = either.text()
        assert "ValueError" in said
        assert MARK not in said
    structlog.get_logger("tutti").info("request", headers={f"Authorization: Bearer {token}": 1})
    assert MARK not in either.text()


def test_an_exception_is_told_with_its_traceback(either: Output) -> None:
    try:
        raise ValueError("what went wrong")
    except ValueError:
        log().exception("job.failed")
    said = either.text()
    assert "ValueError: what went wrong" in said
    assert "Traceback" in said


def test_a_name_cannot_draw_a_line_of_its_own(either: Output) -> None:
    log().info("member.joined", name="ann\nroom.closed \x1b[2J\x07\r\u2028", other={"x\ny": "a\nb"})
    said = either.text()
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said


def test_a_librarys_message_cannot_either(either: Output) -> None:
    logging.getLogger("some.library").warning("bad name %s", "ann\nroom.closed \x1b[2J\u2028")
    said = either.text()
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said


def test_what_cannot_be_shown_is_escaped_and_not_lost(either: Output) -> None:
    only_ours()
    log().info(
        "odd", name="\ud800é", number=float("nan"), deep=nested(3000), long=list(range(500)), thing=Broken()
    )
    said = either.text()
    assert "is lost" not in said
    assert "<Broken>" in said


def test_a_line_that_cannot_be_made_is_reported_without_its_content(either: Output) -> None:
    only_ours()
    logging.getLogger("some.library").info("%d tokens", f"token={MARK}")
    assert either.text() == "a log line of some.library is lost: TypeError\n"


def test_a_narrow_terminal_encoding_loses_no_line() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    configure(json=False, stream=stream)
    log().info("member.joined", name="Zoë")
    stream.flush()
    assert b"name=Zo\\xeb" in raw.getvalue()


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def nested(depth: int) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = {"x": value}
    return value


async def test_uvicorns_own_lines_hide_tokens(as_json: Output) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    async with serving(app) as address:
        async with httpx.AsyncClient() as http:
            await http.get(
                f"http://{address}/socket.io/?EIO=4&token={MARK}&sid={MARK}", headers={"x-internal-key": MARK}
            )
        async with connect(f"ws://{address}/ws/party/7/?token={MARK}&a=1") as socket:
            await socket.wait_closed()
    lines = [json.loads(line) for line in as_json.text().splitlines()]
    access = next(line for line in lines if line["logger"] == "uvicorn.access")
    assert access["event"] == "http.access"
    assert access["status"] == 204
    assert access["path"] == f"/socket.io/?EIO=4&token={REDACTED}&sid={REDACTED}"
    opened = next(line for line in lines if "WebSocket" in line["event"])
    assert f'"WebSocket /ws/party/7/?token={REDACTED}&a=1" [accepted]' in opened["event"]
    assert MARK not in json.dumps(lines)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET /p?a=1&token=abc&b=2", f"GET /p?a=1&token={REDACTED}&b=2"),
        ("/p?access_token=abc", f"/p?access_token={REDACTED}"),
        ("/p?to%6ben=abc", f"/p?to%6ben={REDACTED}"),
        ("/p?auth=b;token=abc", f"/p?auth={REDACTED}"),
        ("/cb#access_token=abc&state=1", f"/cb#access_token={REDACTED}&state={REDACTED}"),
        ("/cb?code=abc&state=def&a=1", f"/cb?code={REDACTED}&state={REDACTED}&a=1"),
        ("/cb?c%6fde=abc&statecode=def", f"/cb?c%6fde={REDACTED}&statecode=def"),
        ("/p?next=%2Fq%3Ftoken%3Dabc", f"/p?next=%2Fq%3Ftoken%3D{REDACTED}"),
        ("Authorization: Bearer abc def", f"Authorization: {REDACTED}"),
        ("authorization: Basic abc", f"authorization: {REDACTED}"),
        ("sent Bearer abc, then left", f"sent Bearer {REDACTED}, then left"),
        ("X-Internal-Key: babc", f"X-Internal-Key: {REDACTED}"),
        ("(b'authorization', b'Bearer abc')", f"(b'authorization', b'{REDACTED}')"),
        ("(b'x-internal-key', b'abc')", f"(b'x-internal-key', b'{REDACTED}')"),
        ('{"token": "abc def", "a": 1}', f'{{"token": "{REDACTED}", "a": 1}}'),
        ("{'auth': {'token': 'abc'}}", f"{{'auth': {REDACTED}'token': '{REDACTED}'}}}}"),
        ("Join(token='abc', room='r')", f"Join(token='{REDACTED}', room='r')"),
        ("set-cookie: a=b; c=d", f"set-cookie: {REDACTED}"),
        ("postgresql://user:abc@host/db", f"postgresql://{REDACTED}@host/db"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln here", f"got {REDACTED} here"),
        ("author: Bob, authors=3", "author: Bob, authors=3"),
        (
            '10.0.0.1:4 - "GET /p?page=2&sort=a HTTP/1.1" 200',
            '10.0.0.1:4 - "GET /p?page=2&sort=a HTTP/1.1" 200',
        ),
    ],
)
def test_the_token_goes_and_the_rest_stays(said: str, kept: str) -> None:
    assert redact_text(said) == kept


def raised(token: str) -> None:
    try:
        raise ValueError(f"cannot read header authorization: Bearer {token}")
    except ValueError:
        log().exception("failed")


PLACES: list[Callable[[str], object]] = [
    lambda token: log().info("x", token=token),
    lambda token: log().info("x", hostToken=token, access_token=[token], Authorization=("Bearer", token)),
    lambda token: log().info("x", auth={"token": token}),
    lambda token: log().info("x", headers=[(b"x-internal-key", token.encode()), ("cookie", token)]),
    lambda token: log().info("x", headers={b"Authorization": b"Bearer " + token.encode()}),
    lambda token: log().info("x", body=f'{{"access_token":"{token}","a":1}}'),
    lambda token: log().info("x", body=json.dumps(json.dumps({"token": token}))),
    lambda token: log().info("x", url=f"https://h.example/p?a=1&token={token}&b=2"),
    lambda token: log().info("x", url=f"https://h.example/p?a=1&%74oken={quote(token)}"),
    lambda token: log().info("x", url=f"https://user:{quote(token, safe='')}@h.example/"),
    lambda token: log().info(f"GET /p?auth={token} HTTP/1.1"),
    lambda token: log().info("x", deep=[[{"a": {"client_secret": token}}]]),
    lambda token: log().info("x", why=ValueError(f"token={token}")),
    lambda token: log().bind(jwt=token).info("x", **{"x" * 80 + "Token": token}),
    lambda token: log().info("x", **{f"p?token={token}": 1}),
    lambda token: log().info("x", name="eyJ" + "x" * 8 + token.translate(str.maketrans("~+/=", "____"))),
    lambda token: log().info("x", name="word " * 4000 + f"?token={token}"),
    lambda token: log().info("x", name="x" * (LONGEST_TEXT - 8) + token),
    raised,
    lambda token: logging.getLogger("uvicorn.error").info(
        '%s - "WebSocket %s" [accepted]', "h:1", f"/ws?token={token}"
    ),
    lambda token: logging.getLogger("uvicorn.error").info(
        '%s - "WebSocket %s" 403', "h:1", f"/ws?x=1&auth={token}"
    ),
    lambda token: logging.getLogger("uvicorn.access").info(
        '%s - "%s %s HTTP/%s" %d', "h:1", "GET", f"/p?access_token={token}", "1.1", 200
    ),
    lambda token: logging.getLogger("websockets").info("< Authorization: Bearer %s", token),
    lambda token: logging.getLogger("lib").info("headers %r", [("x-internal-key", token)]),
    lambda token: logging.getLogger("lib").info("x", extra={"token": token}),
]


@given(token=tokens, place=st.sampled_from(range(len(PLACES))))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_is_nowhere_in_the_output(either: Output, token: str, place: int) -> None:
    PLACES[place](token)
    said = either.text()
    assert said
    assert MARK not in said
    assert "is lost" not in said


@given(st.text(max_size=400))
def test_redaction_never_fails_and_twice_is_as_once(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@pytest.mark.parametrize(
    "piece", ["eyJ", "token", "token=", "auth\\", '"', "?a", "://", "Bearer ", "BQ", "'", "&x=", " "]
)
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    """Bounded by the suite's timeout: a pattern that is quadratic on 16 KB would take minutes for these rounds."""
    for _ in range(20):
        assert len(redact_text(piece * (20_000 // len(piece)))) < 10 * LONGEST_TEXT
