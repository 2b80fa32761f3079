"""The web page's files, from memory: small, few, and fixed while the server runs. A bare ASGI application.

Single byte ranges are answered (RFC 9110 §14), because browsers seek in a clip by asking for one.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

HASHED_NAMES = "/assets/"
"""Files under this path are named after their content, so that a copy of them never grows old."""

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: http: https:; "
    "connect-src 'self' http: https: ws: wss:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Everything from here, but for the films that a room names by their address: a stream's parts are fetched by script,
and handed to the player as a blob. The picture of a second factor's key comes as data, and one in a conversation as a
blob, since it is fetched with a token."""

APP = frozenset(
    (
        "/",
        "/nearby",
        "/sign-in",
        "/forgot-password",
        "/verify-email",
        "/reset-password",
        "/account",
        "/people",
        "/parties",
        "/messages",
        "/notifications",
    )
)
WITHIN_APP = ("/r/", "/m/", "/people/", "/parties/", "/messages/")
"""Addresses of the one page, which finds its way by them."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII | re.IGNORECASE)
_NOT_BUILT = b"""<!doctype html><meta charset=utf-8><title>Tutti</title>
<p>The server runs, but its page has not been built: <code>make web</code>.</p>"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    kind: str
    etag: str
    cache: str


class Pages:
    """Knows which paths are its own (`has`); the room page is one page for every room."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, _File] = {}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                name = "/" + path.relative_to(folder).as_posix()
                self._files[name] = _file(name, path.read_bytes())
        self._index = self._files.get("/index.html") or _file("/index.html", _NOT_BUILT)

    def has(self, path: str) -> bool:
        return path in APP or path.startswith(WITHIN_APP) or path in self._files

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, [("allow", "GET, HEAD")], b"")
            return
        file = self._files.get(scope["path"], self._index)
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        headers = [
            ("content-type", file.kind),
            ("etag", file.etag),
            ("cache-control", file.cache),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),  # who has a room's address may enter it
        ]
        if file.kind.startswith("text/html"):
            headers.append(("content-security-policy", CONTENT_POLICY))
        head_only = scope["method"] == "HEAD"
        if _names(asked.get(b"if-none-match", ""), file.etag):
            await _answer(send, 304, headers, b"")
        elif b"range" in asked and not head_only and asked.get(b"if-range", file.etag) == file.etag:
            await _part(send, file, asked[b"range"], headers)
        else:
            await _answer(send, 200, headers, file.body, head_only=head_only)


def _file(name: str, body: bytes) -> _File:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind in ("application/javascript", "application/json"):
        kind += "; charset=utf-8"
    cache = "public, max-age=31536000, immutable" if name.startswith(HASHED_NAMES) else "no-cache"
    return _File(body, kind, f'"{sha256(body).hexdigest()[:20]}"', cache)


def _names(tags: str, etag: str) -> bool:
    """Whether one of these tags is this one (RFC 9110 §13.1.2: strong or weak is the same here)."""
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags.split(","))


async def _part(send: Send, file: _File, asked: str, headers: list[tuple[str, str]]) -> None:
    size = len(file.body)
    span = _span(asked, size)
    if span is None:  # several ranges, or another unit: RFC 9110 §14.2 lets us answer with all of it
        await _answer(send, 200, headers, file.body)
    elif span[0] >= span[1]:
        await _answer(send, 416, [*headers, ("content-range", f"bytes */{size}")], b"")
    else:
        start, end = span
        headers = [*headers, ("content-range", f"bytes {start}-{end - 1}/{size}")]
        await _answer(send, 206, headers, file.body[start:end])


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a single byte range; None for anything else."""
    match = _RANGE.fullmatch(asked.strip())
    if match is None or not (match[1] or match[2]) or len(asked) > 60:
        return None
    if not match[1]:
        return max(size - int(match[2]), 0), size
    if match[2] and int(match[2]) < int(match[1]):  # not a range at all: RFC 9110 §14.1.1
        return None
    return int(match[1]), min(int(match[2]) + 1, size) if match[2] else size


async def _answer(
    send: Send, status: int, headers: list[tuple[str, str]], body: bytes, *, head_only: bool = False
) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if status != 304:
        encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if head_only else body})
