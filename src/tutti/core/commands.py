"""What can be asked of a room: imperatives. The union is closed. Values are checked by `decide`, not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from tutti.core.access import Access
from tutti.core.defaults import Defaults
from tutti.core.drift import Doing
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import Answer, PollKind
from tutti.core.roster import Breakout, Kind, Password, Role


@dataclass(frozen=True, slots=True)
class Told:
    """What a player was told of the timeline, and when: it repeats that as if somebody had wished it.

    `playing` None: nothing was said of it. `by`: whose wish it was; whoever wished it has nothing to repeat.
    """

    position_ms: float
    at_ms: float
    playing: bool | None = None
    by: MemberId | None = None


@dataclass(frozen=True, slots=True)
class Open:
    name: str
    host_name: str
    defaults: Defaults
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """`calling`: to be seen and heard. `fresh`: as somebody whom nobody here has the id of.

    `opens`: how to open the room if it is not there, or has ended. `knocks`: able to wait to be let in. `password`:
    that whose words were known. `recording`: as the recorder of that one. `proof`: what the browser could prove.
    `moved_as`: into a breakout room, by the server itself, as what it is in the meeting.
    """

    name: str
    calling: bool = False
    fresh: bool = False
    opens: Open | None = None
    knocks: bool = False
    password: Password | None = None
    recording: str | None = None
    proof: str | None = None
    moved_as: Role | None = None

    @property
    def kind(self) -> Kind:
        return Kind.PERSON if self.recording is None else Kind.RECORDER


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class Expel:
    member: MemberId


@dataclass(frozen=True, slots=True)
class TransferHost:
    to: MemberId


@dataclass(frozen=True, slots=True)
class Appoint:
    """Make somebody a moderator, or a plain member again. The host's seat changes by `TransferHost` only."""

    member: MemberId
    role: Role


@dataclass(frozen=True, slots=True)
class SetLock:
    locked: bool


@dataclass(frozen=True, slots=True)
class SetCapacity:
    capacity: int


@dataclass(frozen=True, slots=True)
class SwitchChat:
    on: bool


@dataclass(frozen=True, slots=True)
class SetOffset:
    offset_ms: float


@dataclass(frozen=True, slots=True)
class ChangeMedia:
    """Something else to play, from its beginning. `provider` and `kind` None: as before."""

    id: str
    provider: str | None = None
    kind: str | None = None
    episode: int | None = None
    title: str | None = None
    duration_ms: float | None = None
    artist: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeProvider:
    """The same film from elsewhere: the position stays."""

    provider: str


@dataclass(frozen=True, slots=True)
class ChangeEpisode:
    """Another episode of the same series, from its beginning."""

    episode: int


@dataclass(frozen=True, slots=True)
class Play:
    """`position_ms` None: from where the timeline stands. `told`: what this may be an echo of.

    `exact`: from a client that never repeats what it was told, so that the smallest step is a wish.
    """

    position_ms: float | None = None
    told: Told | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    position_ms: float | None = None
    told: Told | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Seek:
    to_ms: float
    told: Told | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class SeekBy:
    by_ms: float


@dataclass(frozen=True, slots=True)
class SetRate:
    rate: float


@dataclass(frozen=True, slots=True)
class Report:
    """An observation: the asker's player stood at `position_ms` at room time `sampled_at_ms`.

    `playing` and `media` are None where the report does not say. Only the host's report can move the timeline.
    """

    position_ms: float
    sampled_at_ms: float
    playing: bool | None = None
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Observe:
    """How a player that steers itself is doing, by its own account. It never moves the timeline, whoever says it.

    At room time `sampled_at_ms` it stood at `position_ms`, which was `error_ms` ahead of where it should have been
    (None: it cannot tell); all of that is known to within `bound_ms`.
    """

    position_ms: float
    sampled_at_ms: float
    error_ms: float | None
    bound_ms: float
    doing: Doing


@dataclass(frozen=True, slots=True)
class AddToQueue:
    media: Media


@dataclass(frozen=True, slots=True)
class RemoveFromQueue:
    entry: str


