"""What is said on `/ws/notifications/`, in both directions.

A frame with an `id` is kept for a day and told at least once: whoever has seen this id drops it, and names the last that
they saw when they come back, as `?since=`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.messaging_bodies import MessageBody
from tutti.dialects.party.notifications_bodies import NotificationBody
from tutti.dialects.party.sockets.dialect import Pong
from tutti.dialects.party.sockets.errors import Error
from tutti.platform.conversations.schemas import Said
from tutti.platform.notifications.schemas import Notice

Id = Annotated[str, Meta(max_length=36)]
FrameId = str | UnsetType


class Ping(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ping"):
    """Answered with `pong`."""


class Authenticate(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="authenticate"):
    """A fresh token of the same person, before the one in use expires."""

    token: Annotated[str, Meta(max_length=8192)]


class MarkRead(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="mark_read"):
    """A notification has been read."""

    notification_id: Id


class SetTyping(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="typing"):
    """Somebody types in a conversation, or has stopped."""

    conversation_id: Id
    is_typing: bool = True


class Connected(msgspec.Struct, frozen=True, tag_field="type", tag="connected"):
    """The first of all. `complete` false: more was missed than is told now; ask for the lists again."""

    user_id: str
    unread_count: int
    complete: bool


class Authenticated(msgspec.Struct, frozen=True, tag_field="type", tag="authenticated"):
    """The fresh token counts from now on."""


class NotificationTold(msgspec.Struct, frozen=True, tag_field="type", tag="notification"):
    """Something new. One with the same `data` may have gone for it: its list has it no more."""

    notification: NotificationBody
    unread_count: int
    id: FrameId = UNSET


class NotificationsRead(msgspec.Struct, frozen=True, tag_field="type", tag="notifications_read"):
    """Read or deleted, here or elsewhere. No ids: all of them were read."""

    ids: tuple[str, ...]
    unread_count: int
    id: FrameId = UNSET


class MessageSaid(msgspec.Struct, frozen=True, tag_field="type", tag="message"):
    """A message in a conversation, also one's own."""

    conversation_id: str
    message: MessageBody
    id: FrameId = UNSET


class MessageEdited(msgspec.Struct, frozen=True, tag_field="type", tag="message_edited"):
    conversation_id: str
    message: MessageBody
    id: FrameId = UNSET


class MessageDeleted(msgspec.Struct, frozen=True, tag_field="type", tag="message_deleted"):
    conversation_id: str
    message_id: str
    id: FrameId = UNSET


class ReadUpTo(msgspec.Struct, frozen=True, tag_field="type", tag="read"):
    """Somebody has read what was said up to then."""

    conversation_id: str
    user_id: str
    last_read_at: str
    id: FrameId = UNSET


class ConversationChanged(msgspec.Struct, frozen=True, tag_field="type", tag="conversation_updated"):
    """It is new, or its people or its title are. Ask for it: 404 says that you are not in it any more."""

    conversation_id: str
    id: FrameId = UNSET


class PartyChanged(msgspec.Struct, frozen=True, tag_field="type", tag="party_updated"):
    """What it is, what it does or who takes part is different. Ask for it: 404 says that it is none of yours any more.

    Not kept, and without an id: whoever comes back asks.
    """

    party_id: str


class Typing(msgspec.Struct, frozen=True, tag_field="type", tag="typing"):
    """Not kept, and without an id."""

    conversation_id: str
    user_id: str
    is_typing: bool


HEARD: Final[Mapping[str, type]] = {
    "ping": Ping,
    "authenticate": Authenticate,
    "mark_read": MarkRead,
    "typing": SetTyping,
}
SPOKEN: Final[Mapping[str, type]] = {
    "connected": Connected,
    "notification": NotificationTold,
    "notifications_read": NotificationsRead,
    "message": MessageSaid,
    "message_edited": MessageEdited,
    "message_deleted": MessageDeleted,
    "read": ReadUpTo,
    "conversation_updated": ConversationChanged,
    "party_updated": PartyChanged,
    "typing": Typing,
    "authenticated": Authenticated,
    "pong": Pong,
    "error": Error,
}


def told(notice: Notice, unread: int) -> Mapping[str, Any]:
    return _frame(NotificationTold(NotificationBody.of(notice), unread))


def read_too(ids: tuple[str, ...], unread: int) -> Mapping[str, Any]:
    return _frame(NotificationsRead(ids, unread))


class Frames:
    """What conversations say."""

    def said(self, said: Said) -> Mapping[str, Any]:
        return _frame(MessageSaid(said.conversation_id, MessageBody.of(said)))

    def edited(self, said: Said) -> Mapping[str, Any]:
        return _frame(MessageEdited(said.conversation_id, MessageBody.of(said)))

    def deleted(self, conversation: str, message: str) -> Mapping[str, Any]:
        return _frame(MessageDeleted(conversation, message))

    def read(self, conversation: str, user: str, read_ms: int) -> Mapping[str, Any]:
        return _frame(ReadUpTo(conversation, user, iso(read_ms)))

    def changed(self, conversation: str) -> Mapping[str, Any]:
        return _frame(ConversationChanged(conversation))


def party_changed(party: str) -> Mapping[str, Any]:
    return _frame(PartyChanged(party))


def typing(conversation: str, user: str, *, on: bool) -> Mapping[str, Any]:
    return _frame(Typing(conversation, user, on))


def _frame(spoken: msgspec.Struct) -> Mapping[str, Any]:
    frame: dict[str, Any] = msgspec.to_builtins(spoken)
    return frame
