"""The ASGI side of long-polling, driven as an ASGI server would: requests, waiting, disconnects, bounds, CORS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.transports.engine_room import Engine
from tutti.service.frames import Frame
from tutti.transports.cors import Cors
from tutti.transports.engineio import Caps, EngineSession, EngineSettings
from tutti.transports.polling import Message, Polling


@dataclass
class Response:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> int:
        code: int = json.loads(self.body)["code"]
        return code


class Call:
    """One HTTP request under way; its body may arrive in parts, and its client may go away."""

    def __init__(self, app: Polling, method: str, query: str, headers: dict[str, str]) -> None:
        self.response = Response()
        self._arriving: asyncio.Queue[Message] = asyncio.Queue()
        scope: Message = {
            "type": "http",
            "method": method,
            "path": "/engine.io/",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.7", 50000),
        }
        self.task = asyncio.create_task(app(scope, self._arriving.get, self._send))

    def body(self, part: bytes, *, more: bool = False) -> Call:
        self._arriving.put_nowait({"type": "http.request", "body": part, "more_body": more})
        return self

    def leave(self) -> None:
        self._arriving.put_nowait({"type": "http.disconnect"})

    async def answered(self) -> Response:
        await asyncio.wait_for(self.task, 5)
        return self.response

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert self.response.status == 0, "a request is answered once"
            self.response.status = message["status"]
            self.response.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.response.body += message["body"]


class Browser:
    def __init__(self, engine: Engine, cors: Cors | None = None) -> None:
        self.engine = engine
        self.app = Polling(engine.server, cors or Cors())
        self.calls: list[Call] = []

    def call(self, method: str, headers: dict[str, str] | None = None, **query: str) -> Call:
        asked = urlencode({"EIO": "4", "transport": "polling", **query})
        self.calls.append(Call(self.app, method, asked, headers or {}))
        return self.calls[-1]

    async def get(self, sid: str, **headers: str) -> Response:
        return await self.call("GET", headers, sid=sid).body(b"").answered()

    async def post(self, sid: str, body: bytes, **headers: str) -> Response:
        return await self.call("POST", headers, sid=sid).body(body).answered()

    async def open(self) -> EngineSession:
        response = await self.call("GET").body(b"").answered()
        assert response.status == 200
        return self.engine.server.sessions[json.loads(response.body[1:])["sid"]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    browser = Browser(Engine(EngineSettings(max_payload=1000)))
    yield browser
    for call in browser.calls:
        call.task.cancel()
    await asyncio.gather(*(call.task for call in browser.calls), return_exceptions=True)


async def settle() -> None:
    """Let everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_session_opens_with_a_plain_text_open_packet(browser: Browser) -> None:
    response = await browser.call("GET", t="abc", token="x").body(b"").answered()
    assert response.status == 200
    assert response.body[:1] == b"0"
    assert response.headers["content-type"] == "text/plain; charset=UTF-8"
    assert response.headers["cache-control"] == "no-store"
    assert browser.engine.heard().session.opening.query == {"token": "x"}


async def test_posted_packets_are_delivered_and_answered_ok(browser: Browser) -> None:
    session = await browser.open()
    call = browser.call("POST", sid=session.sid)
    call.body(b"4he", more=True).body(b"llo\x1e", more=True).body("4€".encode())
    response = await call.answered()
    assert (response.status, response.body) == (200, b"ok")
    assert browser.engine.heard().heard == [b"hello", "€".encode()]


async def test_get_sleeps_until_there_is_a_packet(browser: Browser) -> None:
    session = await browser.open()
    call = browser.call("GET", sid=session.sid).body(b"")
    await settle()
    assert not call.task.done()
    session.send(Frame(b"4late"))
    assert (await call.answered()).body == b"4late"


