"""The page's files over HTTP: whole, in part, unchanged, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tutti.transports.pages import Pages

CLIP = bytes(range(100))


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (tmp_path / "secret").write_text("nobody's business", "utf-8")
    (folder / "index.html").write_text("<!doctype html><title>Tutti</title>", "utf-8")
    (folder / "clip.webm").write_bytes(CLIP)
    (folder / "assets" / "app-123.js").write_text("let a = 1", "utf-8")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Pages(folder)), base_url="http://tutti.test"
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "status", "body", "says"),
    [
        ("bytes=0-9", 206, CLIP[:10], "bytes 0-9/100"),
        ("bytes=90-", 206, CLIP[90:], "bytes 90-99/100"),
        ("bytes=-5", 206, CLIP[95:], "bytes 95-99/100"),
        ("bytes=-500", 206, CLIP, "bytes 0-99/100"),
        ("bytes=95-500", 206, CLIP[95:], "bytes 95-99/100"),
        ("Bytes=0-0", 206, CLIP[:1], "bytes 0-0/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=-0", 416, b"", "bytes */100"),
        ("bytes=9-5", 200, CLIP, None),
        ("bytes=0-1,5-6", 200, CLIP, None),
        ("bytes=-", 200, CLIP, None),
        ("frames=0-1", 200, CLIP, None),
        ("bytes=" + "9" * 5_000 + "-", 200, CLIP, None),
        ("bytes=٣-٤", 200, CLIP, None),
    ],
)
async def test_a_clip_is_sent_in_the_part_that_was_asked_for(
    http: httpx.AsyncClient, asked: str, status: int, body: bytes, says: str | None
) -> None:
    answer = await http.get("/clip.webm", headers=[(b"range", asked.encode())])
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers.get("content-range") == says


async def test_a_part_is_sent_only_of_the_file_that_the_client_has_the_rest_of(
    http: httpx.AsyncClient,
) -> None:
    etag = (await http.get("/clip.webm")).headers["etag"]
    for tag, status in ((etag, 206), ('"another"', 200)):
        answer = await http.get("/clip.webm", headers={"Range": "bytes=0-9", "If-Range": tag})
        assert answer.status_code == status


async def test_head_says_what_get_would_and_sends_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.head("/clip.webm", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "100"


async def test_what_has_not_changed_is_not_sent_again(http: httpx.AsyncClient) -> None:
    etag = (await http.get("/clip.webm")).headers["etag"]
    for tags, status in ((etag, 304), (f"W/{etag}", 304), (f'"x", {etag}', 304), ("*", 304), ('"x"', 200)):
        assert (await http.get("/clip.webm", headers={"If-None-Match": tags})).status_code == status


async def test_only_files_named_after_their_content_are_kept_for_good(http: httpx.AsyncClient) -> None:
    assert "immutable" in (await http.get("/assets/app-123.js")).headers["cache-control"]
    assert (await http.get("/")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/nearby", "/r/K3WQ7A", "/account", "/people/7", "/verify-email"])
async def test_every_page_is_the_one_page(http: httpx.AsyncClient, tmp_path: Path, path: str) -> None:
    assert Pages(tmp_path / "static").has(path)
    assert "<title>Tutti</title>" in (await http.get(path)).text


@pytest.mark.parametrize("path", ["/r/../../secret", "/r/%2e%2e/%2e%2e/secret", "/r//etc/passwd"])
async def test_a_path_leads_nowhere_but_to_the_page(http: httpx.AsyncClient, path: str) -> None:
    assert "business" not in (await http.get(path)).text


async def test_the_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get("/r/SOMEROOM")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy  # so scripts come from here alone
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
