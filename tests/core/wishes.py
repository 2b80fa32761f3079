"""One command of each kind, each of them plausible."""

from __future__ import annotations

from tests.core.stage import ANN, CAT, FILM
from tests.rooms import defaults
from tutti.core import commands as c
from tutti.core.drift import Doing
from tutti.core.ids import RoomId
from tutti.core.roster import Breakout, Password, Role

ONE_OF_EACH: tuple[c.Command, ...] = (
    c.Open("film night", "Somebody", defaults(), FILM),
    c.Join("Somebody"),
    c.Leave(),
    c.Expel(ANN),
    c.TransferHost(ANN),
    c.Appoint(ANN, Role.MODERATOR),
    c.SetLock(True),
    c.SetCapacity(7),
    c.SwitchChat(False),
    c.SetOffset(250.0),
    c.ChangeMedia("tt2"),
    c.ChangeProvider("elsewhere"),
    c.ChangeEpisode(2),
    c.Play(),
    c.Pause(),
    c.Seek(60_000.0),
    c.SeekBy(10_000.0),
    c.SetRate(1.5),
    c.Report(0.0, 1_000_000.0),
    c.Observe(0.0, 1_000_000.0, 3.0, 1.0, Doing.PLAYING),
    c.AddToQueue(FILM),
    c.RemoveFromQueue("q9"),
    c.MoveInQueue("q6", None),
    c.PlayNext("q9"),
    c.Chat("Hello"),
    c.Whisper(ANN, "Hello"),
    c.React("🎉"),
    c.RaiseHand(True),
    c.LowerHands(),
    c.SetLobby(True),
    c.Admit(),
    c.Deny(CAT),
    c.SetPassword(Password("00", "11")),
    c.Share(True),
    c.StopShare(ANN),
    c.SetSharePolicy(False),
    c.SetMuted(True),
    c.Mute(ANN),
    c.AskUnmute(ANN),
    c.StartRecording("rec1"),
    c.StopRecording(),
    c.OpenBreakouts((Breakout(RoomId("ROOM1"), "One"),), {}, spread=True),
    c.Assign(ANN, None),
    c.ExtendBreakouts(60_000.0),
    c.CloseBreakouts(),
    c.TellBreakouts("Five minutes"),
    c.AskHelp(),
    c.SetReady(True),
    c.SetWaiting(True),
    c.Close(),
    c.Depart(ANN),
    c.HangUp(ANN),
    c.EndKnock(CAT),
    c.EndBreakouts(),
    c.EndWait(),
    c.Expire(),
)