async def test_waiting_get_costs_no_second_task(browser: Browser) -> None:
    session = await browser.open()
    before = len(asyncio.all_tasks())
    browser.call("GET", sid=session.sid).body(b"")
    await settle()
    assert len(asyncio.all_tasks()) == before + 1


async def test_client_that_leaves_its_get_is_noticed(browser: Browser) -> None:
    session = await browser.open()
    call = browser.call("GET", sid=session.sid).body(b"")
    await settle()
    call.leave()
    await call.answered()
    assert browser.engine.heard().ends == ["transport close"]
    assert (await browser.get(session.sid)).status == 400


async def test_get_cancelled_by_the_server_ends_its_session(browser: Browser) -> None:
    session = await browser.open()
    call = browser.call("GET", sid=session.sid).body(b"")
    await settle()
    call.task.cancel()
    await settle()
    assert browser.engine.heard().ends == ["transport close"]


async def test_second_get_is_refused_and_the_first_told_to_close(browser: Browser) -> None:
    session = await browser.open()
    first = browser.call("GET", sid=session.sid).body(b"")
    await settle()
    second = await browser.get(session.sid)
    assert (second.status, second.code) == (400, 3)
    assert (await first.answered()).body == b"1"


async def test_second_post_is_refused_and_closes_the_session(browser: Browser) -> None:
    session = await browser.open()
    first = browser.call("POST", sid=session.sid).body(b"4he", more=True)
    await settle()
    assert (await browser.post(session.sid, b"4x")).status == 400
    assert (await first.body(b"llo").answered()).status == 400
    assert browser.engine.heard().heard == []


async def test_post_to_a_paused_session_waits(browser: Browser) -> None:
    session = await browser.open()
    session.pause()
    call = browser.call("POST", sid=session.sid).body(b"4x")
    await settle()
    assert not call.task.done()
    session.resume()
    assert (await call.answered()).body == b"ok"


@pytest.mark.parametrize("announced", [True, False])
async def test_body_over_the_cap_is_cut_off_while_it_arrives(browser: Browser, announced: bool) -> None:
    session = await browser.open()
    headers = {"Content-Length": "2000"} if announced else {}
    call = browser.call("POST", headers, sid=session.sid)
    if not announced:
        call.body(b"4" * 600, more=True).body(b"4" * 600, more=True)
    response = await call.answered()
    assert (response.status, response.headers["connection"]) == (413, "close")
    assert browser.engine.heard().ends == ["transport close"]


async def test_largest_allowed_body_is_taken(browser: Browser) -> None:
    session = await browser.open()
    assert (await browser.post(session.sid, b"4" * 1000)).body == b"ok"


async def test_post_whose_client_leaves_ends_the_session(browser: Browser) -> None:
    session = await browser.open()
    call = browser.call("POST", sid=session.sid).body(b"4he", more=True)
    call.leave()
    await call.answered()
    assert browser.engine.heard().ends == ["transport close"]


async def test_post_that_never_ends_is_given_up() -> None:
    browser = Browser(Engine(EngineSettings(ping_interval_s=0.01, ping_timeout_s=0.01)))
    session = await browser.open()
    call = browser.call("POST", sid=session.sid).body(b"4he", more=True)
    assert (await call.answered()).status == 408
    assert browser.engine.heard().ends == ["transport close"]


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("GET", {"transport": "abc"}, 0),
        ("GET", {"transport": ""}, 0),
        ("GET", {"sid": "nobody"}, 1),
        ("POST", {"sid": "nobody"}, 1),
        ("POST", {}, 2),
        ("PUT", {}, 2),
        ("DELETE", {}, 2),
        ("GET", {"transport": "websocket"}, 3),
        ("GET", {"EIO": "3"}, 5),
        ("GET", {"EIO": "abc"}, 5),
    ],
)
async def test_wrong_request_is_refused_with_the_public_code(
    browser: Browser, method: str, query: dict[str, str], code: int
) -> None:
    response = await browser.call(method, None, **query).body(b"").answered()
    assert response.status == 400
    assert response.headers["content-type"] == "application/json"
    assert response.code == code


