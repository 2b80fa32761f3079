"""What clients say in `tutti.v1`, and what each sentence means. Times and positions are milliseconds.

How wishes must be for a room to grant them (positions, rates, lengths of texts) is the room's to check, so that a
client is refused with a code; what is malformed is no sentence at all.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from tutti.core import commands as c
from tutti.core.drift import Doing
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import PollKind
from tutti.core.roster import Role
from tutti.dialects.native import fields as f
from tutti.service import dialect as d
from tutti.service.ports import Position


class Said(msgspec.Struct, frozen=True, gc=False, tag_field="type", rename="camel", kw_only=True):
    """`ref`: wants an answer of its own, an `ack` or a `refused`, which carries it."""

    ref: f.Ref | None = None


class Place(msgspec.Struct, frozen=True, gc=False):
    """Everything up to this event of this life of the room is known."""

    epoch: f.Epoch
    seq: f.Seq

    def position(self) -> Position:
        return Position(Epoch(self.epoch), Seq(self.seq))


class Hello(Said, tag="hello", frozen=True):
    """The first sentence; said again to be told what was missed. `id` is believed in open mode only."""

    name: f.Name | None = None
    id: f.Id | None = None
    token: f.Token | None = None
    resume: Place | None = None
    capabilities: list[f.Capability] = []

    def entering(self, room: RoomId) -> d.Enter:
        who = None if self.id is None else MemberId(self.id)
        name = None if self.name is None else f.trimmed(self.name, "name")
        return d.Enter(room, who, name, resume=None if self.resume is None else self.resume.position())


class SignIn(Said, tag="signIn", frozen=True):
    """A fresh token, before the one that came with `hello` expires."""

    token: f.Token


class Ping(Said, tag="ping", frozen=True):
    """A clock probe, answered with `pong` at once."""


class Play(Said, tag="play", frozen=True):
    """`position`: from there; left out: from where the timeline stands."""

    position: float | None = None

    def meaning(self) -> c.Command:
        return c.Play(self.position)


class Pause(Said, tag="pause", frozen=True):
    """`position`: there; left out: where the timeline stands at that moment."""

    position: float | None = None

    def meaning(self) -> c.Command:
        return c.Pause(self.position)


class Seek(Said, tag="seek", frozen=True):
    """Go to another place."""

    to: float

    def meaning(self) -> c.Command:
        return c.Seek(self.to)


class SeekBy(Said, tag="seekBy", frozen=True):
    """So much further on (+) or back (−)."""

    by: float

    def meaning(self) -> c.Command:
        return c.SeekBy(self.by)


class SetRate(Said, tag="rate", frozen=True):
    """How fast the media go for everybody."""

    rate: float

    def meaning(self) -> c.Command:
        return c.SetRate(self.rate)


class NewMedia(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Something to play. For the provider `direct`, `id` is the http(s) address of a file or an HLS list."""

    id: f.MediaId
    provider: f.Provider
    kind: f.Kind
    title: f.Title | None = None
    artist: f.Title | None = None
    episode: f.Episode | None = None
    duration_ms: f.DurationMs | None = None

    def media(self) -> Media:
        f.address(self.provider, self.id)
        return Media(
            self.id,
            self.provider,
            self.kind,
            episode=self.episode,
            title=self.title,
            artist=self.artist,
            duration_ms=self.duration_ms,
        )


class ChangeMedia(Said, tag="media", frozen=True):
    """Something else to play, from its beginning."""

    id: f.MediaId
    provider: f.Provider
    kind: f.Kind
    title: f.Title | None = None
    artist: f.Title | None = None
    episode: f.Episode | None = None
    duration_ms: f.DurationMs | None = None

    def meaning(self) -> c.Command:
        f.address(self.provider, self.id)
        return c.ChangeMedia(
            self.id,
            self.provider,
            self.kind,
            episode=self.episode,
            title=self.title,
            artist=self.artist,
            duration_ms=self.duration_ms,
        )


