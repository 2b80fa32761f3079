"""Everybody of one party, each on a socket of their own, at Tutti or at Django Channels."""

from __future__ import annotations

import json
from collections.abc import Callable

from bench import Unmeasured, process, wire
from bench.client import OPENING_AT_ONCE, Client, Crowd
from bench.party_rows import Rows
from bench.party_servers import tokens

QUIET_S = 0.6


class Member:
    """`inside`: told everything there is. `hears` gets every text after that, and `texts` counts them."""

    def __init__(
        self, crowd: Crowd, server: process.Server, path: str, hears: Callable[[Member, bytes], None]
    ) -> None:
        self.inside = False
        self.texts = 0
        self._hears = hears
        self._server = server.name
        self._client = Client(crowd, server, self._hear, path.encode())

    def say(self, kind: str, **said: object) -> None:
        text = json.dumps({"type": kind, **said}, separators=(",", ":"))
        self._client.send(wire.masked(text.encode()))

    def _hear(self, text: bytes) -> None:
        if text.startswith(b'{"type":"error"'):
            raise Unmeasured(f"{self._server} refused: {text[:300]!r}")
        if self.inside:
            self.texts += 1
            self._hears(self, text)
        else:
            self.inside = True


def enter(
    crowd: Crowd,
    server: process.Server,
    line: str,
    rows: Rows,
    hears: Callable[[Member, bytes], None],
) -> list[Member]:
    """The whole party is in; the first is its host. `line`: the socket's address, with `{id}` and `{token}`."""
    party = str(rows.parties[0]["id"])
    members: list[Member] = []
    for token in tokens(rows.askers):
        path = line.replace("{id}", party).replace("{token}", token)
        members.append(Member(crowd, server, path, hears))
        latest = members[-OPENING_AT_ONCE:]
        crowd.pump_until(
            lambda latest=latest: sum(not one.inside for one in latest) < OPENING_AT_ONCE // 4,  # type: ignore[misc]  # bound now
            f"{server.name}: letting people in",
        )
    crowd.pump_until(lambda: all(one.inside for one in members), f"{server.name}: letting the last in")
    settle(crowd, members)
    return members


def settle(crowd: Crowd, members: list[Member]) -> None:
    """Until nobody is told anything for a while; servers ask all the time whether their clients are still there."""
    before = -1
    while before != (before := sum(one.texts for one in members)):
        crowd.rest(QUIET_S)
