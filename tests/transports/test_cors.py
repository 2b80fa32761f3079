"""Which pages may read our answers, and how a browser is told so."""

from __future__ import annotations

import httpx
import pytest

from tutti.transports.cors import Cors, CorsApp, Message, Receive, Send

PAGE = "https://app.example"


async def answering(scope: Message, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 429, "headers": [(b"retry-after", b"3")]})
    await send({"type": "http.response.body", "body": b"slower"})


def asking(cors: Cors) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(CorsApp(answering, cors))
    return httpx.AsyncClient(transport=transport, base_url="https://tutti.example")


@pytest.mark.parametrize(
    ("setting", "origin", "told"),
    [
        ("*", PAGE, "*"),
        (PAGE, PAGE, PAGE),
        (PAGE, "https://tutti.example", "https://tutti.example"),  # our own page
        (PAGE, "https://evil.example", None),
        (PAGE, "https://tutti.example.evil.example", None),
        (PAGE, f"{PAGE}.evil.example", None),
        ("", PAGE, None),
        ("*", None, None),
    ],
)
async def test_an_answer_is_for_pages_of_allowed_origins(
    setting: str, origin: str | None, told: str | None
) -> None:
    async with asking(Cors.parse(setting)) as http:
        answer = await http.get("/api", headers={"origin": origin} if origin else {})
        assert answer.text == "slower"
        assert answer.headers.get("access-control-allow-origin") == told
        assert ("Retry-After" in answer.headers.get("access-control-expose-headers", "")) == (
            told is not None
        )


async def test_a_browser_that_asks_first_is_answered_in_place_of_the_application() -> None:
    asked = {
        "origin": PAGE,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, content-type",
    }
    async with asking(Cors.parse(PAGE)) as http:
        answer = await http.options("/api/sessions/ABC123/offset", headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
        refused = await http.options("/api", headers={**asked, "origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refused.headers
