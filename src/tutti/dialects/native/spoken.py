"""What the server says in `tutti.v1`. Times are room time, positions are the media's: both in milliseconds."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core import events as e
from tutti.core import polls
from tutti.core.chat import ChatLine
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.media import Media as CoreMedia
from tutti.core.polls import Poll as CorePoll
from tutti.core.queue import Entry as CoreEntry
from tutti.core.relays import Annotated as Drawn
from tutti.core.relays import AnnotationsCleared as DrawingsCleared
from tutti.core.relays import Back, Lost, Reacted, UnmuteAsked, Whispered
from tutti.core.relays import Speaking as CoreSpeaking
from tutti.core.relays import Typing as CoreTyping
from tutti.core.room import Room
from tutti.core.roster import Member as CoreMember
from tutti.core.timeline import Timeline as CoreTimeline
from tutti.dialects.native.fields import Ref
from tutti.service.standing import Standing


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What stands within a message."""


class Told(msgspec.Struct, frozen=True, gc=False, rename="camel", tag_field="type"):
    """A message."""


class Timeline(Part, frozen=True):
    """At room time `at`, which may be a little ahead, the media stand at `position`. Until then the one before holds."""

    position: float
    rate: float
    playing: bool
    at: float


class Media(Part, frozen=True):
    """What is played. `durationMs` and the other facts are null while nobody has told them."""

    id: str
    provider: str
    kind: str
    title: str | None
    artist: str | None
    episode: int | None
    duration_ms: float | None


class Member(Part, frozen=True):
    """`hand`: since when it is raised. `ready`: null if this client never said. `calling`: can be seen and heard."""

    id: str
    name: str
    role: str
    joined_at: float
    offset: float
    hand: float | None
    ready: bool | None
    calling: bool
    muted: bool


class Entry(Part, frozen=True):
    """Something to play later, and who put it there."""

    id: str
    media: Media
    by: str


class Line(Part, frozen=True):
    """What somebody said. `name`: as they were called then. `replyTo`: the `seq` of the line that it answers.

    `editedAt`: since when it has these words, if not from the first.
    """

    seq: int
    at: float
    member: str
    name: str
    text: str
    reply_to: int | None
    edited_at: float | None


class Results(Part, frozen=True):
    """`counts`: for each option, or of one to five stars. `texts`: the newest 50 answers in words, newest first."""

    total: int
    counts: list[int]
    average: float | None
    texts: list[str]


class Poll(Part, frozen=True):
    """`kind`: `multiple_choice`, `text`, `rating` or `yes_no`. `until`: when it closes by itself, null: it does not."""

    id: str
    question: str
    kind: str
    options: list[str]
    by: str
    opened_at: float
    until: float | None
    closed: bool
    results: Results


class Wait(Part, frozen=True):
    """For whom the room waits, and until when at most."""

    for_: list[str] = msgspec.field(name="for")
    until: float


class RecordedNow(Part, frozen=True):
    """What is recorded now, and since when."""

    id: str
    by: str | None
    since: float


class You(Part, frozen=True):
    id: str
    role: str


class Snapshot(Part, frozen=True):
    """A whole room. `members` in order of arrival; `chat`: the last 200 lines, oldest first."""

    id: str
    name: str
    host: str | None
    members: list[Member]
    capacity: int
    locked: bool
    chat_on: bool
    control: str
    media: Media | None
    timeline: Timeline
    queue: list[Entry]
    chat: list[Line]
    wait_for_all: bool
    waiting: Wait | None
    lobby: bool
    protected: bool
    sharing: list[str]
    recording: RecordedNow | None
    opened_at: float
    expires_at: float
    slow_mode: float
    polls: list[Poll]
    invited_only: bool


class Welcome(Told, tag="welcome", kw_only=True, frozen=True):
    """The answer to `hello`: `room`, or, if `resumed`, `missed` events that follow. `reason`: why it was not resumed."""

    you: You
    epoch: str
    seq: int
    now: float
    resumed: bool
    room: Snapshot | UnsetType = UNSET
    missed: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Numbered(Told, frozen=True):
    """An event: the room changed, for the `seq`th time, at room time `at`."""

    seq: int
    at: float