class ChangeProvider(Said, tag="provider", frozen=True):
    """The same from elsewhere: the position stays."""

    provider: f.Provider

    def meaning(self) -> c.Command:
        return c.ChangeProvider(self.provider)


class ChangeEpisode(Said, tag="episode", frozen=True):
    """Another episode of the same series, from its beginning."""

    episode: f.Episode

    def meaning(self) -> c.Command:
        return c.ChangeEpisode(self.episode)


class QueueAdd(Said, tag="queueAdd", frozen=True):
    """Something to play later."""

    media: NewMedia

    def meaning(self) -> c.Command:
        return c.AddToQueue(self.media.media())


class QueueRemove(Said, tag="queueRemove", frozen=True):
    """Do not play this after all."""

    entry: f.Id

    def meaning(self) -> c.Command:
        return c.RemoveFromQueue(self.entry)


class QueueMove(Said, tag="queueMove", frozen=True):
    """Play this before another entry; null: last."""

    entry: f.Id
    before: f.Id | None

    def meaning(self) -> c.Command:
        return c.MoveInQueue(self.entry, self.before)


class PlayNext(Said, tag="playNext", frozen=True):
    """Play what is first in the queue. `entry`: only if that is first, so that many may ask when a film ends."""

    entry: f.Id | None = None

    def meaning(self) -> c.Command:
        return c.PlayNext(self.entry)


class Appoint(Said, tag="appoint", frozen=True):
    """Make somebody a moderator, or a plain member again."""

    member: f.Id
    role: Literal["moderator", "member"]

    def meaning(self) -> c.Command:
        return c.Appoint(MemberId(self.member), Role(self.role))


class Transfer(Said, tag="transfer", frozen=True):
    """Give the host's seat to somebody else."""

    to: f.Id

    def meaning(self) -> c.Command:
        return c.TransferHost(MemberId(self.to))


class Expel(Said, tag="expel", frozen=True):
    """Remove somebody, who cannot come back for five minutes."""

    member: f.Id

    def meaning(self) -> c.Command:
        return c.Expel(MemberId(self.member))


class Lock(Said, tag="lock", frozen=True):
    """Let nobody else in, or let people in again."""

    locked: bool

    def meaning(self) -> c.Command:
        return c.SetLock(self.locked)


class Capacity(Said, tag="capacity", frozen=True):
    """How many may be here."""

    capacity: int

    def meaning(self) -> c.Command:
        return c.SetCapacity(self.capacity)


class ChatSwitch(Said, tag="chatSwitch", frozen=True):
    """Whether people may chat."""

    on: bool

    def meaning(self) -> c.Command:
        return c.SwitchChat(self.on)


class Chat(Said, tag="chat", frozen=True):
    """A line for everybody."""

    text: f.Text
    reply_to: f.Seq | None = None

    def meaning(self) -> c.Command:
        return c.Chat(self.text, reply_to=None if self.reply_to is None else Seq(self.reply_to))


class ChatEdit(Said, tag="chatEdit", frozen=True):
    """Other words for one's own line, for 15 minutes. `line`: its `seq`."""

    line: f.Seq
    text: f.Text

    def meaning(self) -> c.Command:
        return c.EditChat(Seq(self.line), self.text)


class ChatRemove(Said, tag="chatRemove", frozen=True):
    """Take back a line; a moderator anybody's."""

    line: f.Seq

    def meaning(self) -> c.Command:
        return c.RemoveChat(Seq(self.line))


class SlowMode(Said, tag="slowMode", frozen=True):
    """How long everybody waits between two lines; 0: not at all."""

    seconds: float

    def meaning(self) -> c.Command:
        return c.SetSlowMode(self.seconds)


class Typing(Said, tag="typing", frozen=True):
    """Whether one is about to say something."""

    on: bool

    def meaning(self) -> c.Command:
        return c.SetTyping(self.on)


