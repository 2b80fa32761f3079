"""What is shown of people, messages and videos, on every one of a party's sockets alike."""

from __future__ import annotations

import unicodedata
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core.chat import ChatLine
from tutti.core.ids import Epoch, MemberId
from tutti.core.media import Media
from tutti.core.room import Room
from tutti.core.roster import Member, Role
from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.sockets.fields import s
from tutti.platform.chat_archive.schemas import key
from tutti.service.ports import Clock

MessageType = Literal["text", "emoji", "system"]
RoleName = Literal["host", "moderator", "participant"]

_ROLES: dict[Role, RoleName] = {
    Role.HOST: "host",
    Role.MODERATOR: "moderator",
    Role.MEMBER: "participant",
}

_JOINING = "\u200d\ufe0e\ufe0f\u20e3"


class User(msgspec.Struct, frozen=True, gc=False):
    """`username`: as somebody is called in this room."""

    id: str
    username: str

    @classmethod
    def of(cls, room: Room, who: MemberId) -> User:
        member = room.members.get(who)
        return cls(who, who if member is None else member.name)


class Participant(msgspec.Struct, frozen=True, gc=False):
    id: str
    username: str
    role: RoleName

    @classmethod
    def of(cls, member: Member) -> Participant:
        return cls(member.id, member.name, _ROLES[member.role])


class Message(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="chat_message"):
    """`client_id`: what whoever sent it calls it, on whichever socket. `reply_to`: the id of another message."""

    id: str
    user: User
    message: str
    message_type: MessageType
    timestamp: str
    edited: bool
    reply_to: str | None
    client_id: str | UnsetType = UNSET

    @classmethod
    def of(cls, line: ChatLine, epoch: Epoch, clock: Clock) -> Message:
        return cls(
            key(epoch, line.seq),
            User(line.member, line.name),
            line.text,
            message_type(line.text),
            iso(clock.wall_ms(line.at_ms)),
            line.edited_at_ms is not None,
            None if line.reply_to is None else key(epoch, line.reply_to),
            UNSET if line.id is None else line.id,
        )


class Video(msgspec.Struct, frozen=True, gc=False):
    """`id` means something to its `provider` only; `duration` in seconds."""

    id: str
    provider: str
    kind: str
    title: str | None
    duration: float | None

    @classmethod
    def of(cls, media: Media | None) -> Video | None:
        if media is None:
            return None
        duration = None if media.duration_ms is None else s(media.duration_ms)
        return cls(media.id, media.provider, media.kind, media.title, duration)


def message_type(text: str) -> MessageType:
    """Nothing but emoji is shown larger by the guide's front ends."""
    signs = [sign for sign in text if not sign.isspace() and sign not in _JOINING]
    only_emoji = bool(signs) and all(unicodedata.category(sign) in ("So", "Sk", "Cf") for sign in signs)
    return "emoji" if only_emoji else "text"