class Opened(Numbered, tag="opened", frozen=True):
    """The room begins; numbers begin anew with its `epoch`."""

    epoch: str
    room: Snapshot


class Joined(Numbered, tag="joined", frozen=True):
    """Somebody came."""

    member: Member


class Left(Numbered, tag="left", frozen=True):
    """Somebody `left`, was `lost`, or was `expelled`."""

    member: str
    reason: str


class Host(Numbered, tag="host", frozen=True):
    """The host's seat passed on; null when the last one left."""

    host: str | None
    was: str | None


class Role(Numbered, tag="role", frozen=True):
    """Somebody is a `moderator` now, or a plain `member`."""

    member: str
    role: str


class Locked(Numbered, tag="locked", frozen=True):
    """Nobody else is let in, or people are again."""

    locked: bool


class Capacity(Numbered, tag="capacity", frozen=True):
    """How many may be here."""

    capacity: int


class SlowMode(Numbered, tag="slowMode", frozen=True):
    """How many seconds everybody but those who moderate waits between two lines; 0: none."""

    seconds: float


class Access(Numbered, tag="access", frozen=True):
    """Who may be here is decided elsewhere. `invitedOnly`: nobody who is not on that list."""

    invited_only: bool


class ChatSwitched(Numbered, tag="chatSwitched", frozen=True):
    """Whether people may chat."""

    on: bool


class Offset(Numbered, tag="offset", frozen=True):
    """How far from the timeline somebody wants to be."""

    member: str
    ms: float


class MediaChanged(Numbered, tag="media", frozen=True):
    """Something else is played, or the same from elsewhere: `change` is `media`, `provider` or `episode`."""

    media: Media
    timeline: Timeline
    change: str
    by: str


class TimelineMoved(Numbered, tag="timeline", frozen=True):
    """`move` is `play`, `pause`, `seek`, `rate`, `correction` or `media`."""

    timeline: Timeline
    move: str
    by: str


class QueueChanged(Numbered, tag="queue", frozen=True):
    """The whole queue, as it is now."""

    queue: list[Entry]
    by: str


class Chat(Numbered, tag="chat", frozen=True):
    """Somebody said something. `replyTo`: the `seq` of the line that it answers."""

    member: str
    name: str
    text: str
    reply_to: int | None


class ChatEdited(Numbered, tag="chatEdited", frozen=True):
    """A line has other words now."""

    line: int
    text: str
    by: str


class ChatRemoved(Numbered, tag="chatRemoved", frozen=True):
    """A line was taken back."""

    line: int
    by: str


class PollOpened(Numbered, tag="poll", frozen=True):
    """Everybody is asked something."""

    poll: Poll


class PollVoted(Numbered, tag="pollResults", frozen=True):
    """Somebody answered; who and what is told to nobody."""

    poll: str
    results: Results


class PollClosed(Numbered, tag="pollClosed", frozen=True):
    """No more votes. `by` null: its time was up."""

    poll: str
    by: str | None
    results: Results


class Hand(Numbered, tag="hand", frozen=True):
    """A hand went up or down."""

    member: str
    raised: bool


class Ready(Numbered, tag="ready", frozen=True):
    """Whether somebody's player could play at once."""

    member: str
    ready: bool


class WaitForAll(Numbered, tag="waitForAll", frozen=True):
    """Whether the room waits until everybody is ready."""

    on: bool


class Waiting(Numbered, tag="waiting", frozen=True):
    """The timeline stands still for these, until room time `until` at most; `by` wished to play."""

    for_: list[str] = msgspec.field(name="for")
    until: float
    by: str


class Waited(Numbered, tag="waited", frozen=True):
    """The room waits no longer; these were not ready."""

    missing: list[str]


class CallEntered(Numbered, tag="callEntered", frozen=True):
    """Somebody can be seen and heard: they have joined the room's meeting."""

    member: str