async def test_other_methods_with_a_sid_are_refused_and_change_nothing(browser: Browser) -> None:
    session = await browser.open()
    for method in ("PUT", "DELETE", "HEAD"):
        assert (await browser.call(method, sid=session.sid).body(b"").answered()).status == 400
    assert session.open


async def test_absurd_query_is_refused(browser: Browser) -> None:
    response = await Call(browser.app, "GET", "&".join(["a=1"] * 5000), {}).answered()
    assert response.status == 400


async def test_session_over_a_cap_is_refused() -> None:
    browser = Browser(Engine(EngineSettings(caps=Caps(total=1))))
    await browser.open()
    response = await browser.call("GET").body(b"").answered()
    assert (response.status, response.code) == (503, 4)


class TestOrigins:
    ours = Cors.parse("https://app.example, https://other.example/", credentials=True)

    def browser(self, cors: Cors) -> Browser:
        return Browser(Engine(), cors)

    async def ask(self, cors: Cors, method: str = "GET", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.browser(cors).call(method, named).body(b"").answered()

    async def test_any_origin_may_read_when_all_are_allowed(self) -> None:
        response = await self.ask(Cors.parse("*"), origin="https://anywhere.example")
        assert response.headers["access-control-allow-origin"] == "*"

    async def test_any_origin_with_credentials_is_named_back(self) -> None:
        response = await self.ask(Cors.parse("*", credentials=True), origin="https://anywhere.example")
        assert response.headers["access-control-allow-origin"] == "https://anywhere.example"
        assert response.headers["access-control-allow-credentials"] == "true"
        assert response.headers["vary"] == "Origin"

    @pytest.mark.parametrize(
        "origin", ["https://app.example", "https://other.example", "http://server.example:3000"]
    )
    async def test_listed_origin_and_our_own_may_enter(self, origin: str) -> None:
        response = await self.ask(self.ours, origin=origin, host="server.example:3000")
        assert response.status == 200
        assert response.headers["access-control-allow-origin"] == origin

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://app.example", "null", "https://app.example:1"]
    )
    async def test_other_origins_are_refused_and_may_not_read_why(self, origin: str) -> None:
        response = await self.ask(self.ours, origin=origin, host="server.example:3000")
        assert (response.status, response.code) == (403, 4)
        assert "access-control-allow-origin" not in response.headers

    async def test_refusals_are_readable_by_allowed_origins(self) -> None:
        response = await self.ask(self.ours, method="PUT", origin="https://app.example")
        assert (response.status, response.code) == (400, 2)
        assert response.headers["access-control-allow-origin"] == "https://app.example"

    async def test_request_from_no_page_may_enter(self) -> None:
        assert (await self.ask(self.ours)).status == 200

    async def test_preflight_allows_the_methods_and_the_headers_asked_for(self) -> None:
        response = await self.ask(
            self.ours,
            method="OPTIONS",
            origin="https://app.example",
            access_control_request_method="POST",
            access_control_request_headers="x-mine",
        )
        assert response.status == 204
        assert "POST" in response.headers["access-control-allow-methods"]
        assert response.headers["access-control-allow-headers"] == "x-mine"
        assert response.headers["access-control-allow-origin"] == "https://app.example"

    async def test_preflight_from_elsewhere_is_refused(self) -> None:
        assert (await self.ask(self.ours, method="OPTIONS", origin="https://evil.example")).status == 403


def test_scope_without_a_client_address_is_no_error() -> None:
    answers: list[Any] = []

    async def ask() -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            answers.append(message)

        app = Polling(Engine().server, Cors())
        query = b"EIO=4&transport=polling"
        await app({"type": "http", "method": "GET", "query_string": query, "headers": []}, receive, send)

    asyncio.run(ask())
    assert answers[0]["status"] == 200