@dataclass(frozen=True, slots=True)
class MoveInQueue:
    """In front of the entry `before`; None: to the end."""

    entry: str
    before: str | None


@dataclass(frozen=True, slots=True)
class PlayNext:
    """Play the first of the queue. `entry`: only if that is it, so that many may ask when a film ends."""

    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """`id`: what the asker calls this; said once, however often it is asked for. `reply_to`: the line it answers."""

    text: str
    id: str | None = None
    reply_to: Seq | None = None


@dataclass(frozen=True, slots=True)
class EditChat:
    """Other words for what the asker said in that event."""

    line: Seq
    text: str


@dataclass(frozen=True, slots=True)
class RemoveChat:
    """Take back a line; another's only by somebody who moderates."""

    line: Seq


@dataclass(frozen=True, slots=True)
class SetSlowMode:
    """How long everybody waits between two lines; 0: not at all."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SetTyping:
    """Whether the asker is about to say something. Shown for a moment, and not kept."""

    on: bool


@dataclass(frozen=True, slots=True)
class OpenPoll:
    """`id`: which nobody has used. `options`: of a choice between several. `lasts_ms` None: until somebody closes it."""

    id: str
    question: str
    kind: PollKind
    options: tuple[str, ...] = ()
    lasts_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    poll: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class ClosePoll:
    poll: str


@dataclass(frozen=True, slots=True)
class Annotate:
    """Draw over what plays. `shape`: JSON of the dialect's making, shown as it is, and not kept."""

    shape: str


@dataclass(frozen=True, slots=True)
class ClearAnnotations:
    """Everybody's."""


@dataclass(frozen=True, slots=True)
class EnterCall:
    """To be seen and heard, without a meeting connection: `Signal` reaches the asker as anything does."""


@dataclass(frozen=True, slots=True)
class LeaveCall:
    """And stay in the room."""


@dataclass(frozen=True, slots=True)
class SetSpeaking:
    """Whether the asker, who is in the call, can be heard right now."""

    on: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """For one other in the call alone; not kept. `data`: JSON of the dialect's making, passed on as it is."""

    to: MemberId
    data: str


@dataclass(frozen=True, slots=True)
class Whisper:
    """To one person alone; not kept."""

    to: MemberId
    text: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class React:
    """Shown for a moment, and not kept. `position_ms`: of what plays, where the asker saw it; None: where it is."""

    emoji: str
    position_ms: float | None = None


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """`member`: whose hand, if not the asker's own. Another's can only be lowered, by somebody who moderates."""

    raised: bool
    member: MemberId | None = None


@dataclass(frozen=True, slots=True)
class LowerHands:
    """Everybody's."""


@dataclass(frozen=True, slots=True)
class SetLobby:
    """Whether newcomers wait to be let in. Whoever waits when it ends is let in."""

    on: bool


@dataclass(frozen=True, slots=True)
class Admit:
    """Let in one who waits; None: everybody who does. From the server itself: if nobody is inside who could."""

    member: MemberId | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """Turn away one who waits."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class SetPassword:
    password: Password | None


@dataclass(frozen=True, slots=True)
class Share:
    """Show the asker's screen, or stop."""

    on: bool


@dataclass(frozen=True, slots=True)
class StopShare:
    """Stop another's."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class SetSharePolicy:
    """Whether one screen is shown at a time."""

    one: bool


@dataclass(frozen=True, slots=True)
class SetMuted:
    """Whether the asker's microphone is off."""

    muted: bool


@dataclass(frozen=True, slots=True)
class Mute:
    """Turn another's microphone off; None: everybody else's but the host's. Nobody turns another's on."""

    member: MemberId | None = None


@dataclass(frozen=True, slots=True)
class AskUnmute:
    """Ask somebody to turn its microphone on."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Under this id, which nobody has used."""

    id: str


@dataclass(frozen=True, slots=True)
class StopRecording:
    pass