class CallLeft(Numbered, tag="callLeft", frozen=True):
    """Somebody can be seen and heard no more, and stays in the room."""

    member: str


class Lobby(Numbered, tag="lobby", frozen=True):
    """Whether newcomers wait to be let in."""

    on: bool


class Knocked(Numbered, tag="knocked", frozen=True):
    """Somebody waits to be let in."""

    member: str
    name: str


class KnockEnded(Numbered, tag="knockEnded", frozen=True):
    """Somebody waits no more: let in, or not."""

    member: str
    admitted: bool


class Sharing(Numbered, tag="sharing", frozen=True):
    """Somebody shows their screen, or stopped."""

    member: str
    on: bool


class SharePolicy(Numbered, tag="sharePolicy", frozen=True):
    """Whether one screen is shown at a time."""

    one: bool


class Muted(Numbered, tag="muted", frozen=True):
    """Somebody's microphone is off, or on again; `by` turned it."""

    member: str
    muted: bool
    by: str


class Protected(Numbered, tag="protected", frozen=True):
    """Whether newcomers need a password."""

    on: bool


class SeatKept(Numbered, tag="seatKept", frozen=True):
    """The host was lost, and has its seat back if it comes back by room time `until`."""

    member: str
    until: float


class RecordingStarted(Numbered, tag="recordingStarted", frozen=True):
    """What is seen and heard is recorded from now on."""

    id: str
    by: str | None


class RecordingStopped(Numbered, tag="recordingStopped", frozen=True):
    """Nothing is recorded any more."""

    id: str
    by: str | None


class BreakoutRoom(Part, frozen=True):
    """A room of its own, for some of the meeting's people."""

    id: str
    name: str


class BreakoutsOpened(Numbered, tag="breakoutsOpened", frozen=True):
    """Some people are in rooms of their own from now on; until room time `until`, if that is known."""

    rooms: list[BreakoutRoom]
    until: float | None
    by: str


class Assigned(Numbered, tag="assigned", frozen=True):
    """Somebody is in that breakout room from now on; null: in this room again."""

    member: str
    to: str | None


class BreakoutsExtended(Numbered, tag="breakoutsExtended", frozen=True):
    """The breakout rooms are open until room time `until`."""

    until: float


class BreakoutsClosed(Numbered, tag="breakoutsClosed", frozen=True):
    """There are no breakout rooms any more."""


class Closed(Numbered, tag="closed", frozen=True):
    """The room has ended: `host_ended`, `host_lost` or `expired`."""

    reason: str


class Typing(Told, tag="isTyping", frozen=True):
    """Whether somebody is about to say something. Who says nothing more has stopped after a few seconds."""

    member: str
    name: str
    on: bool


class Speaking(Told, tag="speaking", frozen=True):
    """Whether somebody in the call can be heard right now."""

    member: str
    on: bool


class Annotated(Told, tag="annotated", frozen=True):
    """Somebody drew over what plays. `shape`: JSON of their dialect."""

    member: str
    name: str
    shape: str


class AnnotationsCleared(Told, tag="annotationsCleared", frozen=True):
    """All drawings go, because `member` wished so."""

    member: str


class Reaction(Told, tag="reaction", frozen=True):
    """Somebody showed an emoji, at this position of what is played."""

    member: str
    emoji: str
    position: float


class Whisper(Told, tag="whisper", frozen=True):
    """Somebody in the meeting said this to you alone."""

    member: str
    name: str
    text: str
    at: float


class Asked(Told, tag="unmuteAsked", frozen=True):
    """Somebody who moderates asks you to turn your microphone on."""

    by: str


class CallLine(Told, tag="callLine", frozen=True):
    """The line to somebody in the meeting is lost, or there again."""

    member: str
    lost: bool


class Doing(Part, frozen=True):
    """How far a member is ahead of its target (+) or behind, give or take `bound`; null where it is not known."""

    member: str
    error: float | None
    bound: float | None
    state: str | None


