"""What members show one another: words, signs, raised hands, and whether they are ready."""

from __future__ import annotations

from tutti.core import chat, patience
from tutti.core import events as e
from tutti.core.commands import Chat, RaiseHand, React, SetReady, SetWaiting, Whisper
from tutti.core.events import Event
from tutti.core.permissions import Needs, holds
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Reacted, Whispered
from tutti.core.room import Room
from tutti.core.roster import Member

Decision = tuple[Event, ...] | Refused


def say(room: Room, who: Member, command: Chat) -> Decision:
    """What has been said under this id is not said again."""
    unsaid = _unsayable(room, who, command.text)
    if unsaid is not None:
        return unsaid
    if command.id is not None and any(one.id == command.id and one.member == who.id for one in room.chat):
        return ()
    return (e.ChatSaid(who.id, who.name, command.text, command.id),)


def whisper(room: Room, who: Member, command: Whisper, now_ms: float) -> Whispered | Refused:
    unsaid = _unsayable(room, who, command.text)
    if unsaid is not None:
        return unsaid
    if command.to not in room.members:
        return Refused(Reason.MEMBER_NOT_FOUND)
    return Whispered(who.id, who.name, command.to, command.text, now_ms, command.id)


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
    by = None if owner.id == who.id else who.id
    return () if up == command.raised else (e.HandChanged(owner.id, command.raised, by),)


def lower_hands(room: Room, who: Member) -> Decision:
    return tuple(e.HandChanged(member, False, who.id) for member in room.hands)


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


def _unsayable(room: Room, who: Member, text: str) -> Refused | None:
    """While the chat is switched off, only those who moderate speak."""
    if not room.chat_on and not _moderates(room, who):
        return Refused(Reason.CHAT_OFF)
    if not chat.sayable(text):
        return Refused(
            Reason.OUT_OF_RANGE,
            f"A message has 1 to {chat.MAX_TEXT} characters, and no control characters but newlines",
        )
    return None


def _moderates(room: Room, who: Member) -> bool:
    return holds(Needs.MODERATION, who, room.defaults.control)
