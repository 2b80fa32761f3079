"""`bench.open_loop`: a slow server cannot hide behind requests that were not sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bench import Unmeasured
from bench.open_loop import CONNECTIONS, Load
from bench.process import Server

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SLOW_S = 0.01


def serve_one_by_one(listening: socket.socket) -> None:
    """Every answer takes its time, and no two are made at once."""
    turn = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # it is left in the middle of answers
            while connection.recv(4096):
                with turn:
                    time.sleep(SLOW_S)
                connection.sendall(ANSWER[:20])
                connection.sendall(ANSWER[20:])

    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


@pytest.fixture
def slow() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS) as listening:
        threading.Thread(target=serve_one_by_one, args=(listening,), daemon=True).start()
        yield Server("slow", 0, listening.getsockname()[1], collects=False)
        listening.shutdown(socket.SHUT_RDWR)


def test_latency_counts_from_when_a_request_is_due(slow: Server) -> None:
    """Twice as many as it can answer, over half a second: the last one waits about as long again."""
    seen = Load(slow, [REQUEST], lambda _: None).open(2 / SLOW_S, 0.5)
    assert len(seen.latencies_ms) == len(seen.late_ms)
    assert max(seen.latencies_ms) > CONNECTIONS * SLOW_S * 1000 * 1.2


def test_as_fast_as_it_answers(slow: Server) -> None:
    answered = Load(slow, [REQUEST], lambda _: None).closed(0.3)
    assert 1 <= answered <= 0.3 / SLOW_S + CONNECTIONS


def test_an_answer_that_is_none_ends_the_measurement(slow: Server) -> None:
    def none_of_them(answer: bytes) -> None:
        raise Unmeasured(answer.decode())

    with pytest.raises(Unmeasured, match=r"ok$"):
        Load(slow, [REQUEST], none_of_them).closed(0.2)