class Status(Told, tag="status", frozen=True):
    """How everybody is doing that has said so lately."""

    members: list[Doing]
    at: float


class Ack(Told, tag="ack", kw_only=True, frozen=True):
    """Done, and told to everybody up to event `seq`."""

    ref: Ref | UnsetType = UNSET
    seq: int | UnsetType = UNSET


class Refused(Told, tag="refused", kw_only=True, frozen=True):
    """Understood and not done. `mayRetry`: the same may be granted later, `retryAfterMs` from now if that is known."""

    ref: Ref | UnsetType = UNSET
    code: str
    message: str
    may_retry: bool
    retry_after_ms: float | UnsetType = UNSET


class Malformed(Told, tag="malformed", kw_only=True, frozen=True):
    """Not a sentence of this protocol."""

    ref: Ref | UnsetType = UNSET
    message: str


class Draining(Told, tag="draining", frozen=True):
    """The server goes. Connect again after so many milliseconds, which are different for everybody."""

    reconnect_in_ms: int


class Pong(Told, tag="pong", frozen=True):
    """The answer to `ping`: room time when it was written."""

    ref: Ref | None
    at: float


InMeeting = (
    e.CallEntered | e.CallLeft | e.LobbySwitched | e.Knocked | e.KnockEnded | e.SharingChanged
    | e.SharePolicyChanged | e.MuteChanged | e.PasswordChanged | e.SeatKept | e.RecordingStarted | e.RecordingStopped
    | e.BreakoutsOpened | e.Assigned | e.BreakoutsExtended | e.BreakoutsClosed
)  # fmt: skip

InParty = (
    e.ChatEdited
    | e.ChatRemoved
    | e.SlowModeChanged
    | e.PollOpened
    | e.PollVoted
    | e.PollClosed
    | e.AccessChanged
)

EVENTS: Final = (
    Opened, Joined, Left, Host, Role, Locked, Capacity, ChatSwitched, Offset, MediaChanged, TimelineMoved,
    QueueChanged, Chat, Hand, Ready, WaitForAll, Waiting, Waited, CallEntered, CallLeft, Lobby, Knocked, KnockEnded,
    Sharing, SharePolicy, Muted, Protected, SeatKept, RecordingStarted, RecordingStopped,
    BreakoutsOpened, Assigned, BreakoutsExtended, BreakoutsClosed, Closed,
    ChatEdited, ChatRemoved, SlowMode, PollOpened, PollVoted, PollClosed, Access,
)  # fmt: skip
OTHERS: Final = (
    Welcome, Typing, Speaking, Annotated, AnnotationsCleared, Reaction, Whisper, Asked, CallLine, Status, Ack,
    Refused, Malformed, Draining, Pong,
)  # fmt: skip
SPOKEN: Final = {str(told.__struct_config__.tag): told for told in (*EVENTS, *OTHERS)}
"""Every message there is, by its type: what `/asyncapi.json` is made of."""


