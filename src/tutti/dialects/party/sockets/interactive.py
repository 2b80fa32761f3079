"""`/ws/interactive/{id}/`: polls with live results, who is in the call and who speaks, shared screens, drawings.

What one browser has to say to another to be connected with it, `webrtc_signal`, goes to that one alone.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.relays import Annotated as Drawn
from tutti.core.relays import AnnotationsCleared, Relay, Signalled, Speaking
from tutti.core.room import Room
from tutti.dialects.party.sockets import fields as f
from tutti.dialects.party.sockets.company import UserLeft
from tutti.dialects.party.sockets.dialect import About, Scene, Structs, Words
from tutti.dialects.party.sockets.polls import Answer, NewPoll, Poll, shown
from tutti.dialects.party.sockets.shapes import User
from tutti.service.dialect import Malformed
from tutti.service.ports import Clock

NAME: Final = "party-interactive"
LONGEST_DRAWING: Final = 4 * 1024
LONGEST_SIGNAL: Final = 64 * 1024
"""Bytes of JSON."""


class CreatePoll(NewPoll, frozen=True, gc=False):
    """Ask everybody something; those who moderate may. `duration`: seconds until it closes by itself."""

    def meaning(self, about: About) -> c.Command:
        return self.opening(about.new_id())


class CastVote(Answer, frozen=True, gc=False, kw_only=True):
    """Once, as long as the poll is open. `option` counts from 0, `rating` from 1; `answer` stands for any of them."""

    poll_id: f.Id

    def meaning(self, _: About) -> c.Command:
        return c.Vote(self.poll_id, self.given())


class ClosePoll(msgspec.Struct, frozen=True, gc=False):
    """No more votes; those who moderate may."""

    poll_id: f.Id

    def meaning(self, _: About) -> c.Command:
        return c.ClosePoll(self.poll_id)


class VoiceJoin(msgspec.Struct, frozen=True, gc=False):
    """To be heard from now on."""

    def meaning(self, _: About) -> c.Command:
        return c.EnterCall()


class VoiceLeave(msgspec.Struct, frozen=True, gc=False):
    """To be heard no more."""

    def meaning(self, _: About) -> c.Command:
        return c.LeaveCall()


class VoiceMute(msgspec.Struct, frozen=True, gc=False):
    """Whether one's microphone is off. `user_id`: another's, whom those who moderate can turn off, not on."""

    muted: bool = True
    user_id: f.Id | None = None

    def meaning(self, _: About) -> c.Command:
        if self.user_id is None:
            return c.SetMuted(self.muted)
        if not self.muted:
            raise Malformed("voice_mute: nobody but itself turns a microphone on")
        return c.Mute(MemberId(self.user_id))


class VoiceSpeaking(msgspec.Struct, frozen=True, gc=False):
    """Whether one is speaking."""

    speaking: bool = True

    def meaning(self, _: About) -> c.Command:
        return c.SetSpeaking(self.speaking)


class ShareStart(msgspec.Struct, frozen=True, gc=False):
    """Others can see one's screen from now on."""

    def meaning(self, _: About) -> c.Command:
        return c.Share(True)


class ShareStop(msgspec.Struct, frozen=True, gc=False):
    """`user_id`: another's; those who moderate may."""

    user_id: f.Id | None = None

    def meaning(self, _: About) -> c.Command:
        return c.Share(False) if self.user_id is None else c.StopShare(MemberId(self.user_id))


class Annotation(msgspec.Struct, frozen=True, gc=False):
    """Something drawn over the video: any JSON of up to 4 KiB, which everybody sees now and nobody keeps."""

    data: msgspec.Raw

    def meaning(self, _: About) -> c.Command:
        return c.Annotate(_json_text(self.data, LONGEST_DRAWING, "annotation"))


class ClearAnnotations(msgspec.Struct, frozen=True, gc=False):
    """Wipe everybody's; those who moderate may."""

    def meaning(self, _: About) -> c.Command:
        return c.ClearAnnotations()


class WebrtcSignal(msgspec.Struct, frozen=True, gc=False):
    """To one person in the call, from another: any JSON of up to 64 KiB, under `signal`."""

    target_user: f.Id
    signal: msgspec.Raw

    def meaning(self, _: About) -> c.Command:
        return c.Signal(MemberId(self.target_user), _json_text(self.signal, LONGEST_SIGNAL, "webrtc_signal"))


class Speaker(msgspec.Struct, frozen=True, gc=False):
    """Somebody in the call."""

    id: str
    username: str
    muted: bool


class InteractiveState(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="interactive_state"):
    """Told first of all. `polls`: the last twenty, oldest first, each with one's own answer."""

    polls: list[Poll]
    voice: list[Speaker]
    screen_shares: list[User]


class PollCreated(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="poll_created"):
    poll: Poll


class PollResults(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="poll_results"):
    """How it stands; at most four times a second for each poll."""

    poll: Poll


class PollClosed(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="poll_closed"):
    """How it ended. `closed_by` null: its time was up."""

    poll: Poll
    closed_by: str | None


class VoiceJoined(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="voice_joined"):
    user: User


class VoiceLeft(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="voice_left"):
    user_id: str


