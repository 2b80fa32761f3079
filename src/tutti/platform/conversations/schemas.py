"""Conversations as those in them see them: plain values, of which no wire knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

from tutti.platform.people.somebody import Somebody

MOST_MEMBERS: Final = 50
MOST_FILES: Final = 5
LARGEST: Final = 5 * 1024 * 1024


class Amiss(Enum):
    """Why not. Value: a sentence for a person."""

    NO_SUCH = "Not found."
    NO_SUCH_PERSON = "There is nobody here by this id."
    NO_SUCH_REPLY = "The message replied to is not in this conversation."
    NO_SUCH_FILE = "This file was not uploaded to this conversation, or was sent already."
    YOURSELF = "This is you."
    NOT_YOURS = "You do not have permission to perform this action."
    NOT_A_GROUP = "This conversation is of two people."
    FULL = "A conversation is of at most 50 people."
    NOT_A_FILE = "Files may be JPEG, PNG, WebP, GIF, PDF, plain text, MP3, Ogg, MP4 or WebM."

    @property
    def sentence(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `who` None: their account is gone. Of one that was deleted the text is empty."""

    id: str
    conversation_id: str
    who: Somebody | None
    text: str
    reply_to: str | None
    at_ms: int
    edited_at_ms: int | None = None
    deleted: bool = False
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    who: Somebody
    owner: bool
    read_ms: int


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, to one who is in it: `unread` is theirs, and `last` is the last message that they see."""

    id: str
    group: bool
    title: str
    created_at_ms: int
    last_at_ms: int
    unread: int = 0
    participants: tuple[Participant, ...] = ()
    last: Said | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody would like to say. `files`: ids of what they have uploaded to this conversation."""

    text: str
    reply_to: str | None = None
    files: tuple[str, ...] = field(default=())


class Words(Protocol):
    """What sockets are told."""

    def said(self, said: Said) -> Mapping[str, Any]: ...

    def edited(self, said: Said) -> Mapping[str, Any]: ...

    def deleted(self, conversation: str, message: str) -> Mapping[str, Any]: ...

    def read(self, conversation: str, user: str, read_ms: int) -> Mapping[str, Any]: ...

    def changed(self, conversation: str) -> Mapping[str, Any]:
        """Its people or its title; or it is new, or not theirs any more."""
        ...


class Shelf(Protocol):
    """Where files are. Names are ours."""

    async def put(self, name: str, content: bytes) -> None: ...

    async def take(self, name: str) -> bytes | None: ...

    async def remove(self, name: str) -> None: ...