def event(recorded: Recorded, room: Room) -> Numbered:  # noqa: PLR0912 - one case per event, closed
    """`room`: the state after it."""
    seq, at, happened = recorded.seq, recorded.at_ms, recorded.event
    match happened:
        case e.RoomOpened():
            return Opened(seq, at, recorded.epoch, snapshot(room))
        case e.MemberJoined(member):
            return Joined(seq, at, _member(member))
        case e.MemberLeft(member_id, left, _):
            return Left(seq, at, member_id, left.value)
        case e.HostChanged(host, was, _):
            return Host(seq, at, host, was)
        case e.RoleChanged(member_id, role):
            return Role(seq, at, member_id, role.value)
        case e.LockChanged(locked):
            return Locked(seq, at, locked)
        case e.CapacityChanged(capacity):
            return Capacity(seq, at, capacity)
        case e.ChatSwitched(on):
            return ChatSwitched(seq, at, on)
        case e.OffsetSet(member_id, offset_ms):
            return Offset(seq, at, member_id, offset_ms)
        case e.MediaChanged(media, timeline, change, by):
            return MediaChanged(seq, at, _media(media), _timeline(timeline), change.value, by)
        case e.TimelineMoved(timeline, move, by):
            return TimelineMoved(seq, at, _timeline(timeline), move.value, by)
        case e.QueueChanged(queue, by):
            return QueueChanged(seq, at, [_entry(entry) for entry in queue], by)
        case e.ChatSaid(member_id, name, text, _, reply_to):
            return Chat(seq, at, member_id, name, text, reply_to)
        case (
            e.ChatEdited()
            | e.ChatRemoved()
            | e.SlowModeChanged()
            | e.PollOpened()
            | e.PollVoted()
            | e.PollClosed()
            | e.AccessChanged()
        ):
            return _in_party(seq, at, happened, room)
        case e.HandChanged(member_id, raised, _):
            return Hand(seq, at, member_id, raised)
        case e.ReadyChanged(member_id, ready):
            return Ready(seq, at, member_id, ready)
        case e.WaitingSwitched(on):
            return WaitForAll(seq, at, on)
        case e.WaitBegan(members, until_ms, by):
            return Waiting(seq, at, list(members), until_ms, by)
        case e.WaitEnded(missing):
            return Waited(seq, at, list(missing))
        case e.RoomClosed(closed):
            return Closed(seq, at, closed.value)
        case _:
            return _in_meeting(seq, at, happened)


def _in_party(seq: int, at: float, happened: InParty, room: Room) -> Numbered:
    match happened:
        case e.ChatEdited(line, text, by):
            return ChatEdited(seq, at, line, text, by)
        case e.ChatRemoved(line, by):
            return ChatRemoved(seq, at, line, by)
        case e.SlowModeChanged(seconds):
            return SlowMode(seq, at, seconds)
        case e.PollOpened(poll):
            return PollOpened(seq, at, _poll(poll))
        case e.PollVoted(poll_id, _, _):
            return PollVoted(seq, at, poll_id, _results(polls.find(room.polls, poll_id)))
        case e.PollClosed(poll_id, by_whom):
            return PollClosed(seq, at, poll_id, by_whom, _results(polls.find(room.polls, poll_id)))
        case e.AccessChanged(access):
            return Access(seq, at, access.invited_only)
        case _:
            assert_never(happened)


def _in_meeting(seq: int, at: float, happened: InMeeting) -> Numbered:  # noqa: PLR0912 - one case per event, closed
    match happened:
        case e.CallEntered(member_id, _):
            return CallEntered(seq, at, member_id)
        case e.CallLeft(member_id):
            return CallLeft(seq, at, member_id)
        case e.LobbySwitched(on):
            return Lobby(seq, at, on)
        case e.Knocked(member_id, name, _):
            return Knocked(seq, at, member_id, name)
        case e.KnockEnded(member_id, admitted):
            return KnockEnded(seq, at, member_id, admitted)
        case e.SharingChanged(member_id, on, _):
            return Sharing(seq, at, member_id, on)
        case e.SharePolicyChanged(one):
            return SharePolicy(seq, at, one)
        case e.MuteChanged(member_id, muted, by):
            return Muted(seq, at, member_id, muted, by)
        case e.PasswordChanged(password):
            return Protected(seq, at, password is not None)
        case e.SeatKept(member_id, until_ms, _, _):
            return SeatKept(seq, at, member_id, until_ms)
        case e.RecordingStarted(id_, began):
            return RecordingStarted(seq, at, id_, began)
        case e.RecordingStopped(id_, ended, _):
            return RecordingStopped(seq, at, id_, ended)
        case e.BreakoutsOpened(rooms, until_ms, by):
            return BreakoutsOpened(seq, at, [BreakoutRoom(one.id, one.name) for one in rooms], until_ms, by)
        case e.Assigned(member_id, to):
            return Assigned(seq, at, member_id, to)
        case e.BreakoutsExtended(until_ms):
            return BreakoutsExtended(seq, at, until_ms)
        case e.BreakoutsClosed():
            return BreakoutsClosed(seq, at)
        case _:
            assert_never(happened)


