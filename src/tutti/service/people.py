"""Who is connected as whom, for what is told to a person rather than to a room."""

from __future__ import annotations

from typing import Final, Protocol

from tutti.service.frames import Frame

MOST: Final = 16
"""Connections of one account."""
CROWDED: Final = (4000, "too many connections")


class Listener(Protocol):
    """One connection of one person."""

    def tell(self, frame: Frame, id_: str | None) -> bool:
        """False: it keeps this back until it has told what was missed. Never waits, never fails."""
        ...

    def close(self, code: int, reason: str) -> None: ...


class Hub:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._live: dict[str, dict[Listener, None]] = {}

    def __len__(self) -> int:
        """How many people are connected."""
        return len(self._live)

    def is_here(self, user: str) -> bool:
        """They have at least one connection."""
        return user in self._live

    def enter(self, user: str, listener: Listener) -> None:
        """One too many, and the one that has been here longest is closed."""
        live = self._live.setdefault(user, {})
        live[listener] = None
        if len(live) > self._most:
            oldest = next(iter(live))
            self.leave(user, oldest)
            oldest.close(*CROWDED)

    def leave(self, user: str, listener: Listener) -> None:
        live = self._live.get(user)
        if live is not None:
            live.pop(listener, None)
            if not live:
                del self._live[user]

    def tell(self, user: str, frame: Frame, id_: str | None = None) -> bool:
        """To all of theirs. `id_`: what it is kept under. False: nobody has been told yet."""
        told = False
        for listener in tuple(self._live.get(user, ())):
            told = listener.tell(frame, id_) or told
        return told
