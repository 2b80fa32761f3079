"""What people say in a room, in words and in signs; what of it can be said at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tutti.core.ids import MemberId, Seq

MAX_TEXT = 2_000
"""Characters."""
MAX_EMOJI = 32
"""Bytes of UTF-8: a family with its joiners has 25."""
KEPT_LINES = 200
EDITABLE_MS = 15 * 60_000.0
"""How long somebody may change what they said."""
SLOWEST_S = 300.0
"""Between two lines of the same person."""

_UNSAYABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but the newline, and halves of characters."""
_JOINING = re.compile("[\u200d\U000e0020-\U000e007f]")
"""What joins or qualifies the signs of one emoji: no sign of its own, and so not printable by itself."""


@dataclass(frozen=True, slots=True)
class ChatLine:
    """`seq`: the number of the event that it was said in. `name`: as the member was called then.

    `id`: what whoever said it calls it, and then says it no second time. `reply_to`: the line that it answers, which
    may be gone by now. `edited_at_ms`: when its words were changed last.
    """

    seq: Seq
    at_ms: float
    member: MemberId
    name: str
    text: str
    id: str | None = None
    reply_to: Seq | None = None
    edited_at_ms: float | None = None


def sayable(text: str) -> bool:
    """Whether this is something to say: up to `MAX_TEXT` characters, not only blanks, of one or more lines."""
    return len(text) <= MAX_TEXT and bool(text.strip()) and _UNSAYABLE.search(text) is None


def is_emoji(text: str) -> bool:
    """Whether this is something to show for a moment: printable, and up to `MAX_EMOJI` bytes."""
    signs = _JOINING.sub("", text)
    return bool(signs.strip()) and signs.isprintable() and len(text.encode()) <= MAX_EMOJI


def after(chat: tuple[ChatLine, ...], line: ChatLine) -> tuple[ChatLine, ...]:
    """The lines that are kept once this one was said."""
    return (*chat[-(KEPT_LINES - 1) :], line)


def find(chat: tuple[ChatLine, ...], line: Seq) -> ChatLine | None:
    """What was said in that event, if it is still kept."""
    return next((one for one in chat if one.seq == line), None)


def edited(chat: tuple[ChatLine, ...], line: Seq, text: str, at_ms: float) -> tuple[ChatLine, ...]:
    return tuple(replace(one, text=text, edited_at_ms=at_ms) if one.seq == line else one for one in chat)


def without(chat: tuple[ChatLine, ...], line: Seq) -> tuple[ChatLine, ...]:
    return tuple(one for one in chat if one.seq != line)
