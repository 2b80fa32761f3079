"""Debian's coturn as a process of the test's own, and as much of TURN (RFC 8656) as it takes to ask for a relay."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import pack, unpack_from

from tests.e2e.server import ROOT

START_WITHIN_S = 40.0
REALM = "tutti.test"
COOKIE = 0x2112A442
BINDING, ALLOCATE = 0x0001, 0x0003
SUCCESS, ERROR = 0x0100, 0x0110
USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, REALM_NAME, NONCE = 0x0006, 0x0008, 0x0009, 0x0014, 0x0015
REQUESTED_TRANSPORT, UDP = 0x0019, 17

Attributes = dict[int, bytes]


@contextmanager
def coturn(folder: Path, secret: str) -> Iterator[int]:
    """Its port on 127.0.0.1, UDP and TCP, while it runs with `use-auth-secret`."""
    subprocess.run([str(ROOT / "scripts" / "debian-packages"), "coturn"], check=True, timeout=300)
    executable = shutil.which("turnserver")
    assert executable is not None
    port = _free_port()
    command = [
        executable, "-n", "--use-auth-secret", f"--static-auth-secret={secret}", f"--realm={REALM}",
        "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--allow-loopback-peers",
        "--no-tls", "--no-dtls", "--no-cli", "--fingerprint", "--log-file=stdout", "--simple-log",
        f"--pidfile={folder / 'turn.pid'}", f"--userdb={folder / 'turn.db'}",
    ]  # fmt: skip
    with (folder / "coturn.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_answers(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def error_of_allocation(port: int, username: str, password: str) -> int | None:
    """Ask for a relayed address with these credentials: None if it is granted, else the error's code."""
    with _client(port) as client:
        asked = {REQUESTED_TRANSPORT: bytes([UDP, 0, 0, 0])}
        kind, first = _exchange(client, _request(ALLOCATE, asked))
        assert (kind, _code(first)) == (ALLOCATE | ERROR, 401), "the first request is always challenged"
        signed = asked | {
            USERNAME: username.encode(), REALM_NAME: first[REALM_NAME], NONCE: first[NONCE]
        }  # fmt: skip
        key = hashlib.md5(b":".join((username.encode(), first[REALM_NAME], password.encode()))).digest()
        kind, answer = _exchange(client, _request(ALLOCATE, signed, key))
        return None if kind == ALLOCATE | SUCCESS else _code(answer)


def _request(kind: int, attributes: Attributes, key: bytes | None = None) -> bytes:
    body = b"".join(
        pack("!HH", name, len(value)) + value + b"\0" * (-len(value) % 4)
        for name, value in attributes.items()
    )
    transaction = secrets.token_bytes(12)
    if key is not None:
        signed = pack("!HHI", kind, len(body) + 24, COOKIE) + transaction + body
        body += pack("!HH", MESSAGE_INTEGRITY, 20) + hmac.digest(key, signed, "sha1")
    return pack("!HHI", kind, len(body), COOKIE) + transaction + body


def _exchange(client: socket.socket, request: bytes) -> tuple[int, Attributes]:
    client.send(request)
    answer = client.recv(2048)
    kind, length, cookie = unpack_from("!HHI", answer)
    assert (cookie, answer[8:20]) == (COOKIE, request[8:20])
    attributes: Attributes = {}
    at = 20
    while at < 20 + length:
        name, size = unpack_from("!HH", answer, at)
        attributes[name] = answer[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
    return kind, attributes


def _code(attributes: Attributes) -> int:
    hundreds, rest = attributes[ERROR_CODE][2:4]
    return hundreds * 100 + rest


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "coturn ended"
        with _client(port, 0.2) as client:
            try:
                kind, _ = _exchange(client, _request(BINDING, {}))
            except OSError:
                continue
            if kind == BINDING | SUCCESS:
                return
    raise AssertionError(f"coturn did not answer within {START_WITHIN_S} s")


def _client(port: int, timeout_s: float = 5.0) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(timeout_s)
    client.connect(("127.0.0.1", port))
    return client


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
