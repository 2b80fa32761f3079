"""What the archive takes and gives, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutti.core.ids import Epoch, Seq

_KEY = re.compile(r"([0-9A-Za-z]{1,48})-([0-9]{10,15})")


@dataclass(frozen=True, slots=True)
class Kept:
    """A message. `user_name`: as whoever said it was called then. `removed`: its text is gone."""

    key: str
    user: str
    user_name: str
    text: str
    at_ms: int
    reply_to: str | None = None
    edited_at_ms: int | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    key: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Removed:
    key: str
    at_ms: int


Change = Kept | Edited | Removed


def key(epoch: Epoch, seq: Seq) -> str:
    """What a message is called everywhere: its place in the room's log."""
    return f"{epoch}-{seq:010d}"


def place(of: str) -> tuple[Epoch, Seq] | None:
    """The place that a key names; None if it is no key."""
    found = _KEY.fullmatch(of)
    return None if found is None else (Epoch(found[1]), Seq(int(found[2])))
