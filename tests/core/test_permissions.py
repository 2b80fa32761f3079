"""Who may ask what, spelled out: one row per command, independent of the code that says the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.stage import ANN, CAT, FILM, STRANGER, Stage
from tests.core.wishes import ONE_OF_EACH
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core.defaults import Control
from tutti.core.ids import MemberId, RoomId
from tutti.core.polls import PollKind
from tutti.core.refusals import Reason, Refused
from tutti.core.roster import Breakout, Role

ROOM = RoomId("ROOM1")
MODERATOR, MEMBER = MemberId("moderator"), MemberId("member")
ASKERS = (HOST, MODERATOR, MEMBER, STRANGER, None)

# Columns: host, moderator, member, stranger, the server itself. Before the bar where only the host controls the
# timeline, behind it where everybody does. y: may ask; n: NOT_ALLOWED; s: NOT_A_MEMBER; x: ROOM_EXISTS.
TABLE = """
Open            x x x x n | x x x x n
Join            y y y y n | y y y y n
Leave           y y y s n | y y y s n
Expel           y y n s n | y y n s n
TransferHost    y n n s n | y n n s n
Appoint         y n n s n | y n n s n
SetLock         y y n s n | y y n s n
SetCapacity     y n n s n | y n n s n
SwitchChat      y y n s n | y y n s n
SetOffset       y y y s n | y y y s n
ChangeMedia     y n n s n | y n n s n
ChangeProvider  y n n s n | y n n s n
ChangeEpisode   y n n s n | y n n s n
Play            y y n s n | y y y s n
Pause           y y n s n | y y y s n
Seek            y y n s n | y y y s n
SeekBy          y y n s n | y y y s n
SetRate         y y n s n | y y y s n
Report          y y y s n | y y y s n
Observe         y y y s n | y y y s n
AddToQueue      y y n s n | y y y s n
RemoveFromQueue y y n s n | y y y s n
MoveInQueue     y y n s n | y y y s n
PlayNext        y y n s n | y y y s n
Chat            y y y s n | y y y s n
EditChat        y y y s n | y y y s n
RemoveChat      y y y s n | y y y s n
SetSlowMode     y y n s n | y y n s n
SetTyping       y y y s n | y y y s n
OpenPoll        y y n s n | y y n s n
Vote            y y y s n | y y y s n
ClosePoll       y y n s n | y y n s n
Annotate        y y y s n | y y y s n
ClearAnnotations y y n s n | y y n s n
EnterCall       y y y s n | y y y s n
LeaveCall       y y y s n | y y y s n
SetSpeaking     y y y s n | y y y s n
Signal          y y y s n | y y y s n
Whisper         y y y s n | y y y s n
React           y y y s n | y y y s n
RaiseHand       y y y s n | y y y s n
LowerHands      y y n s n | y y n s n
SetLobby        y y n s n | y y n s n
Admit           y y n s y | y y n s y
Deny            y y n s n | y y n s n
SetPassword     y n n s n | y n n s n
Share           y y y s n | y y y s n
StopShare       y y n s n | y y n s n
SetSharePolicy  y n n s n | y n n s n
SetMuted        y y y s n | y y y s n
Mute            y y n s n | y y n s n
AskUnmute       y y n s n | y y n s n
StartRecording  y y n s n | y y n s n
StopRecording   y y n s y | y y n s y
OpenBreakouts   y y n s n | y y n s n
Assign          y y n s y | y y n s y
ExtendBreakouts y y n s n | y y n s n
CloseBreakouts  y y n s n | y y n s n
TellBreakouts   y y n s n | y y n s n
AskHelp         n n y s n | n n y s n
SetReady        y y y s n | y y y s n
SetWaiting      y y n s n | y y n s n
Close           y n n s n | y n n s n
Depart          n n n n y | n n n n y
HangUp          n n n n y | n n n n y
EndKnock        n n n n y | n n n n y
EndBreakouts    n n n n y | n n n n y
EndPoll         n n n n y | n n n n y
SetAccess       n n n n y | n n n n y
EndWait         n n n n y | n n n n y
Expire          n n n n y | n n n n y
"""
ANSWERS = {"y": None, "n": Reason.NOT_ALLOWED, "s": Reason.NOT_A_MEMBER, "x": Reason.ROOM_EXISTS}


def rows() -> list[tuple[str, MemberId | None, Control, Reason | None]]:
    spelled_out = []
    for line in TABLE.strip().splitlines():
        name, marks = line.split(maxsplit=1)
        halves = zip((Control.HOST, Control.EVERYBODY), marks.split("|"), strict=True)
        for control, half in halves:
            for who, mark in zip(ASKERS, half.split(), strict=True):
                spelled_out.append((name, who, control, ANSWERS[mark]))
    return spelled_out


@pytest.mark.parametrize(("name", "who", "control", "refusal"), rows())
def test_every_command_of_everybody_is_answered_as_the_table_says(
    name: str, who: MemberId | None, control: Control, refusal: Reason | None
) -> None:
    stage = Stage(MODERATOR, MEMBER, ANN, of=defaults(control=control))
    stage.does(HOST, c.Appoint(MODERATOR, Role.MODERATOR))
    stage.does(HOST, c.AddToQueue(FILM))
    stage.does(ANN, c.Join("Ann", calling=True))
    if name == "Deny":
        stage.does(HOST, c.SetLobby(True))
        stage.does(CAT, c.Join("Cat", knocks=True))
    if name in ("ExtendBreakouts", "CloseBreakouts", "TellBreakouts", "AskHelp"):
        stage.does(MEMBER, c.Join("Member", calling=True))
        stage.does(HOST, c.OpenBreakouts((Breakout(ROOM, "One"),), {MEMBER: ROOM}, lasts_ms=60_000.0))
    if name in ("SetSpeaking", "Signal"):
        for one in (HOST, MODERATOR, MEMBER):
            stage.does(one, c.Join("Somebody", calling=True))
    if name in ("Vote", "ClosePoll", "EndPoll"):
        stage.does(HOST, c.OpenPoll("p9", "Again?", PollKind.YES_NO, lasts_ms=1_000.0))
        stage.after(1_000.0 if name == "EndPoll" else 0.0)
    [command] = [command for command in ONE_OF_EACH if type(command).__name__ == name]
    if isinstance(command, c.EditChat | c.RemoveChat) and who in stage.room.members:
        stage.does(who, c.Chat("Hi"))
        command = replace(command, line=stage.room.chat[-1].seq)
    answer = stage.asks(who, command)
    assert (answer.reason if isinstance(answer, Refused) else None) is refusal


def test_the_table_has_every_command_once() -> None:
    names = [line.split()[0] for line in TABLE.strip().splitlines()]
    assert (
        names == [kind.__name__ for kind in c.COMMANDS] == [type(command).__name__ for command in ONE_OF_EACH]
    )


def test_a_role_that_was_taken_away_gives_nothing_any_more() -> None:
    stage = Stage(ANN)
    stage.does(HOST, c.Appoint(ANN, Role.MODERATOR))
    stage.does(ANN, c.SetLock(True))
    stage.does(HOST, c.Appoint(ANN, Role.MEMBER))
    assert stage.refuses(ANN, c.SetLock(False)) is Reason.NOT_ALLOWED


def test_the_seat_that_was_passed_on_gives_nothing_any_more() -> None:
    stage = Stage(ANN)
    stage.does(HOST, c.TransferHost(ANN))
    assert stage.refuses(HOST, c.Close()) is Reason.NOT_ALLOWED
    assert stage.does(ANN, c.Close())


def test_refusals_are_one_catalogue_in_which_no_name_is_used_twice() -> None:
    codes = [reason.code for reason in Reason]
    assert len(set(codes)) == len(codes)
    assert all(code == reason.name.lower() for code, reason in zip(codes, Reason, strict=True))
    assert Refused(Reason.ROOM_FULL).sentence == "This room is full"
    assert Refused(Reason.ROOM_FULL, "No seat").sentence == "No seat"
