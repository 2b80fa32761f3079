"""uvicorn's HTTP protocol, with the guards that it leaves to a proxy in front.

A client has `HEAD_S` seconds and `HEAD_LIMIT` bytes for a request's line and headers, from the connection's first
moment or the request's first byte; an idle keep-alive connection stays uvicorn's to end. What is left of a body whose
request was answered early (413) is read and thrown away, so that the answer arrives: for as long, and up to `REST_LIMIT`.
After an upgrade it lets go of its parser, and hands on what came behind the request in the same segment.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_S: Final = 10.0
HEAD_LIMIT: Final = 64 * 1024
REST_LIMIT: Final = 16 * 1024 * 1024

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class GuardedHttp(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    head_s: float = HEAD_S  # a server with other patience makes a subclass

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_body = False
    _in_head = False
    _rest_bytes = 0
    _segment = b""
    _upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        self._segment = data
        ends_a_body = self._in_body
        super().data_received(data)
        self._segment = b""
        if self._upgraded or not (self._in_head or self._idle()):
            return
        if self._in_body:
            self._throw_away(len(data))
            return
        if self._in_head:  # nearly every head comes whole, and needs no deadline
            self._expect_head()
        if not ends_a_body:
            self._head_bytes += len(data)
        if self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._idle() and self.timeout_keep_alive_task is None:
            self._expect_head()  # uvicorn stops waiting at the first byte, even if it begins nothing

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._in_body = True
        self._head_bytes = self._rest_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Called while uvicorn handles the parser's `HttpParserUpgrade`, which says where the request ended."""
        behind = b""
        match sys.exc_info()[1]:
            case httptools.HttpParserUpgrade(args=(int(end),)):
                behind = self._segment[end:]
        self._upgraded = True
        super().handle_websocket_upgrade()
        # The parser refers back to us: without it this object goes now and not at the next collection.
        self.parser = None  # type: ignore[assignment]  # as uvicorn does when the connection is lost
        if behind and not self.transport.is_closing():
            successor = cast(asyncio.Protocol, self.transport.get_protocol())
            successor.data_received(behind)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _throw_away(self, more: int) -> None:
        """It was answered before its body was all there. The rest has as long as a head has."""
        self._expect_head()
        self._rest_bytes += more
        if self._rest_bytes > REST_LIMIT and not self.transport.is_closing():
            self.transport.close()

    def _idle(self) -> bool:
        """Whether no request is being answered."""
        cycle = cast(RequestResponseCycle | None, self.cycle)
        return cycle is None or cycle.response_complete

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_s, self._too_late)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