class PollOpen(Said, tag="pollOpen", frozen=True):
    """Ask everybody something. `id`: of one's own making. `options`: of `multiple_choice`. `lasts`: in milliseconds."""

    id: f.Id
    question: f.Text
    kind: Literal["multiple_choice", "text", "rating", "yes_no"]
    options: list[f.Text] = []
    lasts: float | None = None

    def meaning(self) -> c.Command:
        return c.OpenPoll(self.id, self.question, PollKind(self.kind), tuple(self.options), self.lasts)


class Vote(Said, tag="vote", frozen=True):
    """Once. `answer`: an option's place from 0 (of `yes_no`: 0 is yes), one to five stars, or words."""

    poll: f.Id
    answer: int | f.Text

    def meaning(self) -> c.Command:
        return c.Vote(self.poll, self.answer)


class PollClose(Said, tag="pollClose", frozen=True):
    """Take no more votes."""

    poll: f.Id

    def meaning(self) -> c.Command:
        return c.ClosePoll(self.poll)


class React(Said, tag="react", frozen=True):
    """An emoji that everybody sees now and nobody keeps. `position`: where one is; left out: where the room is."""

    emoji: f.Text
    position: float | None = None

    def meaning(self) -> c.Command:
        return c.React(self.emoji, self.position)


class Hand(Said, tag="hand", frozen=True):
    """Raise or lower one's hand. `member`: a moderator lowers somebody else's."""

    raised: bool
    member: f.Id | None = None

    def meaning(self) -> c.Command:
        return c.RaiseHand(self.raised, None if self.member is None else MemberId(self.member))


class Offset(Said, tag="offset", frozen=True):
    """How much further on (+) or back (−) than the timeline one wants to be."""

    ms: float

    def meaning(self) -> c.Command:
        return c.SetOffset(self.ms)


class Ready(Said, tag="ready", frozen=True):
    """Whether one's player could play at once."""

    ready: bool

    def meaning(self) -> c.Command:
        return c.SetReady(self.ready)


class WaitForAll(Said, tag="waitForAll", frozen=True):
    """Whether the room waits, for five seconds at most, until everybody is ready."""

    on: bool

    def meaning(self) -> c.Command:
        return c.SetWaiting(self.on)


class Report(Said, tag="report", frozen=True):
    """Where one's player was at room time `at`: an observation, which moves nothing.

    `error`: position less target at `at`, null when unknown. `bound`: the clock's error bound and what the player's
    reading is unsure by.
    """

    position: f.Observed
    at: f.RoomTime
    error: f.Off | None
    bound: f.Unsure
    state: Literal["playing", "paused", "seeking", "buffering", "background", "ended"]
    rate: float | None = None

    def meaning(self) -> c.Command:
        return c.Observe(self.position, self.at, self.error, self.bound, Doing(self.state))


class Leave(Said, tag="leave", frozen=True):
    """Go, and be gone for the others at once."""

    def meaning(self) -> c.Command:
        return c.Leave()


class Close(Said, tag="close", frozen=True):
    """End the room for everybody; the host may."""

    def meaning(self) -> c.Command:
        return c.Close()


Wish: TypeAlias = (
    Play | Pause | Seek | SeekBy | SetRate | ChangeMedia | ChangeProvider | ChangeEpisode
    | QueueAdd | QueueRemove | QueueMove | PlayNext | Appoint | Transfer | Expel | Lock | Capacity
    | ChatSwitch | Chat | ChatEdit | ChatRemove | SlowMode | Typing | PollOpen | Vote | PollClose
    | React | Hand | Offset | Ready | WaitForAll | Report | Leave | Close
)  # fmt: skip
"""What is asked of the room that one has entered."""

HEARD = {str(said.__struct_config__.tag): said for said in (Hello, SignIn, Ping, *get_args(Wish))}
"""Every sentence there is, by its type."""
