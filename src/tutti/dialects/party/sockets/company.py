"""What several of a party's lines say alike: who comes and goes, and what somebody wants to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.chat import ChatLine
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.room import Room
from tutti.dialects.party.sockets import fields as f
from tutti.dialects.party.sockets.dialect import About, Structs
from tutti.dialects.party.sockets.shapes import Message, Participant
from tutti.service.ports import Clock


class ChatMessage(msgspec.Struct, frozen=True, gc=False):
    """Something for everybody to read. `client_id`: said a second time under the same, it is not said again."""

    content: f.Text | None = None
    message: f.Text | None = None
    client_id: f.Id | None = None

    def meaning(self, _: About) -> c.Command:
        return c.Chat(f.message(self.content, self.message), self.client_id)


class UserJoined(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="user_joined"):
    user: Participant
    participant_count: int


class UserLeft(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="user_left"):
    """`reason`: `left`, `lost`, or why somebody was removed."""

    user_id: str
    reason: str
    participant_count: int


SAID_BY: Final[Mapping[type[e.Event], Callable[[Any], MemberId]]] = {e.ChatSaid: lambda said: said.member}
"""Who said what."""


def told(recorded: Recorded, room: Room, clock: Clock) -> Structs:
    match recorded.event:
        case e.MemberJoined(member):
            return (UserJoined(Participant.of(member), len(room.members)),)
        case e.MemberLeft(who, reason, _):
            return (UserLeft(who, reason.value, len(room.members)),)
        case e.ChatSaid(who, name, text, id_):
            line = ChatLine(recorded.seq, recorded.at_ms, who, name, text, id_)
            return (Message.of(line, room.epoch, clock),)
        case _:
            return ()
