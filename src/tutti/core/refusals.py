"""The catalogue of refusals: understood, declined, nothing changed. Every dialect translates every reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """Value: (name, sentence for a person, whether the same request may succeed later)."""

    ROOM_NOT_FOUND = ("room_not_found", "Room not found", False)
    ROOM_EXPIRED = ("room_expired", "This room has expired", False)
    ROOM_CLOSED = ("room_closed", "This room has ended", False)
    ROOM_EXISTS = ("room_exists", "A room with this id exists already", False)
    ROOM_FULL = ("room_full", "This room is full", True)
    ROOM_LOCKED = ("room_locked", "This room is locked", True)
    WRONG_PASSWORD = ("wrong_password", "This room needs its password", True)
    WAITING_ROOM = ("waiting_room", "The host lets people into this room one by one", True)
    ID_TAKEN = ("id_taken", "Somebody else has this id here", False)
    NOT_A_MEMBER = ("not_a_member", "You are not in this room", False)
    MEMBER_NOT_FOUND = ("member_not_found", "That person is not in this room", False)
    NOT_ALLOWED = ("not_allowed", "You may not do this here", False)
    EXPELLED = ("expelled", "You were removed from this room", True)
    CHAT_OFF = ("chat_off", "The chat is switched off", True)
    SLOW_MODE = ("slow_mode", "Slow mode is on: wait a moment before you write again", True)
    LINE_NOT_FOUND = ("line_not_found", "This message is not there, or too old to be changed", False)
    POLL_NOT_FOUND = ("poll_not_found", "This poll is not there", False)
    POLL_CLOSED = ("poll_closed", "This poll is closed", False)
    ALREADY_VOTED = ("already_voted", "You have voted already", False)
    SHARE_TAKEN = ("share_taken", "Somebody else is sharing their screen", True)
    OUT_OF_RANGE = ("out_of_range", "A value is out of range", False)
    NOTHING_PLAYS = ("nothing_plays", "Nothing has been chosen to play", False)
    UNKNOWN_PROVIDER = ("unknown_provider", "This provider is not known here", False)
    UNAUTHENTICATED = ("unauthenticated", "Sign in first", False)
    NOT_YOURSELF = ("not_yourself", "The user id is not that of your token", False)
    RATE_LIMITED = ("rate_limited", "Too many requests", True)
    UNAVAILABLE = ("unavailable", "This cannot be kept right now; try again", True)
    INTERNAL = ("internal", "Something went wrong on our side", True)
    DRAINING = ("draining", "The server is restarting; reconnect", True)

    def __init__(self, code: str, sentence: str, may_retry: bool) -> None:
        self.code = code
        self.sentence = sentence
        self.may_retry = may_retry


@dataclass(frozen=True, slots=True)
class Refused:
    """`detail`, where given, says more than the reason's sentence. `retry_after_s` only where somebody knows it."""

    reason: Reason
    detail: str | None = None
    retry_after_s: float | None = None

    @property
    def sentence(self) -> str:
        return self.detail or self.reason.sentence
