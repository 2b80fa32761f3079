"""A small web site of the test's own, on another origin than the server's: pages, scripts, and a film one can seek in."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

RANGE = re.compile(r"bytes=(\d+)-(\d*)")
SLOW_FIRST_BYTE_S = 1.0
SLOW_CHUNK, SLOW_CHUNK_EVERY_S = 16 * 1024, 0.4


class Site:
    """`slow/…` is any of its files from far away: a second until the first byte, and then 40 KB a second."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        self.files = files
        self.closing = threading.Event()
        self.url = ""


@contextmanager
def site(files: dict[str, tuple[str, bytes]]) -> Iterator[Site]:
    """`files`: path to content type and bytes."""
    shown = Site(files)

    class Handler(_Handler):
        site = shown

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    shown.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield shown
    finally:
        shown.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Server(ThreadingHTTPServer):
    """Whoever finds its queue full tries again after a second, as the kernel does for them; five is soon full."""

    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: ClassVar[Site]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        slow = path.startswith("slow/")
        kind, whole = self.site.files.get(path.removeprefix("slow/"), ("", b""))
        if not kind:
            self.send_error(404)
            return
        asked = RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2]) if asked and asked[2] else len(whole) - 1, len(whole) - 1)
        if slow and self.site.closing.wait(SLOW_FIRST_BYTE_S):
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(last - first + 1))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(whole)}")
        self.end_headers()
        self._send(whole[first : last + 1], slow=slow)

    def _send(self, body: bytes, *, slow: bool) -> None:
        with suppress(ConnectionError):  # a player that seeks hangs up
            if not slow:
                self.wfile.write(body)
                return
            for at in range(0, len(body), SLOW_CHUNK):
                self.wfile.write(body[at : at + SLOW_CHUNK])
                if self.site.closing.wait(SLOW_CHUNK_EVERY_S):
                    return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gave it
        """Say nothing."""
