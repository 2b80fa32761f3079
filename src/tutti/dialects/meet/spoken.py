"""What the server says in a meeting: the `data` of each event. Timestamps are milliseconds since 1970."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core.roster import Kind, Member, Role
from tutti.dialects.meet.errors import Error
from tutti.dialects.meet.fields import harmless
from tutti.dialects.meet.ice import IceServer


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What stands within a message."""


class Told(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The `data` of a message."""


class Participant(Part, frozen=True):
    """`handOrder`: 1 for who raised theirs first. `inCall` false: somebody who is here, and cannot be seen or heard."""

    peer_id: str
    username: str
    role: str
    hand_raised: bool
    hand_order: int | None
    sharing: bool
    muted: bool
    in_call: bool
    breakout: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET


class Peer(Part, frozen=True):
    """How `peers` are told to front ends that asked for objects."""

    peer_id: str
    username: str


class ChatMessage(Told, frozen=True):
    """Somebody else said this."""

    id: str
    peer_id: str
    username: str
    message: str
    timestamp: int


class RecordingStarted(Told, frozen=True):
    """What is seen and heard is recorded. `startedBy` null: by the server itself."""

    recording_id: str
    started_by: str | None
    start_time: int


class Peers(Told, kw_only=True, frozen=True):
    """You are in. `resumed`: what follows is what you missed, and `peers` are as they were before that."""

    your_id: str
    peers: list[str | Peer]
    is_host: bool
    host_id: str | None
    room_locked: bool
    participants: list[Participant]
    resume_token: str
    ice_servers: tuple[IceServer, ...]
    seq: int
    epoch: str
    topology: str
    chat_enabled: bool
    chat: list[ChatMessage]
    lobby: bool
    one_share: bool
    protected: bool
    capacity: int
    resumed: bool
    recording: RecordingStarted | UnsetType = UNSET


class IceServers(Told, frozen=True):
    """In place of those in `peers`: the credentials are new, and count for the next connection."""

    ice_servers: tuple[IceServer, ...]


class OfPeer(Told, frozen=True):
    """About this peer."""

    peer_id: str


class Unplugged(Told, frozen=True):
    """The connection to this peer is over, and will be made anew: they have not left."""

    peer_id: str
    reason: str = "topology"


class Topology(Told, frozen=True):
    """How those in the call are connected from now on: each with each ("mesh"), or through the server ("sfu")."""

    topology: str


class Reconnected(Told, frozen=True):
    """A peer is there again. `resumed` false: perhaps as another page, which will offer to everybody anew."""

    peer_id: str
    resumed: bool


class PeerJoined(Told, frozen=True):
    """Somebody can be seen and heard. `kind`: of what is no person."""

    peer_id: str
    username: str
    kind: str | UnsetType = UNSET


class ParticipantJoined(Told, frozen=True):
    """Somebody is here without being seen or heard: they watch along, say."""

    participant: Participant


class Nothing(Told, frozen=True):
    """The event says it all."""


class Kicked(Told, frozen=True):
    """You were removed, or not let in (`denied`). Do not come back."""

    reason: str | UnsetType = UNSET


class HostChanged(Told, frozen=True):
    """`reason`: `left`, `lost`, `passed`, `returned` or `arrived`. `hostId` null: nobody is here."""

    host_id: str | None
    reason: str


class RoleChanged(Told, frozen=True):
    """`role`: `co-host` or `participant`."""

    peer_id: str
    role: str


class HandRaised(Told, frozen=True):
    """A hand went up, after those that are up."""

    peer_id: str
    username: str
    hand_order: int


class Reaction(Told, frozen=True):
    """Somebody else shows this."""

    peer_id: str
    emoji: str


class PrivateMessage(Told, frozen=True):
    """Somebody said this to you alone."""

    id: str
    peer_id: str
    username: str
    message: str
    timestamp: int


class ChatAck(Told, frozen=True):
    """What you said under this id has been told to everybody, or for a private message, to whom it was for."""

    id: str
    seq: int | None
    timestamp: int


class ParticipantMuted(Told, frozen=True):
    """A microphone is off, or on again; `by` turned it."""

    peer_id: str
    muted: bool
    by: str


class MuteParticipant(Told, frozen=True):
    """Your microphone is to be off."""

    target_peer_id: str


class WaitingParticipant(Told, frozen=True):
    """Somebody waits to be let in. Told to those who may."""

    peer_id: str
    username: str
    timestamp: int


class Waiting(Told, frozen=True):
    """You wait to be let in: 1 is next."""

    position: int


class Switched(Told, frozen=True):
    enabled: bool


class Policy(Told, frozen=True):
    """Whether one screen is shown at a time."""

    one: bool


class Capacity(Told, frozen=True):
    """How many may be here."""

    capacity: int


class Protected(Told, frozen=True):
    """Whether newcomers need a password."""

    protected: bool


class RecordingStopped(Told, frozen=True):
    """`duration`: milliseconds."""

    recording_id: str
    duration: int
    stopped_at: int


class RoomClosed(Told, frozen=True):
    """The meeting is over: `host_ended`, `host_lost` or `expired`."""

    reason: str


class Signal(Told, frozen=True):
    """From `peerId` to you alone; `sdp` or `candidate` as it was sent."""

    peer_id: str
    target_peer_id: str


def participant(member: Member, *, hands: tuple[str, ...], sharing: tuple[str, ...]) -> Participant:
    return Participant(
        member.id,
        harmless(member.name),
        role(member.role),
        member.hand_ms is not None,
        hands.index(member.id) + 1 if member.id in hands else None,
        member.id in sharing,
        member.muted,
        member.calling,
        UNSET if member.away is None else member.away,
        kind(member),
    )


def kind(member: Member) -> str | UnsetType:
    return UNSET if member.kind is Kind.PERSON else member.kind.value


def role(of: Role) -> str:
    return {Role.HOST: "host", Role.MODERATOR: "co-host", Role.MEMBER: "participant"}[of]


SPOKEN: Final[dict[str, type[msgspec.Struct]]] = {
    "peers": Peers,
    "peer-joined": PeerJoined,
    "peer-left": OfPeer,
    "peer-reconnecting": OfPeer,
    "peer-reconnected": Reconnected,
    "topology": Topology,
    "participant-joined": ParticipantJoined,
    "participant-left": OfPeer,
    "offer": Signal,
    "answer": Signal,
    "candidate": Signal,
    "ice-servers": IceServers,
    "kicked": Kicked,
    "host-changed": HostChanged,
    "role-changed": RoleChanged,
    "room-locked": Nothing,
    "room-unlocked": Nothing,
    "capacity-changed": Capacity,
    "password-changed": Protected,
    "raise-hand": HandRaised,
    "lower-hand": OfPeer,
    "reaction": Reaction,
    "chat-message": ChatMessage,
    "chat-ack": ChatAck,
    "private-message": PrivateMessage,
    "chat-enabled": Nothing,
    "chat-disabled": Nothing,
    "screen-share-start": OfPeer,
    "screen-share-stop": OfPeer,
    "share-policy": Policy,
    "participant-muted": ParticipantMuted,
    "mute-participant": MuteParticipant,
    "unmute-requested": OfPeer,
    "waiting": Waiting,
    "waiting-participant-joined": WaitingParticipant,
    "waiting-participant-left": OfPeer,
    "waiting-room-changed": Switched,
    "recording-started": RecordingStarted,
    "recording-stopped": RecordingStopped,
    "room-closed": RoomClosed,
    "pong": Nothing,
    "error": Error,
}
"""Every message there is, by its event: what `/asyncapi.json` is made of."""
