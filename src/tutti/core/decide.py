"""What a room answers to a command: events to record, something to relay, or a refusal.

Pure; the only place where a room decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tutti.core import (
    breakouts,
    company,
    meeting,
    membership,
    patience,
    playback,
    polling,
    programme,
    queueing,
)
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import CloseReason, Event
from tutti.core.ids import MemberId
from tutti.core.media import unsound
from tutti.core.permissions import Needs, holds, needs
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import AnnotationsCleared, Relay
from tutti.core.room import Room
from tutti.core.roster import Member, Role

Decision = tuple[Event, ...] | Relay | Refused
"""No events: accepted, and nothing had to change."""

InMeeting = (
    c.SetLobby | c.Admit | c.Deny | c.SetPassword | c.Share | c.StopShare | c.SetSharePolicy | c.SetMuted
    | c.Mute | c.AskUnmute | c.StartRecording | c.StopRecording | c.OpenBreakouts | c.Assign | c.ExtendBreakouts
    | c.CloseBreakouts | c.TellBreakouts | c.AskHelp | c.EnterCall | c.LeaveCall | c.SetSpeaking | c.Signal
    | c.Annotate | c.ClearAnnotations
)  # fmt: skip

MAX_CAPACITY = 100_000
MAX_OFFSET_MS = 5_000.0


def decide(
    room: Room | None, command: c.Command, who: MemberId | None, now_ms: float, lead_ms: float = 0.0
) -> Decision:
    """Decide `command` of `who` (None: the server itself) at room time `now_ms`, in milliseconds.

    What moves the timeline on purpose takes effect `lead_ms` later.
    """
    if isinstance(command, c.Open):
        return _open(room, command, who, now_ms)
    if (
        isinstance(command, c.Join)
        and command.opens is not None
        and (room is None or room.closed is not None)
    ):
        return _opened_by_joining(command, command.opens, who, now_ms)
    if room is None:
        return Refused(Reason.ROOM_NOT_FOUND)
    if room.closed is not None:
        return Refused(Reason.ROOM_EXPIRED if room.closed is CloseReason.EXPIRED else Reason.ROOM_CLOSED)
    if who is None:
        return _for_server(room, command, now_ms, lead_ms)
    need = needs(command)
    member = room.members.get(who)
    if not holds(need, member, room.defaults.control):
        stranger = member is None and need is not Needs.SERVER
        return Refused(Reason.NOT_A_MEMBER if stranger else Reason.NOT_ALLOWED)
    if member is None:
        return membership.join(room, who, command, now_ms) if isinstance(command, c.Join) else ()
    return _for_member(room, command, member, now_ms, lead_ms)


def _open(room: Room | None, command: c.Open, who: MemberId | None, now_ms: float) -> Decision:
    if who is None:
        return Refused(Reason.NOT_ALLOWED)
    if room is not None:
        return Refused(Reason.ROOM_EXISTS)
    problem = unsound(command.media) if command.media else None
    if problem is not None:
        return problem
    host = Member(who, command.host_name, Role.HOST, now_ms)
    return (e.RoomOpened(command.name, command.defaults, host, command.media),)


def _opened_by_joining(join: c.Join, command: c.Open, who: MemberId | None, now_ms: float) -> Decision:
    """The first who comes to a room that is not there, or is over, opens it and is its host."""
    if who is None or join.recording is not None or who.startswith(membership.RECORDERS):
        return Refused(Reason.NOT_ALLOWED)
    problem = unsound(command.media) if command.media else None
    if problem is not None:
        return problem
    first = membership.newcomer(who, join, now_ms)
    if command.defaults.parent is not None and join.moved_as is None:
        return Refused(Reason.NOT_ALLOWED)
    host = first if command.defaults.parent is not None else replace(first, role=Role.HOST)
    return (e.RoomOpened(command.name, command.defaults, host, command.media),)


def _for_server(room: Room, command: c.Command, now_ms: float, lead_ms: float) -> Decision:
    at_ms = playback.takes_effect_ms(room, now_ms, lead_ms)
    match command:
        case c.Depart(member_id):
            return _parted(room, member_id, membership.depart(room, member_id, now_ms), at_ms)
        case c.HangUp(member_id):
            return meeting.hang_up(room, member_id)
        case c.EndKnock(member_id):
            return meeting.end_knock(room, member_id)
        case c.StopRecording():
            return meeting.stop_recording(room, None)
        case c.Admit(None):
            return meeting.unattended(room, now_ms)
        case c.EndBreakouts():
            return breakouts.over(room, now_ms)
        case c.Assign(who, None) if who is not None:
            return breakouts.call_back(room, who)
        case c.EndPoll(poll):
            return polling.over(room, poll, now_ms)
        case c.SetAccess(access):
            return _admitting(room, membership.set_access(room, access), at_ms)
        case c.EndWait():
            return patience.over(room, now_ms, at_ms)
        case c.Expire(reason):
            return (e.RoomClosed(reason),)
        case _:
            return Refused(Reason.NOT_ALLOWED)


def _parted(room: Room, who: MemberId, decision: tuple[Event, ...] | Refused, at_ms: float) -> Decision:
    """Nobody waits for those who have gone."""
    if room.waiting is None or isinstance(decision, Refused):
        return decision
    parted = any(isinstance(event, e.MemberLeft) for event in decision)
    return (*decision, *patience.without(room, (who,), at_ms)) if parted else decision


def _admitting(room: Room, decision: tuple[Event, ...], at_ms: float) -> Decision:
    """Nobody waits for those who may not be here any more."""
    gone = [event.member for event in decision if isinstance(event, e.MemberLeft)]
    if room.waiting is None or not gone:
        return decision
    return (*decision, *patience.without(room, gone, at_ms))


def _for_member(room: Room, command: c.Command, member: Member, now_ms: float, lead_ms: float) -> Decision:  # noqa: PLR0912 - one case per command, closed
    if isinstance(command, c.Report):  # first, because nearly every sentence is one
        return playback.report(room, member, command, now_ms)
    if isinstance(command, c.Observe):
        return playback.observe(command)
    at_ms = playback.takes_effect_ms(room, now_ms, lead_ms)
    match command:
        case c.Open() | c.Depart() | c.HangUp() | c.EndKnock() | c.EndBreakouts() | c.EndWait() | c.Expire():
            return Refused(Reason.NOT_ALLOWED)
        case c.EndPoll() | c.SetAccess():
            return Refused(Reason.NOT_ALLOWED)
        case c.Join():
            return membership.rejoin(member, command)
        case c.Leave():
            return _parted(room, member.id, membership.leave(room, member), at_ms)
        case c.Expel(target):
            return _parted(room, target, membership.expel(room, member, target), at_ms)
        case c.TransferHost(to):
            return membership.transfer(room, member, to)
        case c.Appoint(target, role):
            return membership.appoint(room, target, role)
        case c.SetLock(locked):
            return () if locked == room.locked else (e.LockChanged(locked),)
        case c.SetCapacity(capacity):
            return _set_capacity(room, capacity)
        case c.SwitchChat(on):
            return () if on == room.chat_on else (e.ChatSwitched(on),)
        case c.SetOffset(offset_ms):
            return _set_offset(member, offset_ms)
        case c.ChangeMedia() | c.ChangeProvider() | c.ChangeEpisode():
            return programme.change(room, member, command, now_ms, at_ms)
        case c.Play():
            return playback.play(room, member, command, now_ms, at_ms)
        case c.Pause():
            return playback.pause(room, member, command, now_ms, at_ms)
        case c.Seek():
            return playback.seek(room, member, command, now_ms, at_ms)
        case c.SeekBy(by_ms):
            return playback.seek_by(room, member, by_ms, now_ms, at_ms)
        case c.SetRate(rate):
            return playback.set_rate(room, member, rate, at_ms)
        case c.AddToQueue():
            return queueing.add(room, member, command)
        case c.RemoveFromQueue():
            return queueing.remove(room, member, command)
        case c.MoveInQueue():
            return queueing.move(room, member, command)
        case c.PlayNext():
            return queueing.play_next(room, member, command, now_ms, at_ms)
        case c.Chat():
            return company.say(room, member, command, now_ms)
        case c.EditChat():
            return company.edit(room, member, command, now_ms)
        case c.RemoveChat():
            return company.remove(room, member, command)
        case c.SetSlowMode():
            return company.set_slow_mode(room, command)
        case c.SetTyping():
            return company.set_typing(room, member, command)
        case c.OpenPoll():
            return polling.open_poll(room, member, command, now_ms)
        case c.Vote():
            return polling.vote(room, member, command, now_ms)
        case c.ClosePoll(poll):
            return polling.close(room, member, poll)
        case c.React():
            return company.react(room, member, command, now_ms)
        case c.RaiseHand():
            return company.raise_hand(room, member, command)
        case c.LowerHands():
            return company.lower_hands(room, member)
        case c.Whisper():
            return company.whisper(room, member, command, now_ms)
        case c.SetReady():
            return company.set_ready(room, member, command, at_ms)
        case c.SetWaiting():
            return company.set_waiting(room, command, at_ms)
        case c.Close():
            return (e.RoomClosed(CloseReason.HOST_ENDED),)
        case _:
            return _in_meeting(room, command, member, now_ms)


def _in_meeting(room: Room, command: InMeeting, member: Member, now_ms: float) -> Decision:  # noqa: PLR0912 - one case per command, closed
    match command:
        case c.SetLobby(on):
            return meeting.set_lobby(room, on=on, now_ms=now_ms)
        case c.Admit(who):
            return meeting.admit(room, who, now_ms)
        case c.Deny(who):
            return meeting.deny(room, who)
        case c.SetPassword(password):
            return meeting.set_password(room, password)
        case c.Share(on):
            return meeting.share(room, member, on=on)
        case c.StopShare(who):
            return meeting.stop_share(room, member, who)
        case c.SetSharePolicy(one):
            return meeting.set_share_policy(room, member, one=one)
        case c.SetMuted(muted):
            return meeting.set_muted(member, muted=muted)
        case c.Mute(who):
            return meeting.mute(room, member, who)
        case c.AskUnmute(who):
            return meeting.ask_unmute(room, member, who)
        case c.StartRecording(id_):
            return meeting.start_recording(room, member, id_)
        case c.OpenBreakouts():
            return breakouts.open_rooms(room, member, command, now_ms)
        case c.Assign():
            return breakouts.assign(room, member, command)
        case c.ExtendBreakouts():
            return breakouts.extend(room, command, now_ms)
        case c.CloseBreakouts():
            return breakouts.close(room)
        case c.TellBreakouts(text):
            return breakouts.tell(room, member, text)
        case c.AskHelp():
            return breakouts.ask_help(member)
        case c.EnterCall():
            return meeting.enter_call(member)
        case c.LeaveCall():
            return meeting.hang_up(room, member.id)
        case c.SetSpeaking(on):
            return meeting.set_speaking(member, on=on)
        case c.Signal(to, data):
            return meeting.signal(room, member, to, data)
        case c.Annotate(shape):
            return meeting.annotate(member, shape)
        case c.ClearAnnotations():
            return AnnotationsCleared(member.id)
        case c.StopRecording():
            return meeting.stop_recording(room, member.id)
        case _:
            assert_never(command)


def _set_capacity(room: Room, capacity: int) -> Decision:
    if not 1 <= capacity <= MAX_CAPACITY:
        return Refused(Reason.OUT_OF_RANGE, f"The capacity must be 1 to {MAX_CAPACITY}")
    return () if capacity == room.capacity else (e.CapacityChanged(capacity),)


def _set_offset(member: Member, offset_ms: float) -> Decision:
    if not -MAX_OFFSET_MS <= offset_ms <= MAX_OFFSET_MS:  # false for NaN too
        return Refused(Reason.OUT_OF_RANGE, f"The offset must be within ±{MAX_OFFSET_MS:.0f} ms")
    return () if offset_ms == member.offset_ms else (e.OffsetSet(member.id, offset_ms),)
