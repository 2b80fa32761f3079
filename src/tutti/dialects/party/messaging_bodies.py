"""The bodies of guide 003's `/api/messaging/`: conversations and messages, as one who is in them sees them.

What people wrote is text, whatever it looks like; control characters are refused. Other spellings in use are read too.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Self

import msgspec

from tutti.dialects.party.auth_bodies import BLANK, REQUIRED, iso
from tutti.dialects.party.people_bodies import Brief
from tutti.dialects.party.problems import Invalid
from tutti.platform.conversations.models import LONGEST_TITLE
from tutti.platform.conversations.schemas import (
    MOST_FILES,
    MOST_MEMBERS,
    Draft,
    File,
    Participant,
    Said,
    Talk,
)
from tutti.platform.rows import ID_LENGTH

MESSAGING: Final = "/api/messaging"
LONGEST_TEXT: Final = 4_000
DIRECT, GROUP = "direct", "group"


class FileBody(msgspec.Struct, frozen=True):
    """`url`: fetched with a token, by those in the conversation."""

    id: str
    name: str
    content_type: str
    size: int
    url: str

    @classmethod
    def of(cls, file: File) -> Self:
        return cls(file.id, file.name, file.media_type, file.size, f"{MESSAGING}/attachments/{file.id}/")


class FilesBody(msgspec.Struct, frozen=True):
    results: tuple[FileBody, ...]


class MessageBody(msgspec.Struct, frozen=True):
    """`user` null: the account is gone. `reply_to`: the id of a message in the same conversation."""

    id: str
    conversation_id: str
    user: Brief | None
    message: str
    message_type: str
    timestamp: str
    edited: bool
    edited_at: str | None
    deleted: bool
    reply_to: str | None
    attachments: tuple[FileBody, ...]

    @classmethod
    def of(cls, said: Said) -> Self:
        return cls(
            said.id,
            said.conversation_id,
            None if said.who is None else Brief.of(said.who),
            said.text,
            "file" if said.files and not said.text else "text",
            iso(said.at_ms),
            said.edited_at_ms is not None,
            None if said.edited_at_ms is None else iso(said.edited_at_ms),
            said.deleted,
            said.reply_to,
            tuple(FileBody.of(file) for file in said.files),
        )


class ParticipantBody(msgspec.Struct, frozen=True):
    """`role`: `owner` or `member`. `last_read_at`: what was said up to then they have read."""

    id: str
    username: str
    display_name: str
    avatar: str | None
    role: str
    last_read_at: str

    @classmethod
    def of(cls, one: Participant) -> Self:
        who = Brief.of(one.who)
        role = "owner" if one.owner else "member"
        return cls(who.id, who.username, who.display_name, who.avatar, role, iso(one.read_ms))


class ConversationBody(msgspec.Struct, frozen=True):
    """`type`: `direct` or `group`. `unread_count`: of messages from others."""

    id: str
    type: str
    title: str
    participants: tuple[ParticipantBody, ...]
    last_message: MessageBody | None
    unread_count: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, talk: Talk) -> Self:
        return cls(
            talk.id,
            GROUP if talk.group else DIRECT,
            talk.title,
            tuple(ParticipantBody.of(one) for one in talk.participants),
            None if talk.last is None else MessageBody.of(talk.last),
            talk.unread,
            iso(talk.created_at_ms),
            iso(talk.last_at_ms),
        )


class ReadBody(msgspec.Struct, frozen=True):
    detail: str
    last_read_at: str


class NewConversation(msgspec.Struct, kw_only=True):
    """With one person: `user_id`. With several, or under a title: `participants`."""

    user_id: str | None = None
    participant_id: str | None = None
    participants: list[str] | None = None
    participant_ids: list[str] | None = None
    user_ids: list[str] | None = None
    title: str | None = None
    name: str | None = None
    type: str | None = None

    def meaning(self) -> tuple[tuple[str, ...], str | None]:
        """With whom; and the group's title, which is None for a conversation of two."""
        one = self.user_id or self.participant_id
        many = self.participants or self.participant_ids or self.user_ids or ([one] if one else [])
        if not many:
            raise Invalid({"participants": [REQUIRED]})
        if self.type not in (None, DIRECT, GROUP):
            raise Invalid({"type": [f'"{self.type[:20]}" is not a valid choice.']})
        people = ids("participants", many)
        said = self.title if self.title is not None else self.name
        group = self.type == GROUP or (self.type is None and (len(people) > 1 or bool((said or "").strip())))
        if not group and len(people) > 1:
            raise Invalid({"participants": ["A direct conversation is with one person."]})
        return people, title(said or "") if group else None


