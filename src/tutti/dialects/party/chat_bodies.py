"""What guide 003's `/api/chat/` takes and gives. Each body knows what it means, and says what is wrong with it."""

from __future__ import annotations

from typing import Final

import msgspec

from tutti.core.chat import sayable
from tutti.core.room import Room
from tutti.dialects.party.auth_bodies import BLANK, REQUIRED, iso
from tutti.dialects.party.people_bodies import Brief
from tutti.dialects.party.problems import Invalid
from tutti.dialects.party.sockets.fields import LONGEST_MESSAGE
from tutti.dialects.party.sockets.shapes import MessageType, message_type
from tutti.platform.chat_archive.schemas import Kept
from tutti.platform.people.somebody import Somebody

LONGEST_ID: Final = 128
LONGEST_SLOW_MODE_S: Final = 300


class Send(msgspec.Struct, kw_only=True):
    """`message` or `content`. `reply_to`: the id of the message that it answers."""

    message: str | None = None
    content: str | None = None
    reply_to: str | None = None
    client_id: str | None = None

    def meaning(self) -> str:
        return _said("message", self.message if self.message is not None else self.content)

    def called(self) -> str | None:
        """What whoever sends it calls it."""
        if self.client_id is not None and not 0 < len(self.client_id) <= LONGEST_ID:
            raise Invalid({"client_id": [f"Ensure this field has 1 to {LONGEST_ID} characters."]})
        return self.client_id


class Edit(msgspec.Struct, kw_only=True):
    message: str | None = None
    content: str | None = None

    def meaning(self) -> str:
        return _said("message", self.message if self.message is not None else self.content)


class ChangeSettings(msgspec.Struct, kw_only=True):
    """Only what is there is changed."""

    slow_mode_seconds: float | None = None
    enabled: bool | None = None

    def slow_mode(self) -> float | None:
        seconds = self.slow_mode_seconds
        if seconds is not None and not 0 <= seconds <= LONGEST_SLOW_MODE_S:
            said = f"Ensure this value is between 0 and {LONGEST_SLOW_MODE_S}."
            raise Invalid({"slow_mode_seconds": [said]})
        return seconds


class Settings(msgspec.Struct, frozen=True):
    enabled: bool
    slow_mode_seconds: float
    max_message_length: int = LONGEST_MESSAGE

    @classmethod
    def of(cls, room: Room | None) -> Settings:
        """`room` None: it is not open yet, or not any more."""
        return cls(True, 0.0) if room is None else cls(room.chat_on, room.slow_mode_s)


class Message(msgspec.Struct, frozen=True):
    id: str
    user: Brief
    message: str
    message_type: MessageType
    timestamp: str
    edited: bool
    reply_to: str | None

    @classmethod
    def of(cls, kept: Kept, who: Somebody | None) -> Message:
        """`who` None: somebody without an account, or not any more."""
        return cls(
            kept.key,
            _who(kept, who),
            kept.text,
            message_type(kept.text),
            iso(kept.at_ms),
            kept.edited_at_ms is not None,
            kept.reply_to,
        )


def _who(kept: Kept, who: Somebody | None) -> Brief:
    return Brief(kept.user, kept.user_name, kept.user_name, None) if who is None else Brief.of(who)


def _said(field: str, text: str | None) -> str:
    if text is None:
        raise Invalid({field: [REQUIRED]})
    if not text.strip():
        raise Invalid({field: [BLANK]})
    if len(text) > LONGEST_MESSAGE:
        raise Invalid({field: [f"Ensure this field has no more than {LONGEST_MESSAGE} characters."]})
    if not sayable(text):
        raise Invalid({field: ["Not a valid string."]})
    return text
