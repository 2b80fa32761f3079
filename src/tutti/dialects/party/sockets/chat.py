"""`/ws/chat/{id}/`: what is said in a party, with answers, edits and removals; the last fifty lines on coming in."""

from __future__ import annotations

from typing import Final

import msgspec

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.relays import Relay, Typing
from tutti.core.room import Room
from tutti.dialects.party.sockets import company
from tutti.dialects.party.sockets import fields as f
from tutti.dialects.party.sockets.company import ChatMessage, SetTyping, TypingNow, UserJoined, UserLeft
from tutti.dialects.party.sockets.dialect import About, Scene, Structs, Words
from tutti.dialects.party.sockets.shapes import Message
from tutti.platform.chat_archive.schemas import key
from tutti.service.ports import Clock

NAME: Final = "party-chat"
HISTORY: Final = 50
"""The newest, told on coming in; what was said before is read over REST."""


class EditMessage(msgspec.Struct, frozen=True, gc=False):
    """Say it in other words: one's own, for a quarter of an hour."""

    message_id: f.Id
    content: f.Text | None = None
    message: f.Text | None = None

    def meaning(self, about: About) -> c.Command:
        return c.EditChat(f.line(self.message_id, about.epoch), f.message(self.content, self.message))


class DeleteMessage(msgspec.Struct, frozen=True, gc=False):
    """One's own, or, for those who moderate, anybody's."""

    message_id: f.Id

    def meaning(self, about: About) -> c.Command:
        return c.RemoveChat(f.line(self.message_id, about.epoch))


class SetSlowMode(msgspec.Struct, frozen=True, gc=False):
    """So many seconds has everybody to wait between two messages, but those who moderate; 0: not at all."""

    seconds: float

    def meaning(self, _: About) -> c.Command:
        return c.SetSlowMode(self.seconds)


class SwitchChat(msgspec.Struct, frozen=True, gc=False):
    """Whether people may chat; those who moderate always may."""

    enabled: bool

    def meaning(self, _: About) -> c.Command:
        return c.SwitchChat(self.enabled)


class GetHistory(msgspec.Struct, frozen=True, gc=False):
    """Answered with `chat_history`."""

    def meaning(self, _: About) -> None:
        return None


class ChatHistory(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="chat_history"):
    """Told first of all. `messages`: the newest, oldest first; `has_more`: there are more, to be read over REST."""

    messages: list[Message]
    has_more: bool
    chat_enabled: bool
    slow_mode_seconds: float
    participant_count: int


class MessageEdited(Message, frozen=True, gc=False, tag_field="type", tag="message_edited"):
    """The message with this id has other words now: all of it, to be put in its place."""


class MessageDeleted(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="message_deleted"):
    """This message is gone. `deleted_by`: who took it away."""

    message_id: str
    deleted_by: str


class SlowMode(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="slow_mode"):
    seconds: float


class ChatEnabled(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="chat_enabled"):
    enabled: bool


def _told(recorded: Recorded, room: Room, _: float, clock: Clock) -> Structs:
    match recorded.event:
        case e.ChatEdited(line, _, _):
            edited = (one for one in room.chat if one.seq == line)
            return tuple(MessageEdited.of(one, room.epoch, clock) for one in edited)
        case e.ChatRemoved(line, by):
            return (MessageDeleted(key(room.epoch, line), by),)
        case e.SlowModeChanged(seconds):
            return (SlowMode(seconds),)
        case e.ChatSwitched(on):
            return (ChatEnabled(on),)
        case _:
            return company.told(recorded, room, clock)


def _relayed(relayed: Relay, _: Room, __: float, ___: Clock) -> Structs:
    return (company.typing(relayed),) if isinstance(relayed, Typing) else ()


def _welcome(room: Room, me: MemberId, _: float, scene: Scene) -> ChatHistory:
    lines = [one for one in room.chat if one.member == me or scene.may_meet(me, one.member)]
    return ChatHistory(
        messages=[Message.of(line, room.epoch, scene.clock) for line in lines[-HISTORY:]],
        has_more=len(lines) > HISTORY,
        chat_enabled=room.chat_on,
        slow_mode_seconds=room.slow_mode_s,
        participant_count=len(room.members),
    )


WORDS: Final = Words(
    name=NAME,
    description="A party's chat: what is said, with answers, corrections and removals.",
    heard={
        "chat_message": ChatMessage,
        "message": ChatMessage,
        "send_message": ChatMessage,
        "edit_message": EditMessage,
        "delete_message": DeleteMessage,
        "typing": SetTyping,
        "slow_mode": SetSlowMode,
        "chat_enabled": SwitchChat,
        "get_history": GetHistory,
    },
    spoken={
        "chat_history": ChatHistory,
        "chat_message": Message,
        "message_edited": MessageEdited,
        "message_deleted": MessageDeleted,
        "typing": TypingNow,
        "slow_mode": SlowMode,
        "chat_enabled": ChatEnabled,
        "user_joined": UserJoined,
        "user_left": UserLeft,
    },
    says=frozenset(
        (
            *(e.ChatSaid, e.ChatEdited, e.ChatRemoved, e.SlowModeChanged, e.ChatSwitched),
            *(e.MemberJoined, e.MemberLeft),
        )
    ),
    asks=frozenset((c.Chat, c.EditChat, c.RemoveChat, c.SetTyping, c.SetSlowMode, c.SwitchChat)),
    told=_told,
    relayed=_relayed,
    welcome=_welcome,
    again=_welcome,
    by_somebody=company.SAID_BY,
)