@dataclass(frozen=True, slots=True)
class OpenBreakouts:
    """`assign`: who goes where. `spread`: everybody else who does not moderate is spread evenly. For `lasts_ms`."""

    rooms: tuple[Breakout, ...]
    assign: Mapping[MemberId, RoomId]
    spread: bool = False
    lasts_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Send somebody to a breakout room; None: back to the main room, which everybody may wish for itself."""

    member: MemberId | None
    """None: the asker."""
    to: RoomId | None


@dataclass(frozen=True, slots=True)
class ExtendBreakouts:
    by_ms: float


@dataclass(frozen=True, slots=True)
class CloseBreakouts:
    pass


@dataclass(frozen=True, slots=True)
class TellBreakouts:
    """Something for everybody, wherever they are."""

    text: str


@dataclass(frozen=True, slots=True)
class AskHelp:
    """Ask those who moderate to come to the asker's breakout room."""


@dataclass(frozen=True, slots=True)
class SetReady:
    """Whether the asker's player could play at once."""

    ready: bool


@dataclass(frozen=True, slots=True)
class SetWaiting:
    """Whether the room waits, within bounds, for those who say when they are ready."""

    on: bool


@dataclass(frozen=True, slots=True)
class Close:
    """The host ends the room."""


@dataclass(frozen=True, slots=True)
class Depart:
    """From the server itself: this member was lost and its grace is over."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class HangUp:
    """From the server itself: this member's meeting connection was lost for good; it is here through another."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class EndKnock:
    """From the server itself: whoever knocked waits no more."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class EndBreakouts:
    """From the server itself: their time is up."""


@dataclass(frozen=True, slots=True)
class EndPoll:
    """From the server itself: this poll's time is up."""

    poll: str


@dataclass(frozen=True, slots=True)
class SetAccess:
    """From the server itself: who may be here from now on, and as what."""

    access: Access


@dataclass(frozen=True, slots=True)
class EndWait:
    """From the server itself: the room has waited long enough."""


@dataclass(frozen=True, slots=True)
class Expire:
    """From the server itself: the room's time is up."""

    reason: CloseReason = CloseReason.EXPIRED


Command = (
    Open
    | Join
    | Leave
    | Expel
    | TransferHost
    | Appoint
    | SetLock
    | SetCapacity
    | SwitchChat
    | SetOffset
    | ChangeMedia
    | ChangeProvider
    | ChangeEpisode
    | Play
    | Pause
    | Seek
    | SeekBy
    | SetRate
    | Report
    | Observe
    | AddToQueue
    | RemoveFromQueue
    | MoveInQueue
    | PlayNext
    | Chat
    | EditChat
    | RemoveChat
    | SetSlowMode
    | SetTyping
    | OpenPoll
    | Vote
    | ClosePoll
    | Annotate
    | ClearAnnotations
    | EnterCall
    | LeaveCall
    | SetSpeaking
    | Signal
    | Whisper
    | React
    | RaiseHand
    | LowerHands
    | SetLobby
    | Admit
    | Deny
    | SetPassword
    | Share
    | StopShare
    | SetSharePolicy
    | SetMuted
    | Mute
    | AskUnmute
    | StartRecording
    | StopRecording
    | OpenBreakouts
    | Assign
    | ExtendBreakouts
    | CloseBreakouts
    | TellBreakouts
    | AskHelp
    | SetReady
    | SetWaiting
    | Close
    | Depart
    | HangUp
    | EndKnock
    | EndBreakouts
    | EndPoll
    | SetAccess
    | EndWait
    | Expire
)
COMMANDS: tuple[type[Command], ...] = get_args(Command)

SCHEDULED: frozenset[type[Command]] = frozenset(
    (
        *(Play, Pause, Seek, SeekBy, SetRate, ChangeMedia, ChangeProvider, ChangeEpisode, PlayNext),
        *(
            SetReady,
            SetWaiting,
            EndWait,
            Leave,
            Expel,
            Depart,
            SetAccess,
        ),  # these may end a wait, and then it plays
    )
)
"""What moves the timeline on purpose: a little ahead, where players can be told so. Observations move it as they find."""