class VoiceMuted(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="voice_muted"):
    """`by`: who turned it off or on."""

    user_id: str
    muted: bool
    by: str


class VoiceIsSpeaking(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="voice_speaking"):
    user_id: str
    speaking: bool


class ShareStarted(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="screen_share_started"):
    user: User


class ShareStopped(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="screen_share_stopped"):
    user_id: str


class AnnotationDrawn(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="annotation"):
    user: User
    data: msgspec.Raw


class AnnotationsWiped(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="annotations_cleared"):
    by: str


class SignalFrom(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="webrtc_signal"):
    from_user: str
    target_user: str
    signal: msgspec.Raw


def _told(recorded: Recorded, room: Room, _: float, clock: Clock) -> Structs:
    event = recorded.event
    match event:
        case e.PollOpened() | e.PollVoted() | e.PollClosed():
            return _of_poll(event, room, clock)
        case e.CallEntered(who, _):
            return (VoiceJoined(User.of(room, who)),)
        case e.MemberJoined(member):
            return (VoiceJoined(User(member.id, member.name)),) if member.calling else ()
        case e.CallLeft(who):
            return (VoiceLeft(who),)
        case e.MemberLeft(who, reason, calling):
            gone = UserLeft(who, reason.value, len(room.members))
            return (VoiceLeft(who), gone) if calling else (gone,)
        case e.MuteChanged(who, muted, by):
            return (VoiceMuted(who, muted, by),)
        case e.SharingChanged(who, on, _):
            return (ShareStarted(User.of(room, who)) if on else ShareStopped(who),)
        case _:
            return ()


def _of_poll(event: e.PollOpened | e.PollVoted | e.PollClosed, room: Room, clock: Clock) -> Structs:
    """How it stands is read from the room, whose newest state speaks for the votes before it."""
    if isinstance(event, e.PollOpened):
        return (PollCreated(shown(event.poll, clock)),)
    poll = next((one for one in room.polls if one.id == event.poll), None)
    if poll is None:
        return ()
    now = shown(poll, clock)
    return (PollClosed(now, event.by) if isinstance(event, e.PollClosed) else PollResults(now),)


def _relayed(relayed: Relay, _: Room, __: float, ___: Clock) -> Structs:
    match relayed:
        case Speaking(who, on):
            return (VoiceIsSpeaking(who, on),)
        case Drawn(who, name, shape):
            return (AnnotationDrawn(User(who, name), msgspec.Raw(shape.encode())),)
        case AnnotationsCleared(by):
            return (AnnotationsWiped(by),)
        case Signalled(who, to, data):
            return (SignalFrom(who, to, msgspec.Raw(data.encode())),)
        case _:
            return ()


def _welcome(room: Room, me: MemberId, _: float, scene: Scene) -> InteractiveState:
    return InteractiveState(
        polls=[shown(poll, scene.clock, me) for poll in room.polls],
        voice=[Speaker(m.id, m.name, m.muted) for m in room.members.values() if m.calling],
        screen_shares=[User.of(room, who) for who in room.sharing],
    )


def _json_text(given: msgspec.Raw, most: int, kind: str) -> str:
    if len(given) > most:
        raise Malformed(f"{kind}: no more than {most} bytes of JSON")
    return bytes(given).decode()


WORDS: Final = Words(
    name=NAME,
    description="A party's polls, call, shared screens and drawings.",
    heard={
        "create_poll": CreatePoll,
        "vote": CastVote,
        "close_poll": ClosePoll,
        "voice_join": VoiceJoin,
        "voice_leave": VoiceLeave,
        "voice_mute": VoiceMute,
        "voice_speaking": VoiceSpeaking,
        "screen_share_start": ShareStart,
        "screen_share_stop": ShareStop,
        "annotation": Annotation,
        "clear_annotations": ClearAnnotations,
        "webrtc_signal": WebrtcSignal,
    },
    spoken={
        "interactive_state": InteractiveState,
        "poll_created": PollCreated,
        "poll_results": PollResults,
        "poll_closed": PollClosed,
        "voice_joined": VoiceJoined,
        "voice_left": VoiceLeft,
        "voice_muted": VoiceMuted,
        "voice_speaking": VoiceIsSpeaking,
        "screen_share_started": ShareStarted,
        "screen_share_stopped": ShareStopped,
        "annotation": AnnotationDrawn,
        "annotations_cleared": AnnotationsWiped,
        "webrtc_signal": SignalFrom,
        "user_left": UserLeft,
    },
    says=frozenset(
        (
            *(
                e.PollOpened,
                e.PollVoted,
                e.PollClosed,
                e.CallEntered,
                e.CallLeft,
                e.MemberJoined,
                e.MemberLeft,
            ),
            *(e.MuteChanged, e.SharingChanged),
        )
    ),
    asks=frozenset(
        (
            *(c.OpenPoll, c.Vote, c.ClosePoll, c.EnterCall, c.LeaveCall, c.SetMuted, c.Mute, c.SetSpeaking),
            *(c.Share, c.StopShare, c.Annotate, c.ClearAnnotations, c.Signal),
        )
    ),
    told=_told,
    relayed=_relayed,
    welcome=_welcome,
    again=_welcome,
    coalesced=frozenset((e.PollVoted,)),
)
