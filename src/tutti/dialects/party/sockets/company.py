"""What several of a party's lines say alike: who comes and goes, who types, and what somebody wants to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.chat import ChatLine
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.relays import Typing
from tutti.core.room import Room
from tutti.dialects.party.sockets import fields as f
from tutti.dialects.party.sockets.dialect import About, Structs
from tutti.dialects.party.sockets.shapes import Message, Participant, User
from tutti.service.ports import Clock


class ChatMessage(msgspec.Struct, frozen=True, gc=False):
    """Something for everybody to read. `client_id`: said a second time under the same, it is not said again.

    `reply_to`: the id of the message that it answers.
    """

    content: f.Text | None = None
    message: f.Text | None = None
    reply_to: f.Id | None = None
    client_id: f.Id | None = None

    def meaning(self, about: About) -> c.Command:
        reply_to = None if self.reply_to is None else f.line(self.reply_to, about.epoch)
        return c.Chat(f.message(self.content, self.message), self.client_id, reply_to)


class SetTyping(msgspec.Struct, frozen=True, gc=False):
    """Whether one is writing something. Say so again while it goes on: nobody remembers it."""

    is_typing: bool = True

    def meaning(self, _: About) -> c.Command:
        return c.SetTyping(self.is_typing)


class UserJoined(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="user_joined"):
    user: Participant
    participant_count: int


class UserLeft(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="user_left"):
    """`reason`: `left`, `lost`, or why somebody was removed."""

    user_id: str
    reason: str
    participant_count: int


class TypingNow(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="typing"):
    user: User
    is_typing: bool


SAID_BY: Final[Mapping[type[e.Event], Callable[[Any], MemberId]]] = {
    e.ChatSaid: lambda said: said.member,
    e.ChatEdited: lambda edited: edited.by,
}
"""Who said what."""


def told(recorded: Recorded, room: Room, clock: Clock) -> Structs:
    match recorded.event:
        case e.MemberJoined(member):
            return (UserJoined(Participant.of(member), len(room.members)),)
        case e.MemberLeft(who, reason, _):
            return (UserLeft(who, reason.value, len(room.members)),)
        case e.ChatSaid(who, name, text, id_, reply_to):
            line = ChatLine(recorded.seq, recorded.at_ms, who, name, text, id_, reply_to)
            return (Message.of(line, room.epoch, clock),)
        case _:
            return ()


def typing(now: Typing) -> TypingNow:
    return TypingNow(User(now.member, now.name), now.on)
