"""Where a WebSocket's token is found, and which subprotocol is chosen so that a browser goes on."""

from __future__ import annotations

import pytest

from tutti.transports.handshake import Handshake, Headers
from tutti.transports.token_param import LONGEST, Shown, token_of

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


def asked(query: str = "", **headers: str) -> Shown:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return token_of(Handshake("GET", "/ws/party/1/", query, Headers(lines), "192.0.2.1"))


def test_the_token_stands_in_the_address() -> None:
    assert asked(f"token={JWT}") == Shown(JWT, None)
    assert asked(f"a=b&token={JWT}&token=other") == Shown(JWT, None)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (f"bearer, {JWT}", "bearer"),
        (f"Bearer, {JWT}", "Bearer"),
        (f"{JWT}, bearer", "bearer"),
        (f"access_token, {JWT}", "access_token"),
        (f"token.{JWT}", f"token.{JWT}"),
        (f"bearer.{JWT}", f"bearer.{JWT}"),
        (JWT, JWT),
    ],
)
def test_or_among_the_subprotocols_of_which_one_that_was_offered_is_chosen(offered: str, chosen: str) -> None:
    assert asked(sec_websocket_protocol=offered) == Shown(JWT, chosen)


def test_or_in_the_header_from_what_is_no_page() -> None:
    assert asked(authorization=f"Bearer {JWT}") == Shown(JWT, None)
    assert asked(authorization=f"Basic {JWT}") == Shown(None, None)


def test_the_address_counts_first_and_a_subprotocol_is_chosen_all_the_same() -> None:
    assert asked("token=a", sec_websocket_protocol=f"bearer, {JWT}") == Shown("a", "bearer")


@pytest.mark.parametrize(
    ("query", "offered"), [("", ""), ("token=", ""), ("", "bearer"), ("", "token."), ("x=1", "bearer, token")]
)
def test_without_one_nobody_says_who_this_is(query: str, offered: str) -> None:
    headers = {"sec_websocket_protocol": offered} if offered else {}
    assert asked(query, **headers).token is None


def test_what_is_too_long_for_a_token_is_none() -> None:
    assert asked("token=" + "a" * (LONGEST + 1)).token is None
