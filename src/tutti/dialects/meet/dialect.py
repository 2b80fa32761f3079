"""Guide 004's events, between the socket and the rooms.

Whoever did something shows it by itself already, so that its own is told to everybody else; what it said in the chat
is acknowledged to it. Events carry their number in the room as `seq`, beside `event` and `data`.
"""

# ruff: noqa: ARG002 - the port hands every dialect the same things

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Event, LeaveReason, Recorded
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import (
    Annotated,
    AnnotationsCleared,
    Back,
    BreakoutsShown,
    ClosingSoon,
    HelpAsked,
    Lost,
    Moved,
    Reacted,
    Relay,
    Rewired,
    RoomsTold,
    Signalled,
    Speaking,
    Typing,
    UnmuteAsked,
    Whispered,
)
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.dialects.meet import breakouts, errors, heard, spoken, told
from tutti.dialects.meet.defaults import CAPACITY, NAME
from tutti.dialects.meet.fields import explained, harmless
from tutti.dialects.meet.heard import About
from tutti.dialects.meet.ice import IceServer
from tutti.service.dialect import Afresh, Malformed, Sentence, Steering, Viewer
from tutti.service.frames import Frame
from tutti.service.ports import Clock
from tutti.service.standing import Standing

IceServers = Callable[[str, float], tuple[IceServer, ...]]
"""For this peer, by the wall clock in seconds."""
Pass = Callable[[RoomId, MemberId], str]

HEARD: Final = {**heard.HEARD, **breakouts.HEARD}
SPOKEN: Final = {**spoken.SPOKEN, **breakouts.SPOKEN}

_wishes: Final = {**heard.WISHES, **breakouts.HEARD}
_decoders: Final = {name: msgspec.json.Decoder(said) for name, said in _wishes.items()}
_context: Final = msgspec.json.Decoder(tuple[str, str | None])
_json: Final = msgspec.json.Encoder().encode

Frames = tuple[Frame, ...]


def _mesh(_: Room) -> str:
    return "mesh"