class EditConversation(msgspec.Struct, kw_only=True):
    title: str | None = None
    name: str | None = None

    def meaning(self) -> str | None:
        """None: nothing is to change."""
        said = self.title if self.title is not None else self.name
        return None if said is None else title(said)


class NewMessage(msgspec.Struct, kw_only=True):
    """`attachments`: ids of files that were uploaded to this conversation."""

    message: str | None = None
    content: str | None = None
    text: str | None = None
    reply_to: str | None = None
    attachments: list[str] | None = None

    def meaning(self) -> Draft:
        files = ids("attachments", self.attachments or [])
        if len(files) > MOST_FILES:
            raise Invalid({"attachments": [f"Ensure this field has no more than {MOST_FILES} elements."]})
        said = next((one for one in (self.message, self.content, self.text) if one is not None), None)
        if said is None and not files:
            raise Invalid({"message": [REQUIRED]})
        reply_to = ids("reply_to", [self.reply_to])[0] if self.reply_to else None
        return Draft(text(said or "", may_be_blank=bool(files)), reply_to, files)


class EditMessage(msgspec.Struct, kw_only=True):
    message: str | None = None
    content: str | None = None
    text: str | None = None

    def meaning(self) -> str:
        said = next((one for one in (self.message, self.content, self.text) if one is not None), None)
        if said is None:
            raise Invalid({"message": [REQUIRED]})
        return text(said)


class MarkRead(msgspec.Struct, kw_only=True):
    """None: everything."""

    message_id: str | None = None


class AddPeople(msgspec.Struct, kw_only=True):
    user_id: str | None = None
    user_ids: list[str] | None = None
    participants: list[str] | None = None

    def meaning(self) -> tuple[str, ...]:
        many = self.user_ids or self.participants or ([self.user_id] if self.user_id else [])
        if not many:
            raise Invalid({"user_id": [REQUIRED]})
        return ids("user_ids", many)


def ids(field: str, said: list[str]) -> tuple[str, ...]:
    if len(said) > MOST_MEMBERS:
        raise Invalid({field: [f"Ensure this field has no more than {MOST_MEMBERS} elements."]})
    if not all(0 < len(one) <= ID_LENGTH and one.isascii() and one.isprintable() for one in said):
        raise Invalid({field: ["Not a valid id."]})
    return tuple(dict.fromkeys(said))


def title(said: str) -> str:
    line = unicodedata.normalize("NFC", said.strip())
    if len(line) > LONGEST_TITLE:
        raise Invalid({"title": [f"Ensure this field has no more than {LONGEST_TITLE} characters."]})
    if not line.isprintable():
        raise Invalid({"title": ["Not a valid string."]})
    return line


def text(said: str, *, may_be_blank: bool = False) -> str:
    """Lines may end in it."""
    kept = said.replace("\r\n", "\n").strip()
    if not kept and not may_be_blank:
        raise Invalid({"message": [BLANK]})
    if len(kept) > LONGEST_TEXT:
        raise Invalid({"message": [f"Ensure this field has no more than {LONGEST_TEXT} characters."]})
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in kept):
        raise Invalid({"message": ["Not a valid string."]})
    return kept
