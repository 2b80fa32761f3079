"""Why a connection ended, and whether that is for good: from close codes, HTTP statuses and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tutti_client.wire import Refused


class End(Enum):
    """For good: none will be tried again."""

    LEFT = "left"
    EXPELLED = "expelled"
    NO_SUCH_ROOM = "no_such_room"
    ROOM_ENDED = "room_ended"
    REFUSED = "refused"
    NO_SERVER = "no_server"
    """Something answers there, but it is no server of rooms."""


@dataclass(frozen=True, slots=True)
class Ended:
    why: End
    message: str


@dataclass(frozen=True, slots=True)
class Lost:
    """For now."""

    message: str


Outcome = Ended | Lost

_CODES: Final = {
    1000: End.LEFT,
    1008: End.REFUSED,
    4403: End.EXPELLED,
    4404: End.NO_SUCH_ROOM,
    4410: End.ROOM_ENDED,
}
_STATUSES: Final = {401: End.REFUSED, 403: End.REFUSED, 404: End.NO_SUCH_ROOM, 410: End.ROOM_ENDED}
_SENTENCES: Final = {
    End.LEFT: "Left the room",
    End.EXPELLED: "You were removed from this room",
    End.NO_SUCH_ROOM: "There is no such room",
    End.ROOM_ENDED: "This room has ended",
    End.REFUSED: "The server does not let you in",
    End.NO_SERVER: "What answers at this address is no Tutti server",
}


def ended(why: End, message: str | None = None) -> Ended:
    return Ended(why, message or _SENTENCES[why])


def of_close(code: int | None, refusal: Refused | None) -> Outcome:
    """A WebSocket was closed; `refusal` is what the server said last, if it declined something."""
    end = _CODES.get(code or 0)
    message = refusal.message if refusal is not None else None
    if end is None or (end is End.REFUSED and (refusal is None or refusal.may_retry)):
        return Lost(message or "the connection was lost")
    return ended(end, message if end is End.REFUSED else None)


def of_status(status: int) -> Outcome:
    """HTTP was answered where a WebSocket was asked for."""
    if status >= 500 or status == 429:
        return Lost(f"the server answers HTTP {status}")
    return ended(_STATUSES.get(status, End.NO_SERVER))
