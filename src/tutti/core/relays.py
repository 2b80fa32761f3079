"""What is told to those who are there now, and never kept: no number, no place in the log, no second chance."""

from __future__ import annotations

from dataclasses import dataclass

from tutti.core.ids import MemberId


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody showed what they feel at `position_ms` of what plays."""

    member: MemberId
    emoji: str
    position_ms: float


Relay = Reacted
RELAYS: tuple[type[Relay], ...] = (Reacted,)
