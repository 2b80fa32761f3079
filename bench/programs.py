"""Every server the bench can start: Tutti, its peers, and the floors under them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bench import Unmeasured, install
from bench.process import Program


def tutti() -> Program:
    """Tutti as it is served, durable data and production's log lines included; but no limits, and large rooms."""
    executable = Path(sys.executable).parent / "tutti"
    if not executable.exists():
        raise Unmeasured("tutti is not installed beside this Python: run `make setup`")
    return Program(
        "tutti",
        (str(executable), "serve", "--host", "127.0.0.1", "--port", "{port}", "--data", "{data}"),
        {"WATCH_MAX_PARTICIPANTS": "2000", "TUTTI_LIMITS": "off", "TUTTI_LOG": "json"},
    )


def node_socketio() -> Program:
    return Program("Node socket.io", (*install.node_program("socketio.mjs"), "{port}"), collects=True)


def node_ws() -> Program:
    return Program("Node ws", (*install.node_program("ws.mjs"), "{port}"))


def node_meeting() -> Program:
    return Program("Node ws", (*install.node_program("meet.mjs"), "{port}"))


def express() -> Program:
    return Program("Express 5", (*install.node_program("express.mjs"), "{port}"))


def python_socketio() -> Program:
    return Program(
        "python-socketio", (*install.python_program("python_socketio.py"), "{port}"), collects=True
    )


def syncplay() -> Program:
    """Debian's. It wants its salt named, or it prints one and a warning."""
    return Program(
        "syncplay-server",
        ("/usr/bin/syncplay-server", "--port", "{port}", "--isolate-rooms", "--salt", "bench"),
        speaks_http=False,
    )


def uvloop_floor() -> Program:
    return Program("uvloop write", (sys.executable, "-m", "bench.peers.floor", "uvloop", "{port}"))


def send_floor() -> Program:
    return Program("socket.send", (sys.executable, "-m", "bench.peers.floor", "send", "{port}"))


BY_NAME: dict[str, Callable[[], Program]] = {
    "tutti": tutti,
    "socket.io": node_socketio,
    "ws": node_ws,
    "ws-meeting": node_meeting,
    "express": express,
    "python-socketio": python_socketio,
    "uvloop-floor": uvloop_floor,
    "send-floor": send_floor,
}
