"""All of a party's lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tutti.core.ids import MemberId
from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.sockets import chat, interactive, party, sync
from tutti.dialects.party.sockets.dialect import PartyLine, Pong, Scene, Words
from tutti.service.ports import Clock

WORDS: Final[tuple[tuple[str, Words], ...]] = (
    ("/ws/party/{id}/", party.WORDS),
    ("/ws/party/{id}/sync/", sync.WORDS),
    ("/ws/chat/{id}/", chat.WORDS),
    ("/ws/interactive/{id}/", interactive.WORDS),
)
"""With the address of each."""
PREFIX: Final = "/ws/"
NAMES: Final = frozenset(words.name for _, words in WORDS)
"""Whoever speaks one of these is known by a token, whatever the mode."""

_json: Final = msgspec.json.Encoder().encode


def lines(
    clock: Clock, may_meet: Callable[[MemberId, MemberId], bool], new_id: Callable[[], str]
) -> tuple[tuple[str, PartyLine], ...]:
    """Every line, with its address. `may_meet`: whether neither of two people blocks the other."""
    scene = Scene(clock, may_meet)
    return tuple((address, PartyLine(words, scene, new_id=new_id)) for address, words in WORDS)


def pong(clock: Clock, now_ms: float) -> bytes:
    return _json(Pong(iso(clock.wall_ms(now_ms))))
