"""The opening handshake of a WebSocket (RFC 6455 §4.2): an upgrade request in, an answer out. No I/O.

The HTTP parser in front has already checked that this is well-formed HTTP with `Upgrade: websocket`; what is
checked here is what makes it a WebSocket request. No extension is ever accepted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, unquote

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_QUERY_FIELDS: Final = 100


class Headers:
    """Request headers by name in any case. A name that came twice has both values, joined by a comma."""

    __slots__ = ("_values",)

    def __init__(self, lines: Iterable[tuple[bytes, bytes]]) -> None:
        values: dict[str, str] = {}
        for raw_name, raw_value in lines:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
            values[name] = f"{values[name]}, {value}" if name in values else value
        self._values = values

    def get(self, name: str) -> str | None:
        return self._values.get(name.lower())


@dataclass(frozen=True)
class Handshake:
    """An upgrade request. `path` is unquoted; `client` is the peer's address without its port."""

    method: str
    path: str
    raw_query: str
    headers: Headers
    client: str

    @cached_property
    def query(self) -> dict[str, str]:
        """The first value of each key. Fields beyond a hundred make it empty."""
        try:
            fields = parse_qsl(self.raw_query, keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS)
        except ValueError:
            return {}
        return dict(reversed(fields))

    @cached_property
    def subprotocols(self) -> tuple[str, ...]:
        """What the client offers to speak, the one it likes best first."""
        offered = self.headers.get("sec-websocket-protocol") or ""
        return tuple(name for part in offered.split(",") if (name := part.strip()))


@dataclass(frozen=True)
class Rejected:
    """The upgrade is refused with an ordinary HTTP response, and the connection closed."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def read_request(head: bytes, client: str) -> Handshake:
    """The request that begins with these bytes: its line and headers, each ended by CRLF."""
    request_line, *lines = head.split(b"\r\n")
    method, _, rest = request_line.decode("latin-1").partition(" ")
    path, _, query = rest.rpartition(" ")[0].partition("?")
    headers = ((name, value) for name, colon, value in (line.partition(b":") for line in lines) if colon)
    return Handshake(method, unquote(path), query, Headers(headers), client)


def check(handshake: Handshake) -> Rejected | None:
    """Why this cannot become a WebSocket of version 13, if it cannot."""
    if handshake.method != "GET":
        return Rejected(405, b"A WebSocket is opened with GET.\n", (("Allow", "GET"),))
    if handshake.headers.get("sec-websocket-version") != "13":
        needed = (("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"))
        return Rejected(426, b"Only version 13 of the WebSocket protocol is spoken here.\n", needed)
    if not _is_key(handshake.headers.get("sec-websocket-key") or ""):
        return Rejected(400, b"Sec-WebSocket-Key must be 16 bytes in base64.\n")
    return None


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key.encode("latin-1"), validate=True)) == 16
    except binascii.Error:
        return False


def acceptance(
    handshake: Handshake, subprotocol: str | None, headers: Iterable[tuple[str, str]] = ()
) -> bytes:
    """The 101 response to a request that `check` has passed."""
    key = (handshake.headers.get("sec-websocket-key") or "").encode()
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n".encode() if subprotocol else b""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n%b%b\r\n" % (accept, chosen, more)
    )


def rejection(rejected: Rejected) -> bytes:
    """The whole response, after which the connection is closed."""
    try:
        phrase = HTTPStatus(rejected.status).phrase
    except ValueError:
        phrase = ""
    lines = [
        f"HTTP/1.1 {rejected.status} {phrase}",
        *(f"{name}: {value}" for name, value in rejected.headers),
    ]
    if not any(name.lower() == "content-type" for name, _ in rejected.headers):
        lines.append("Content-Type: text/plain; charset=utf-8")
    connection = "Upgrade, close" if rejected.status == HTTPStatus.UPGRADE_REQUIRED else "close"
    lines += [f"Content-Length: {len(rejected.body)}", f"Connection: {connection}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + rejected.body