class Meet:
    """A sentence comes as two arguments: its `data`, and `[room, proof of the browser]`.

    `objects`: `peers` are told as objects, to front ends that asked for that.
    """

    name = NAME
    events = frozenset(HEARD)
    unspoken: frozenset[type[Event]] = frozenset(
        (
            *(e.RoomOpened, e.OffsetSet, e.MediaChanged, e.TimelineMoved, e.QueueChanged, e.SeatKept),
            *(e.ReadyChanged, e.WaitingSwitched, e.WaitBegan, e.WaitEnded),
            *(e.ChatEdited, e.ChatRemoved, e.SlowModeChanged, e.PollOpened, e.PollVoted, e.PollClosed),
            e.AccessChanged,
        )
    )
    unheard: frozenset[type[c.Command]] = frozenset(
        (
            *(c.Open, c.SetOffset, c.ChangeMedia, c.ChangeProvider, c.ChangeEpisode),
            *(c.Play, c.Pause, c.Seek, c.SeekBy, c.SetRate, c.Report, c.Observe),
            *(c.AddToQueue, c.RemoveFromQueue, c.MoveInQueue, c.PlayNext, c.SetReady, c.SetWaiting, c.Close),
            *(c.Depart, c.HangUp, c.EndKnock, c.EndBreakouts, c.EndWait, c.Expire),
            *(c.EditChat, c.RemoveChat, c.SetSlowMode, c.SetTyping, c.OpenPoll, c.Vote, c.ClosePoll),
            *(c.EnterCall, c.LeaveCall, c.SetSpeaking, c.Signal, c.Annotate, c.ClearAnnotations),
            *(c.EndPoll, c.SetAccess),
        )
    )
    personal: frozenset[type[Event]] = frozenset(
        (
            *(e.MemberLeft, e.HostChanged, e.RoleChanged, e.ChatSaid, e.HandChanged, e.SharingChanged),
            *(e.MuteChanged, e.Knocked, e.KnockEnded, e.Assigned),
        )
    )
    coalesced: frozenset[type[Event]] = frozenset()
    coalesce_above = 0
    steering = Steering(every_s=1.0, over_ms=math.inf, hold_s=0.0, modelled=False)
    one_socket_per_member = False
    meets = True
    schedules = False
    echoes = False

    def __init__(
        self,
        clock: Clock,
        *,
        issue: Pass,
        new_id: Callable[[], str],
        ice_servers: IceServers = lambda _peer, _now_s: (),
        topology: Callable[[Room], str] = _mesh,
        capacity: int = CAPACITY,
        objects: bool = False,
    ) -> None:
        self._clock = clock
        self._issue = issue
        self._new_id = new_id
        self._ice_servers = ice_servers
        self._topology = topology
        self._capacity = capacity
        self._objects = objects
        self._last: tuple[Recorded, Frames] | None = None
        """What everybody is told of the newest event that is told to each."""

    # -- what clients say

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> Sentence:
        data, context = args
        decoder = _decoders.get(name)
        if decoder is None:
            raise Malformed(f"There is no event {name[:64]!r} here")
        try:
            said = decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
            raise Malformed(f"{name}: {explained(problem)}") from None
        room, proof = _context.decode(context)
        return said.meaning(About(RoomId(room), room, self._capacity, self, proof, self._new_id))

    # -- what is told of events

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> Frames:
        said = told.told(recorded, room, self._wall_ms)
        return () if said is None else (_frame(said[0], said[1], recorded.seq),)

    def tell(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        event, me = recorded.event, viewer.member
        if told.is_own(event, me):
            return ()
        match event:
            case e.ChatSaid(member, _, _, id_) if member == me and id_ is not None:
                return (self._ack(id_, recorded.seq, recorded.at_ms),)
            case e.MemberLeft(member, LeaveReason.EXPELLED, _) if member == me:
                return (_frame("kicked", spoken.Kicked(), recorded.seq),)
            case e.Knocked() | e.KnockEnded() if not _moderates(room, me):
                return ()
            case e.MuteChanged(member, True, _) if member == me:
                wish = _frame("mute-participant", spoken.MuteParticipant(me), recorded.seq)
                return (wish, *self._told_all(recorded, room, now_ms))
            case e.RoleChanged(member, _) | e.HostChanged(member, _, _) if member == me:
                return (*self._told_all(recorded, room, now_ms), *self._knocking(room, me))
            case _:
                return self._told_all(recorded, room, now_ms)

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> Frames:
        match relayed:
            case Reacted(member, emoji, _):
                return (_frame("reaction", spoken.Reaction(member, emoji)),)
            case Whispered(member, name, _, text, at_ms, id_):
                said = spoken.PrivateMessage(
                    id_ or self._new_id(), member, harmless(name), harmless(text), self._wall_ms(at_ms)
                )
                return (_frame("private-message", said),)
            case UnmuteAsked(by, _):
                return (_frame("unmute-requested", spoken.OfPeer(by)),)
            case Lost(member):
                return (_frame("peer-reconnecting", spoken.OfPeer(member)),)
            case Back(member, resumed):
                return (_frame("peer-reconnected", spoken.Reconnected(member, resumed)),)
            case RoomsTold(member, name, text):
                return (_frame("breakout-message", breakouts.Message(text, member, name)),)
            case HelpAsked(member, name, where):
                return (_frame("breakout-help", breakouts.HelpAsked(member, name, where)),)
            case ClosingSoon(seconds):
                return (_frame("breakout-warning", breakouts.ClosingSoon(seconds)),)
            case BreakoutsShown():
                return (_frame("breakouts", breakouts.shown(room, now_ms)),)
            case Typing() | Speaking() | Annotated() | AnnotationsCleared() | Signalled():
                return ()
            case Rewired():
                return self._rewired(relayed, room)
            case Moved(member, where, name, former):
                left = (_frame("peer-left", breakouts.LeftFor(one)) for one in former)
                breakout = None if name is None else where
                moved = breakouts.Moved(breakout, where, name or room.name, self._issue(where, member))
                return (*left, _frame("breakout-moved", moved))

    # -- what is told to one

    def welcome(self, room: Room, viewer: Viewer, now_ms: float, *, reason: Afresh | None = None) -> Frames:
        peers = [m.id for m in room.members.values() if told.is_present(m) and m.id != viewer.member]
        everybody = list(room.members)
        return (
            self._peers(
                room, viewer.member, peers, everybody, chat=self._history(room), seq=room.seq, resumed=False
            ),
            *self._knocking(room, viewer.member),
        )

    def replay(self, events: Sequence[Recorded], room: Room, viewer: Viewer, now_ms: float) -> Frames:
        """Who was there before what was missed; then that, in order. Who left meanwhile is a newcomer to the others."""
        me = viewer.member
        if any(told.is_arrival(recorded.event, me) for recorded in events):
            return self.welcome(room, viewer, now_ms)
        peers, newcomers = told.before(events, room, me)
        known = [one for one in room.members if one not in newcomers]
        first = self._peers(room, me, peers, known, chat=[], seq=room.seq - len(events), resumed=True)
        again = (frame for recorded in events for frame in self._again(recorded, room, viewer, now_ms))
        return (first, *again)

    def founded(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        return self.welcome(room, viewer, now_ms)

    def resync(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        return self.welcome(room, viewer, now_ms)

    def steer(
        self, room: Room, viewer: Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> Frames:
        return ()

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> Frames:
        return ()

    def waiting(self, position: int) -> Frame:
        return _frame("waiting", spoken.Waiting(position))

    def turned_away(self) -> Frame:
        return _frame("kicked", spoken.Kicked("denied"))

    def chat_ack(self, room: Room, member: MemberId, id_: str, up_to: int) -> Frame | None:
        """Again, that what it said under this id is told to everybody, if that was so at this number already."""
        line = next((one for one in reversed(room.chat) if one.id == id_ and one.member == member), None)
        return None if line is None or line.seq > up_to else self._ack(id_, line.seq, line.at_ms)

    def whisper_ack(self, id_: str, now_ms: float) -> Frame:
        return _frame("chat-ack", spoken.ChatAck(id_, None, self._wall_ms(now_ms)))

    def ice_servers(self, member: MemberId) -> Frame:
        """Its credentials anew."""
        return _frame("ice-servers", spoken.IceServers(self._ice(member)))

    def refuse(self, refused: Refused) -> Frame:
        return _frame("error", errors.refused(refused))

    def malformed(self, problem: str) -> Frame:
        return _frame("error", errors.malformed(problem))

    def answer(self, outcome: Room | Refused | Malformed | None) -> bytes:
        """The `data` of an error; nothing where all is well, for the room has said so."""
        if isinstance(outcome, Refused):
            return _json(errors.refused(outcome))
        return _json(errors.malformed(str(outcome))) if isinstance(outcome, Malformed) else b""

    # -- within

    def _told_all(self, recorded: Recorded, room: Room, now_ms: float) -> Frames:
        """The same frames for each, encoded once."""
        if self._last is None or self._last[0] is not recorded:
            self._last = (recorded, self.encode(recorded, room, now_ms))
        return self._last[1]

    def _again(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        """What somebody missed. It cannot know which of its own wishes were heard, so that those are told as well."""
        event, me = recorded.event, viewer.member
        match event:
            case e.ChatSaid(member, _, _, id_) if member == me and id_ is not None:
                return (self._ack(id_, recorded.seq, recorded.at_ms),)
            case e.Knocked() | e.KnockEnded() if not _moderates(room, me):
                return ()
            case e.Assigned(member, _) if member == me:
                return ()
            case _:
                return self.encode(recorded, room, now_ms)

    def _peers(
        self,
        room: Room,
        me: MemberId,
        peers: list[MemberId],
        shown: list[MemberId],
        *,
        chat: list[spoken.ChatMessage],
        seq: int,
        resumed: bool,
    ) -> Frame:
        said = spoken.Peers(
            your_id=me,
            peers=[spoken.Peer(p, told.name(room, p)) for p in peers]
            if self._objects
            else list[str | spoken.Peer](peers),
            is_host=room.host == me,
            host_id=room.host,
            room_locked=room.locked,
            participants=[
                spoken.participant(room.members[one], hands=room.hands, sharing=room.sharing) for one in shown
            ],
            resume_token=self._issue(room.defaults.parent or room.id, me),
            ice_servers=self._ice(me),
            seq=seq,
            epoch=room.epoch,
            topology=self._topology(room),
            chat_enabled=room.chat_on,
            chat=chat,
            lobby=room.lobby,
            one_share=room.one_share,
            protected=room.password is not None,
            capacity=room.capacity,
            resumed=resumed,
            recording=self._recording(room),
        )
        return _frame("peers", said)

    def _rewired(self, rewired: Rewired, room: Room) -> Frames:
        """As if the others had gone and come again: before this one (`peers`, to whom it offers), or after it."""
        left = (_frame("peer-left", spoken.Unplugged(peer)) for peer in rewired.peers)
        topology = _frame("topology", spoken.Topology(rewired.topology))
        offers = list(rewired.offers)
        everybody = list(room.members)
        again = (
            (self._peers(room, rewired.member, offers, everybody, chat=[], seq=room.seq, resumed=False),)
            if offers
            else ()
        )
        came = (
            _frame(
                "peer-joined", spoken.PeerJoined(peer, told.name(room, peer), spoken.kind(room.members[peer]))
            )
            for peer in rewired.peers
            if peer not in rewired.offers and peer in room.members
        )
        return (topology, *left, *again, *came)

    def _ice(self, member: MemberId) -> tuple[IceServer, ...]:
        return self._ice_servers(member, self._wall_ms(self._clock.now_ms()) / 1000)

    def _recording(self, room: Room) -> spoken.RecordingStarted | msgspec.UnsetType:
        now = room.recording
        if now is None:
            return msgspec.UNSET
        return spoken.RecordingStarted(now.id, now.by, self._wall_ms(now.started_at_ms))

    def _history(self, room: Room) -> list[spoken.ChatMessage]:
        return [told.line(line, self._wall_ms) for line in room.chat]

    def _ack(self, id_: str, seq: int, at_ms: float) -> Frame:
        return _frame("chat-ack", spoken.ChatAck(id_, seq, self._wall_ms(at_ms)), seq)

    def _knocking(self, room: Room, me: MemberId) -> Frames:
        """Who waits to be let in, for somebody who has just come to be one who may."""
        if not _moderates(room, me):
            return ()
        return tuple(
            _frame(
                "waiting-participant-joined",
                spoken.WaitingParticipant(who, knock.name, self._wall_ms(knock.at_ms)),
            )
            for who, knock in room.knocks.items()
        )

    def _wall_ms(self, room_ms: float) -> int:
        return round(self._clock.wall_ms(room_ms))


def _moderates(room: Room, who: MemberId) -> bool:
    member = room.members.get(who)
    return member is not None and member.role in (Role.HOST, Role.MODERATOR)


def _frame(event: str, data: msgspec.Struct, seq: int | None = None) -> Frame:
    text = b'{"event":"%s","data":%s' % (event.encode(), _json(data))
    return Frame(text + (b"}" if seq is None else b',"seq":%d}' % seq))
