"""What members show one another: words, signs, raised hands, and whether they are ready."""

from __future__ import annotations

from tutti.core import chat, patience
from tutti.core import events as e
from tutti.core.commands import (
    Chat,
    EditChat,
    RaiseHand,
    React,
    RemoveChat,
    SetReady,
    SetSlowMode,
    SetTyping,
    SetWaiting,
    Whisper,
)
from tutti.core.events import Event
from tutti.core.permissions import Needs, holds
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Reacted, Typing, Whispered
from tutti.core.room import Room
from tutti.core.roster import Member

Decision = tuple[Event, ...] | Refused

MOST_MS = 1e9
"""Of a position: eleven days."""


def say(room: Room, who: Member, command: Chat, now_ms: float) -> Decision:
    """What has been said under this id is not said again."""
    unsaid = _unsayable(room, who, command.text)
    if unsaid is not None:
        return unsaid
    if command.id is not None and any(one.id == command.id and one.member == who.id for one in room.chat):
        return ()
    if command.reply_to is not None and chat.find(room.chat, command.reply_to) is None:
        return Refused(Reason.LINE_NOT_FOUND, "The message that this answers is not there")
    wait_s = _slowed_s(room, who, now_ms)
    if wait_s > 0:
        return Refused(Reason.SLOW_MODE, retry_after_s=wait_s)
    return (e.ChatSaid(who.id, who.name, command.text, command.id, command.reply_to),)


def edit(room: Room, who: Member, command: EditChat, now_ms: float) -> Decision:
    """One's own words, for a while."""
    line = chat.find(room.chat, command.line)
    if line is None or line.member != who.id:
        return Refused(Reason.LINE_NOT_FOUND if line is None else Reason.NOT_ALLOWED)
    if now_ms - line.at_ms > chat.EDITABLE_MS:
        return Refused(Reason.NOT_ALLOWED, "A message can be changed for 15 minutes")
    unsaid = _unsayable(room, who, command.text)
    if unsaid is not None:
        return unsaid
    return () if line.text == command.text else (e.ChatEdited(line.seq, command.text, who.id),)


def remove(room: Room, who: Member, command: RemoveChat) -> Decision:
    line = chat.find(room.chat, command.line)
    if line is None:
        return Refused(Reason.LINE_NOT_FOUND)
    if line.member != who.id and not _moderates(room, who):
        return Refused(Reason.NOT_ALLOWED)
    return (e.ChatRemoved(line.seq, who.id),)


def set_slow_mode(room: Room, command: SetSlowMode) -> Decision:
    if not 0.0 <= command.seconds <= chat.SLOWEST_S:  # false for NaN too
        return Refused(Reason.OUT_OF_RANGE, f"Slow mode is 0 to {chat.SLOWEST_S:.0f} seconds")
    return () if command.seconds == room.slow_mode_s else (e.SlowModeChanged(command.seconds),)


def set_typing(room: Room, who: Member, command: SetTyping) -> Typing | Refused:
    """Whoever could not say it is not shown to be about to."""
    if not room.chat_on and not _moderates(room, who):
        return Refused(Reason.CHAT_OFF)
    return Typing(who.id, who.name, command.on)


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
    at_ms = room.position_at(now_ms) if command.position_ms is None else command.position_ms
    if not 0.0 <= at_ms <= MOST_MS:  # false for NaN too
        return Refused(Reason.OUT_OF_RANGE, "There is no such position")
    return Reacted(who.id, command.emoji, at_ms)


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
    return (changed, *patience.without(room, (who.id,), at_ms)) if command.ready else (changed,)


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


def _slowed_s(room: Room, who: Member, now_ms: float) -> float:
    """How long this one has to wait. Leaving and coming again forgets nothing that is still kept."""
    if room.slow_mode_s == 0.0 or _moderates(room, who):
        return 0.0
    newest = next((line.at_ms for line in reversed(room.chat) if line.member == who.id), None)
    said_ms = max((at for at in (who.said_ms, newest) if at is not None), default=None)
    return 0.0 if said_ms is None else room.slow_mode_s - (now_ms - said_ms) / 1000


def _moderates(room: Room, who: Member) -> bool:
    return holds(Needs.MODERATION, who, room.defaults.control)
