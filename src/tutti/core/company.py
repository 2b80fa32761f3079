"""What members show one another: words, signs, raised hands, and whether they are ready."""

from __future__ import annotations

from tutti.core import chat, patience
from tutti.core import events as e
from tutti.core.commands import Chat, RaiseHand, React, SetReady, SetWaiting
from tutti.core.events import Event
from tutti.core.permissions import Needs, holds
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Reacted
from tutti.core.room import Room
from tutti.core.roster import Member

Decision = tuple[Event, ...] | Refused


def say(room: Room, who: Member, command: Chat) -> Decision:
    """While the chat is switched off, only those who moderate speak."""
    if not room.chat_on and not _moderates(room, who):
        return Refused(Reason.NOT_ALLOWED, "The chat is switched off")
    if not chat.sayable(command.text):
        return Refused(
            Reason.OUT_OF_RANGE,
            f"A message has 1 to {chat.MAX_TEXT} characters, and no control characters but newlines",
        )
    return (e.ChatSaid(who.id, who.name, command.text),)


def react(room: Room, who: Member, command: React, now_ms: float) -> Reacted | Refused:
    if not chat.is_emoji(command.emoji):
        return Refused(Reason.OUT_OF_RANGE, f"A reaction is printable, and 1 to {chat.MAX_EMOJI} bytes long")
    return Reacted(who.id, command.emoji, room.position_at(now_ms))


def raise_hand(room: Room, who: Member, command: RaiseHand) -> Decision:
    owner = who if command.member is None else room.members.get(command.member)
    if owner is None:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if owner.id != who.id and (command.raised or not _moderates(room, who)):
        return Refused(Reason.NOT_ALLOWED, "Another's hand can only be lowered, by those who moderate")
    up = owner.hand_ms is not None
    return () if up == command.raised else (e.HandChanged(owner.id, command.raised),)


def set_ready(room: Room, who: Member, command: SetReady, at_ms: float) -> Decision:
    if who.ready is command.ready:
        return ()
    changed = e.ReadyChanged(who.id, command.ready)
    return (changed, *patience.without(room, who.id, at_ms)) if command.ready else (changed,)


def set_waiting(room: Room, command: SetWaiting, at_ms: float) -> Decision:
    """A room that is to wait no more plays on at once."""
    if command.on == room.waits:
        return ()
    return (e.WaitingSwitched(command.on), *patience.given_up(room, at_ms))


def _moderates(room: Room, who: Member) -> bool:
    return holds(Needs.MODERATION, who, room.defaults.control)