InCompany = (
    Reacted | Whispered | UnmuteAsked | Lost | Back | CoreTyping | CoreSpeaking | Drawn | DrawingsCleared
)


def relayed(relay: InCompany) -> Told:
    match relay:
        case Reacted(member, emoji, position_ms):
            return Reaction(member, emoji, position_ms)
        case Whispered(member, name, _, text, at_ms, _):
            return Whisper(member, name, text, at_ms)
        case UnmuteAsked(by, _):
            return Asked(by)
        case Lost(member):
            return CallLine(member, True)
        case Back(member, _):
            return CallLine(member, False)
        case CoreTyping(member, name, on):
            return Typing(member, name, on)
        case CoreSpeaking(member, on):
            return Speaking(member, on)
        case Drawn(member, name, shape):
            return Annotated(member, name, shape)
        case DrawingsCleared(member):
            return AnnotationsCleared(member)
        case _:
            assert_never(relay)


def snapshot(room: Room) -> Snapshot:
    waiting, recording = room.waiting, room.recording
    return Snapshot(
        id=room.id,
        name=room.name,
        host=room.host,
        members=[_member(member) for member in room.members.values()],
        capacity=room.capacity,
        locked=room.locked,
        chat_on=room.chat_on,
        control=room.defaults.control.value,
        media=None if room.media is None else _media(room.media),
        timeline=_timeline(room.timeline),
        queue=[_entry(entry) for entry in room.queue],
        chat=[_line(line) for line in room.chat],
        slow_mode=room.slow_mode_s,
        polls=[_poll(poll) for poll in room.polls],
        invited_only=room.access is not None and room.access.invited_only,
        wait_for_all=room.waits,
        waiting=None if waiting is None else Wait(list(waiting.members), waiting.until_ms),
        lobby=room.lobby,
        protected=room.password is not None,
        sharing=list(room.sharing),
        recording=None
        if recording is None
        else RecordedNow(recording.id, recording.by, recording.started_at_ms),
        opened_at=room.opened_at_ms,
        expires_at=room.expires_at_ms,
    )


def you(room: Room, member: MemberId) -> You:
    return You(member, room.members[member].role.value)


def doing(member: MemberId, standing: Standing) -> Doing:
    state = None if standing.doing is None else standing.doing.value
    return Doing(member, _short(standing.error_ms), _short(standing.bound_ms), state)


def _short(ms: float | None) -> float | None:
    """To a tenth of a millisecond: nobody is surer than that."""
    return None if ms is None else round(ms, 1)


def _timeline(timeline: CoreTimeline) -> Timeline:
    return Timeline(timeline.position_ms, timeline.rate, timeline.playing, timeline.anchored_at_ms)


def _media(media: CoreMedia) -> Media:
    return Media(
        media.id,
        media.provider,
        media.kind,
        media.title,
        media.artist,
        media.episode,
        media.duration_ms,
    )


def _member(member: CoreMember) -> Member:
    return Member(
        member.id,
        member.name,
        member.role.value,
        member.joined_at_ms,
        member.offset_ms,
        member.hand_ms,
        member.ready,
        member.calling,
        member.muted,
    )


def _entry(entry: CoreEntry) -> Entry:
    return Entry(entry.id, _media(entry.media), entry.by)


def _line(line: ChatLine) -> Line:
    return Line(line.seq, line.at_ms, line.member, line.name, line.text, line.reply_to, line.edited_at_ms)


def _poll(poll: CorePoll) -> Poll:
    return Poll(
        poll.id, poll.question, poll.kind.value, list(poll.options), poll.by, poll.opened_at_ms, poll.until_ms,
        poll.closed, _results(poll),
    )  # fmt: skip


def _results(poll: CorePoll | None) -> Results:
    """None: it is not kept any more, so that nobody is shown it."""
    if poll is None:
        return Results(0, [], None, [])
    told = polls.tally(poll)
    return Results(told.total, list(told.counts), told.average, list(told.texts))
