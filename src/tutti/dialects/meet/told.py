"""What of each event of a room everybody is told in a meeting, and who is told of it at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tutti.core import events as e
from tutti.core.chat import ChatLine
from tutti.core.events import Event, LeaveReason, Recorded
from tutti.core.ids import MemberId
from tutti.core.room import Room
from tutti.core.roster import Member
from tutti.dialects.meet import breakouts, spoken
from tutti.dialects.meet.fields import harmless

WallMs = Callable[[float], int]
"""Room time as milliseconds since 1970."""


def told(recorded: Recorded, room: Room, wall_ms: WallMs) -> tuple[str, msgspec.Struct] | None:  # noqa: PLR0912 - one case per event
    """The event and its `data`; None: there is no word for it. `room`: the state after it."""
    event = recorded.event
    match event:
        case e.MemberJoined(member):
            if not member.calling:
                shown = spoken.participant(member, hands=room.hands, sharing=room.sharing)
                return "participant-joined", spoken.ParticipantJoined(shown)
            return "peer-joined", spoken.PeerJoined(member.id, harmless(member.name), spoken.kind(member))
        case e.MemberLeft(who, _, calling):
            return "peer-left" if calling else "participant-left", spoken.OfPeer(who)
        case e.CallEntered(who, _):
            return "peer-joined", spoken.PeerJoined(who, name(room, who))
        case e.CallLeft(who):
            return "peer-left", spoken.OfPeer(who)
        case e.HostChanged(host, _, why):
            return "host-changed", spoken.HostChanged(host, why.value)
        case e.RoleChanged(who, role):
            return "role-changed", spoken.RoleChanged(who, spoken.role(role))
        case e.ChatSaid(who, name_then, text, id_):
            said = ChatLine(recorded.seq, recorded.at_ms, who, name_then, text, id_)
            return "chat-message", line(said, wall_ms)
        case e.HandChanged(who, True, _):
            order = room.hands.index(who) + 1 if who in room.hands else len(room.hands) + 1
            return "raise-hand", spoken.HandRaised(who, name(room, who), order)
        case e.HandChanged(who, _, _):
            return "lower-hand", spoken.OfPeer(who)
        case e.MuteChanged(who, muted, by):
            return "participant-muted", spoken.ParticipantMuted(who, muted, by)
        case e.Assigned(who, None):
            return "peer-joined", spoken.PeerJoined(who, name(room, who))
        case e.Assigned(who, _):
            return "peer-left", breakouts.LeftFor(who)
        case e.BreakoutsOpened() | e.BreakoutsExtended() | e.BreakoutsClosed():
            return "breakouts", breakouts.shown(room, recorded.at_ms)
        case _:
            return _of_room(recorded, wall_ms)


def _of_room(recorded: Recorded, wall_ms: WallMs) -> tuple[str, msgspec.Struct] | None:  # noqa: PLR0912 - one case per event
    at_ms = recorded.at_ms
    match recorded.event:
        case e.LockChanged(locked):
            return "room-locked" if locked else "room-unlocked", spoken.Nothing()
        case e.ChatSwitched(on):
            return "chat-enabled" if on else "chat-disabled", spoken.Nothing()
        case e.CapacityChanged(capacity):
            return "capacity-changed", spoken.Capacity(capacity)
        case e.PasswordChanged(password):
            return "password-changed", spoken.Protected(password is not None)
        case e.SharingChanged(who, on, _):
            return "screen-share-start" if on else "screen-share-stop", spoken.OfPeer(who)
        case e.SharePolicyChanged(one):
            return "share-policy", spoken.Policy(one)
        case e.LobbySwitched(on):
            return "waiting-room-changed", spoken.Switched(on)
        case e.Knocked(who, called, _):
            return "waiting-participant-joined", spoken.WaitingParticipant(who, called, wall_ms(at_ms))
        case e.KnockEnded(who, _):
            return "waiting-participant-left", spoken.OfPeer(who)
        case e.RecordingStarted(id_, by):
            return "recording-started", spoken.RecordingStarted(id_, by, wall_ms(at_ms))
        case e.RecordingStopped(id_, _, since_ms):
            lasted_ms = round(at_ms - since_ms)
            return "recording-stopped", spoken.RecordingStopped(id_, lasted_ms, wall_ms(at_ms))
        case e.RoomClosed(reason):
            return "room-closed", spoken.RoomClosed(reason.value)
        case _:
            return None


def is_own(event: Event, me: MemberId) -> bool:
    """Whether this viewer did it, and shows it already."""
    match event:
        case e.HandChanged(member, _, by) | e.SharingChanged(member, _, by):
            return member == me and by is None
        case e.MuteChanged(member, _, by):
            return member == me == by
        case e.MemberLeft(member, reason, _):
            return member == me and reason is not LeaveReason.EXPELLED
        case e.Assigned(member, _):
            return member == me
        case _:
            return False


def is_arrival(event: Event, me: MemberId) -> bool:
    """Whether the others began here to see and hear this one."""
    match event:
        case e.MemberJoined(member):
            return member.id == me
        case e.CallEntered(member, _):
            return member == me
        case _:
            return False


def before(events: Sequence[Recorded], room: Room, me: MemberId) -> tuple[list[MemberId], set[MemberId]]:
    """Who was in the call before these events, of which `room` is the outcome; and who came by them."""
    calling = {m.id: None for m in room.members.values() if is_present(m)}
    newcomers = set[MemberId]()
    for recorded in reversed(events):
        match recorded.event:
            case e.MemberJoined(member):
                calling.pop(member.id, None)
                newcomers.add(member.id)
            case e.CallEntered(who, _) | e.Assigned(who, None):
                calling.pop(who, None)
            case e.MemberLeft(who, _, True) | e.CallLeft(who) | e.Assigned(who, _):
                calling[who] = None
            case _:
                pass
    return [who for who in calling if who != me], newcomers - {me}


def is_present(member: Member) -> bool:
    """Can be seen and heard here, and not in a breakout room."""
    return member.calling and member.away is None


def line(said: ChatLine, wall_ms: WallMs) -> spoken.ChatMessage:
    id_ = said.id or f"seq-{said.seq}"
    return spoken.ChatMessage(id_, said.member, harmless(said.name), harmless(said.text), wall_ms(said.at_ms))


def name(room: Room, who: MemberId) -> str:
    member = room.members.get(who)
    return who if member is None else harmless(member.name)
