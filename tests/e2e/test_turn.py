"""The credentials that peers get open Debian's coturn, for as long as they say and to nobody without the secret."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e.coturn import coturn, error_of_allocation
from tutti.dialects.meet.ice import Ice

pytestmark = pytest.mark.e2e

SECRET = "a-secret-that-both-have"
UNAUTHORIZED = 401


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with coturn(tmp_path_factory.mktemp("coturn"), SECRET) as port:
        yield port


def allocation(port: int, secret: str, *, issued_s_ago: float = 0.0, peer: str = "peer_abc123") -> int | None:
    ice = Ice((), (f"turn:127.0.0.1:{port}",), secret.encode(), turn_ttl_s=60)
    (server,) = ice.ice_servers(peer, time.time() - issued_s_ago)
    assert server.username is not None
    assert server.credential is not None
    return error_of_allocation(port, server.username, server.credential)


@pytest.mark.parametrize("peer", ["peer_abc123", "a:b", "Åsa"])
def test_a_peers_credentials_open_a_relay(port: int, peer: str) -> None:
    assert allocation(port, SECRET, peer=peer) is None


def test_another_secret_does_not(port: int) -> None:
    assert allocation(port, "another-secret") == UNAUTHORIZED


def test_expired_ones_do_not(port: int) -> None:
    assert allocation(port, SECRET, issued_s_ago=50) is None
    assert allocation(port, SECRET, issued_s_ago=70) == UNAUTHORIZED


def test_a_longer_life_cannot_be_claimed(port: int) -> None:
    (server,) = Ice((), ("turn:x",), SECRET.encode(), turn_ttl_s=60).ice_servers("eve", time.time() - 70)
    assert server.credential is not None
    assert error_of_allocation(port, f"{int(time.time()) + 3600}:eve", server.credential) == UNAUTHORIZED
