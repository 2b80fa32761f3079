"""What clients say in a meeting, and what each sentence means.

Who says it is known by the connection: a `peerId` in what somebody says of themselves is read by nobody. Whom it is
about stands in `targetPeerId`; where only somebody else can be meant, `peerId` may stand for that. Whether somebody
may, and whether there is such a one, the room says: so that what only hosts may do is refused in whatever shape it comes.
"""

# ruff: noqa: ARG002 - every sentence is told where it is said, and few need to know

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from tutti.core import commands as c
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.roster import Role
from tutti.dialects.meet import fields as f
from tutti.dialects.meet.defaults import opening
from tutti.service import dialect as d
from tutti.service.ports import Position


@dataclass(frozen=True, slots=True)
class About:
    """Where it is said, and what goes without saying. `proof`: of the browser that says it."""

    room: RoomId
    name: str
    capacity: int
    door: d.Doorway
    proof: str | None
    new_id: Callable[[], str]


class Said(msgspec.Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """The `data` of an event."""

    def meaning(self, about: About) -> d.Sentence:
        return d.Ask(about.room, None, self.command(about))

    def command(self, about: About) -> c.Command:
        raise NotImplementedError


class Join(Said, frozen=True):
    """Come in, or come back: with `resumeToken` as who one was, and with `lastSeq` and `epoch` only to what was missed.

    `peerId`: what one would like to be called. `token`: where tokens are verified.
    """

    username: f.Name = "Guest"
    peer_id: f.PeerId | None = None
    resume_token: f.Token | None = None
    last_seq: f.Seq | None = None
    epoch: f.Epoch | None = None
    password: f.Password | None = None
    token: f.Token | None = None
    recorder_token: f.Token | None = None

    def meaning(self, about: About) -> d.Sentence:
        name = f.name(self.username)
        named = d.Proposal(None if self.peer_id is None else MemberId(self.peer_id), about.proof)
        return d.Enter(
            about.room,
            None,
            name,
            resume=self._resume(),
            opens=opening(about.name, name, about.capacity),
            calling=True,
            named=named,
            password=self.password,
            door=about.door,
        )

    def _resume(self) -> Position | None:
        if self.epoch is None or not self.last_seq:
            return None
        return Position(Epoch(self.epoch), Seq(self.last_seq))


class Leave(Said, frozen=True):
    """Go, and be gone for the others at once."""

    def meaning(self, about: About) -> d.Sentence:
        return d.Exit(about.room, None)


class Ping(Said, frozen=True):
    """A sign of life, answered with `pong`."""


class Offer(Said, frozen=True):
    """For `targetPeerId` alone. `sdp` is passed on as it is, whatever it is."""

    target_peer_id: f.Target
    sdp: msgspec.Raw
    username: str | None = None


class AnswerSdp(Said, frozen=True):
    """For `targetPeerId` alone, whose offer it answers."""

    target_peer_id: f.Target
    sdp: msgspec.Raw


class Candidate(Said, frozen=True):
    """For `targetPeerId` alone. `candidate` is passed on as it is."""

    target_peer_id: f.Target
    candidate: msgspec.Raw


class LockRoom(Said, frozen=True):
    """Let nobody else in."""

    def command(self, about: About) -> c.Command:
        return c.SetLock(True)


class UnlockRoom(Said, frozen=True):
    """Let people in again."""

    def command(self, about: About) -> c.Command:
        return c.SetLock(False)


class Targeted(Said, frozen=True):
    """Of somebody else."""

    target_peer_id: f.Target | None = None
    peer_id: f.Target | None = None

    @property
    def target(self) -> MemberId:
        return MemberId(self.target_peer_id or self.peer_id or "")


class Kick(Targeted, frozen=True):
    """Remove somebody, who cannot come back for five minutes."""

    def command(self, about: About) -> c.Command:
        return c.Expel(self.target)


class PromoteCoHost(Targeted, frozen=True):
    """Somebody may do from now on what hosts do day to day."""

    def command(self, about: About) -> c.Command:
        return c.Appoint(self.target, Role.MODERATOR)


class RemoveCoHost(Targeted, frozen=True):
    """Somebody may no more."""

    def command(self, about: About) -> c.Command:
        return c.Appoint(self.target, Role.MEMBER)


class TransferHost(Targeted, frozen=True):
    """Give the host's seat to somebody else."""

    def command(self, about: About) -> c.Command:
        return c.TransferHost(self.target)


class MuteParticipant(Targeted, frozen=True):
    """Turn somebody's microphone off."""

    def command(self, about: About) -> c.Command:
        return c.Mute(self.target)


class MuteAll(Said, frozen=True):
    """Turn everybody else's microphone off but the host's."""

    def command(self, about: About) -> c.Command:
        return c.Mute()


class MuteChanged(Said, frozen=True):
    """Whether one's own microphone is off."""

    muted: bool

    def command(self, about: About) -> c.Command:
        return c.SetMuted(self.muted)


class AskUnmute(Targeted, frozen=True):
    """Ask somebody to turn their microphone on."""

    def command(self, about: About) -> c.Command:
        return c.AskUnmute(self.target)


class RaiseHand(Said, frozen=True):
    """One's own."""

    def command(self, about: About) -> c.Command:
        return c.RaiseHand(True)


class LowerHand(Said, frozen=True):
    """One's own; with `targetPeerId` another's."""

    target_peer_id: f.Target | None = None

    def command(self, about: About) -> c.Command:
        return c.RaiseHand(False, None if self.target_peer_id is None else MemberId(self.target_peer_id))


class ClearAllHands(Said, frozen=True):
    """Lower everybody's."""

    def command(self, about: About) -> c.Command:
        return c.LowerHands()


class Reaction(Said, frozen=True):
    """Seen by the others now, and not kept."""

    emoji: f.Emoji

    def command(self, about: About) -> c.Command:
        return c.React(self.emoji)


class ChatMessage(Said, frozen=True):
    """A line for everybody. Under the same `id` it is said once, and acknowledged as often as it is sent."""

    message: f.Text
    id: f.ChatId | None = None

    def command(self, about: About) -> c.Command:
        return c.Chat(f.message(self.message), self.id or about.new_id())


class PrivateMessage(Said, frozen=True):
    """A line for one person alone."""

    target_peer_id: f.Target
    message: f.Text
    id: f.ChatId | None = None

    def command(self, about: About) -> c.Command:
        return c.Whisper(MemberId(self.target_peer_id), f.message(self.message), self.id or about.new_id())


class EnableChat(Said, frozen=True):
    """People may chat."""

    def command(self, about: About) -> c.Command:
        return c.SwitchChat(True)


class DisableChat(Said, frozen=True):
    """Only those who moderate may chat."""

    def command(self, about: About) -> c.Command:
        return c.SwitchChat(False)


class ShareStart(Said, frozen=True):
    """Show one's screen."""

    def command(self, about: About) -> c.Command:
        return c.Share(True)


class ShareStop(Said, frozen=True):
    """Show it no more; with `targetPeerId`, stop another's."""

    target_peer_id: f.Target | None = None

    def command(self, about: About) -> c.Command:
        return c.Share(False) if self.target_peer_id is None else c.StopShare(MemberId(self.target_peer_id))


class SharePolicy(Said, frozen=True):
    """Whether one screen is shown at a time."""

    one: bool

    def command(self, about: About) -> c.Command:
        return c.SetSharePolicy(self.one)


class SetCapacity(Said, frozen=True):
    """How many may be here."""

    capacity: int

    def command(self, about: About) -> c.Command:
        return c.SetCapacity(self.capacity)


class EnableWaitingRoom(Said, frozen=True):
    """Newcomers wait to be let in."""

    def command(self, about: About) -> c.Command:
        return c.SetLobby(True)


class DisableWaitingRoom(Said, frozen=True):
    """They need not, and those who wait are let in."""

    def command(self, about: About) -> c.Command:
        return c.SetLobby(False)


class AdmitParticipant(Targeted, frozen=True):
    """Let in one who waits."""

    def command(self, about: About) -> c.Command:
        return c.Admit(self.target)


class AdmitAll(Said, frozen=True):
    """Let in everybody who waits."""

    def command(self, about: About) -> c.Command:
        return c.Admit()


class DenyParticipant(Targeted, frozen=True):
    """Turn away one who waits."""

    def command(self, about: About) -> c.Command:
        return c.Deny(self.target)


class SetPassword(Said, frozen=True):
    """What newcomers have to know; null: nothing."""

    password: f.Password | None

    def meaning(self, about: About) -> d.Sentence:
        return d.Protect(about.room, None, self.password)


class StartRecording(Said, frozen=True):
    """Record what is seen and heard. Everybody is told."""

    def command(self, about: About) -> c.Command:
        return c.StartRecording(about.new_id())


class StopRecording(Said, frozen=True):
    """Record no more."""

    def command(self, about: About) -> c.Command:
        return c.StopRecording()


SIGNALS: Final[dict[str, type[Said]]] = {"offer": Offer, "answer": AnswerSdp, "candidate": Candidate}
"""What is passed on to one peer, and never reaches the room."""
WISHES: Final[dict[str, type[Said]]] = {
    "join": Join,
    "leave": Leave,
    "room-locked": LockRoom,
    "lock-room": LockRoom,
    "room-unlocked": UnlockRoom,
    "unlock-room": UnlockRoom,
    "kicked": Kick,
    "remove-participant": Kick,
    "promote-co-host": PromoteCoHost,
    "add-cohost": PromoteCoHost,
    "remove-cohost": RemoveCoHost,
    "transfer-host": TransferHost,
    "mute-participant": MuteParticipant,
    "mute-all": MuteAll,
    "mute-changed": MuteChanged,
    "ask-unmute": AskUnmute,
    "raise-hand": RaiseHand,
    "lower-hand": LowerHand,
    "clear-all-hands": ClearAllHands,
    "reaction": Reaction,
    "chat-message": ChatMessage,
    "private-message": PrivateMessage,
    "chat-enabled": EnableChat,
    "enable-chat": EnableChat,
    "chat-disabled": DisableChat,
    "disable-chat": DisableChat,
    "screen-share-start": ShareStart,
    "screen-share-started": ShareStart,
    "screen-share-stop": ShareStop,
    "screen-share-stopped": ShareStop,
    "share-policy": SharePolicy,
    "set-capacity": SetCapacity,
    "enable-waiting-room": EnableWaitingRoom,
    "disable-waiting-room": DisableWaitingRoom,
    "admit-participant": AdmitParticipant,
    "admit-all": AdmitAll,
    "deny-participant": DenyParticipant,
    "set-password": SetPassword,
    "start-recording": StartRecording,
    "recording-started": StartRecording,
    "stop-recording": StopRecording,
    "recording-stopped": StopRecording,
}
HEARD: Final[dict[str, type[Said]]] = {**WISHES, **SIGNALS, "ping": Ping}
"""Every event that clients send, by name."""
