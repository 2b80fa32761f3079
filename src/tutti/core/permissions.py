"""Who may ask what. Total: a command without a row here does not type-check, and unknown is no."""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from tutti.core import commands as c
from tutti.core.defaults import Control
from tutti.core.roster import Member, Role


class Needs(Enum):
    NOTHING = "nothing"
    MEMBERSHIP = "membership"
    CONTROL = "control"
    """The right to move the timeline: the host's and moderators', or everybody's, as the room was made."""
    MODERATION = "moderation"
    HOST = "host"
    SERVER = "server"
    """No person at all: leases and deadlines only."""


def needs(command: c.Command) -> Needs:  # noqa: PLR0912 - rows of a table, closed
    match command:
        case c.Report() | c.Observe() | c.Leave() | c.SetOffset():
            return Needs.MEMBERSHIP
        case c.Open() | c.Join():
            return Needs.NOTHING
        case c.Play() | c.Pause() | c.Seek() | c.SeekBy() | c.SetRate():
            return Needs.CONTROL
        case c.AddToQueue() | c.RemoveFromQueue() | c.MoveInQueue() | c.PlayNext():
            return Needs.CONTROL
        case c.Chat() | c.Whisper() | c.React() | c.RaiseHand() | c.SetReady():
            return Needs.MEMBERSHIP
        case c.EditChat() | c.RemoveChat() | c.SetTyping():  # of another's line only those who moderate
            return Needs.MEMBERSHIP
        case c.Vote() | c.Annotate():
            return Needs.MEMBERSHIP
        case c.EnterCall() | c.LeaveCall() | c.SetSpeaking() | c.Signal():
            return Needs.MEMBERSHIP
        case c.SetSlowMode() | c.OpenPoll() | c.ClosePoll() | c.ClearAnnotations():
            return Needs.MODERATION
        case c.Share() | c.SetMuted():
            return Needs.MEMBERSHIP
        case c.Expel() | c.SetLock() | c.SwitchChat() | c.SetWaiting() | c.LowerHands():
            return Needs.MODERATION
        case c.SetLobby() | c.Admit() | c.Deny() | c.StopShare() | c.Mute() | c.AskUnmute():
            return Needs.MODERATION
        case c.TellBreakouts() | c.OpenBreakouts() | c.ExtendBreakouts() | c.CloseBreakouts():
            return Needs.MODERATION
        case c.Assign() | c.AskHelp():  # of others only those who moderate: see `breakouts.assign`
            return Needs.MEMBERSHIP
        case c.StartRecording() | c.StopRecording():
            return Needs.MODERATION
        case c.ChangeMedia() | c.ChangeProvider() | c.ChangeEpisode():
            return Needs.HOST
        case c.TransferHost() | c.Appoint() | c.SetCapacity() | c.Close():
            return Needs.HOST
        case c.SetPassword() | c.SetSharePolicy():
            return Needs.HOST
        case c.Depart() | c.HangUp() | c.EndKnock() | c.EndBreakouts() | c.EndWait() | c.Expire():
            return Needs.SERVER
        case c.EndPoll() | c.SetAccess():
            return Needs.SERVER
        case _:
            assert_never(command)


def holds(need: Needs, member: Member | None, control: Control) -> bool:
    """Whether this member, or somebody who is not one (None), meets the need. The server itself is not asked."""
    match need:
        case Needs.MEMBERSHIP:
            return member is not None
        case Needs.NOTHING:
            return True
        case Needs.CONTROL:
            return member is not None and (control is Control.EVERYBODY or member.role is not Role.MEMBER)
        case Needs.MODERATION:
            return member is not None and member.role in (Role.HOST, Role.MODERATOR)
        case Needs.HOST:
            return member is not None and member.role is Role.HOST
        case Needs.SERVER:
            return False
        case _:
            assert_never(need)
