"""What a meeting has beyond a room: a waiting room, shared screens, microphones that are turned off, a recording."""

from __future__ import annotations

from dataclasses import replace

from tutti.core import events as e
from tutti.core.events import Event
from tutti.core.ids import MemberId
from tutti.core.membership import Decision, arrived, is_attended, people, recording_over
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Annotated, Signalled, Speaking, UnmuteAsked
from tutti.core.room import Room
from tutti.core.roster import Kind, Knock, Member, Password, Role

MAX_RECORDING_ID = 128
MAX_SIGNAL = 64 * 1024
MAX_SHAPE = 4 * 1024


def set_lobby(room: Room, *, on: bool, now_ms: float) -> Decision:
    if on == room.lobby:
        return ()
    return (e.LobbySwitched(on),) if on else (e.LobbySwitched(on), *_let_in(room, now_ms, rest_goes=True))


def admit(room: Room, who: MemberId | None, now_ms: float) -> Decision:
    """One, if there is room for it; or as many as there is room for, longest waiting first."""
    if who is None:
        return _let_in(room, now_ms, rest_goes=False)
    knock = room.knocks.get(who)
    if knock is None:
        return Refused(Reason.MEMBER_NOT_FOUND, "Nobody by this id waits to be let in")
    if len(people(room)) >= room.capacity:
        return Refused(Reason.ROOM_FULL)
    return (e.KnockEnded(who, True), *arrived(room, _admitted(who, knock, now_ms)))


def unattended(room: Room, now_ms: float) -> tuple[Event, ...]:
    """With nobody inside there is nobody to wait for."""
    return () if is_attended(room, now_ms) else _let_in(room, now_ms, rest_goes=False)


def deny(room: Room, who: MemberId) -> Decision:
    if who not in room.knocks:
        return Refused(Reason.MEMBER_NOT_FOUND, "Nobody by this id waits to be let in")
    return (e.KnockEnded(who, False),)


def end_knock(room: Room, who: MemberId) -> tuple[Event, ...]:
    return (e.KnockEnded(who, False),) if who in room.knocks else ()


def set_password(room: Room, password: Password | None) -> Decision:
    return () if password == room.password else (e.PasswordChanged(password),)


def share(room: Room, who: Member, *, on: bool) -> Decision:
    """One at a time, where the room is so: only those who moderate take it from whoever has it."""
    if on == (who.id in room.sharing):
        return ()
    if not on:
        return (e.SharingChanged(who.id, False),)
    others = room.sharing if room.one_share else ()
    if others and who.role is Role.MEMBER:
        return Refused(Reason.SHARE_TAKEN)
    return (*_stopped(others, who.id), e.SharingChanged(who.id, True))


def stop_share(room: Room, by: Member, who: MemberId) -> Decision:
    if who not in room.members:
        return Refused(Reason.MEMBER_NOT_FOUND)
    return _stopped((who,), by.id) if who in room.sharing else ()


def set_share_policy(room: Room, by: Member, *, one: bool) -> Decision:
    """Of several screens the first stays."""
    if one == room.one_share:
        return ()
    return (e.SharePolicyChanged(one), *(_stopped(room.sharing[1:], by.id) if one else ()))


def set_muted(who: Member, *, muted: bool) -> Decision:
    return () if muted == who.muted else (e.MuteChanged(who.id, muted, who.id),)


def mute(room: Room, by: Member, who: MemberId | None) -> Decision:
    if who is None:
        these = [m for m in people(room) if m.id != by.id and m.role is not Role.HOST]
        return tuple(e.MuteChanged(m.id, True, by.id) for m in these if not m.muted)
    member = room.members.get(who)
    if member is None or member.kind is not Kind.PERSON:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if member.role is Role.HOST and by.id != who:
        return Refused(Reason.NOT_ALLOWED, "Nobody turns the host's microphone off")
    return () if member.muted else (e.MuteChanged(who, True, by.id),)


def ask_unmute(room: Room, by: Member, who: MemberId) -> UnmuteAsked | Refused:
    member = room.members.get(who)
    if member is None or member.kind is not Kind.PERSON:
        return Refused(Reason.MEMBER_NOT_FOUND)
    return UnmuteAsked(by.id, who)


def start_recording(room: Room, by: Member, id_: str) -> Decision:
    if room.recording is not None:
        return ()
    if not 0 < len(id_) <= MAX_RECORDING_ID or not id_.isprintable():
        return Refused(Reason.OUT_OF_RANGE, f"The id of a recording has 1 to {MAX_RECORDING_ID} characters")
    return (e.RecordingStarted(id_, by.id),)


def stop_recording(room: Room, by: MemberId | None) -> tuple[Event, ...]:
    return recording_over(room, by, room.members.values())


def hang_up(room: Room, who: MemberId) -> tuple[Event, ...]:
    member = room.members.get(who)
    return (e.CallLeft(who),) if member is not None and member.calling else ()


def enter_call(who: Member) -> Decision:
    return () if who.calling else (e.CallEntered(who.id, who.proof),)


def set_speaking(who: Member, *, on: bool) -> Speaking | Refused:
    if not who.calling:
        return Refused(Reason.NOT_ALLOWED, "Enter the call first")
    return Speaking(who.id, on and not who.muted)


def signal(room: Room, who: Member, to: MemberId, data: str) -> Signalled | Refused:
    other = room.members.get(to)
    if other is None or not other.calling or other.id == who.id:
        return Refused(Reason.MEMBER_NOT_FOUND, "Nobody by this id is in the call")
    if not who.calling:
        return Refused(Reason.NOT_ALLOWED, "Enter the call first")
    if len(data) > MAX_SIGNAL:
        return Refused(Reason.OUT_OF_RANGE, f"A signal has at most {MAX_SIGNAL} characters")
    return Signalled(who.id, to, data)


def annotate(who: Member, shape: str) -> Annotated | Refused:
    if len(shape) > MAX_SHAPE:
        return Refused(Reason.OUT_OF_RANGE, f"An annotation has at most {MAX_SHAPE} characters")
    return Annotated(who.id, who.name, shape)


def _let_in(room: Room, now_ms: float, *, rest_goes: bool) -> tuple[Event, ...]:
    seats = room.capacity - len(people(room))
    admitted, host = list[Event](), room.host
    for n, (who, knock) in enumerate(room.knocks.items()):
        if n < seats:
            came = arrived(replace(room, host=host), _admitted(who, knock, now_ms))
            admitted += (e.KnockEnded(who, True), *came)
            host = next((event.host for event in came if isinstance(event, e.HostChanged)), host)
        elif rest_goes:
            admitted.append(e.KnockEnded(who, False))
    return tuple(admitted)


def _admitted(who: MemberId, knock: Knock, now_ms: float) -> Member:
    return Member(who, knock.name, Role.MEMBER, now_ms, calling=True, proof=knock.proof)


def _stopped(these: tuple[MemberId, ...], by: MemberId) -> tuple[Event, ...]:
    return tuple(e.SharingChanged(member, False, by) for member in these)
