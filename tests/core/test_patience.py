"""Waiting for everybody: only where the room chose to, only for those who say when they are ready, for five seconds."""

from __future__ import annotations

import pytest

from tests.core.stage import ANN, BOB, CAT, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.events import Change, Event, Move
from tutti.core.media import Media
from tutti.core.roster import Waiting
from tutti.core.timeline import Timeline

PATIENCE_MS = 5_000.0
LEAD_MS = 200.0


def patient(*, ready: bool = True) -> Stage:
    """A room that waits and plays. Ann and Bob say whether they are ready; the host and Cat never said a word of it."""
    stage = Stage(ANN, BOB, CAT, of=defaults(control=Control.EVERYBODY))
    stage.does(HOST, c.SetWaiting(True))
    stage.does(HOST, c.Play())
    for who in (ANN, BOB):
        stage.does(who, c.SetReady(ready))
    stage.after(10_000.0).lead_ms = LEAD_MS
    return stage


def waiting() -> Stage:
    """As `patient`, and the host has sought another place."""
    stage = patient()
    stage.does(HOST, c.Seek(60_000.0))
    return stage


def began(stage: Stage, *members: str) -> e.WaitBegan:
    return e.WaitBegan(tuple(members), stage.now_ms + PATIENCE_MS, HOST)  # type: ignore[arg-type] # ids written plainly


def plays(stage: Stage, position_ms: float) -> e.TimelineMoved:
    return e.TimelineMoved(Timeline(position_ms, 1.0, True, stage.now_ms + LEAD_MS), Move.PLAY, HOST)


def test_a_seek_stands_still_there_until_everybody_who_says_so_is_ready() -> None:
    stage = patient()
    there = Timeline(60_000.0, 1.0, False, stage.now_ms + LEAD_MS)
    assert stage.does(HOST, c.Seek(60_000.0)) == (
        e.TimelineMoved(there, Move.PAUSE, HOST),
        began(stage, ANN, BOB),
    )
    assert stage.room.waiting == Waiting((ANN, BOB), stage.now_ms + PATIENCE_MS, HOST)
    assert [stage.room.members[who].ready for who in (HOST, ANN, BOB, CAT)] == [None, False, False, None]
    assert stage.after(400.0).does(ANN, c.SetReady(True)) == (e.ReadyChanged(ANN, True),)
    assert stage.after(400.0).does(BOB, c.SetReady(True)) == (
        e.ReadyChanged(BOB, True),
        e.WaitEnded(()),
        plays(stage, 60_000.0),
    )
    assert stage.room.waiting is None


def test_other_media_wait_at_their_beginning() -> None:
    stage = patient()
    [changed, wait] = stage.does(HOST, c.ChangeMedia("tt2"))
    there = Timeline(0.0, 1.0, False, stage.now_ms + LEAD_MS)
    assert changed == e.MediaChanged(Media("tt2", "vidcloud", "movie"), there, Change.MEDIA, HOST)
    assert wait == began(stage, ANN, BOB)


def test_the_next_of_the_queue_waits_at_its_beginning() -> None:
    stage = patient()
    stage.does(HOST, c.AddToQueue(Media("tt2", "vidcloud", "movie")))
    kinds = [type(event) for event in stage.does(HOST, c.PlayNext())]
    assert kinds == [e.MediaChanged, e.WaitBegan, e.QueueChanged]
    assert not stage.room.timeline.playing


def test_playing_waits_only_for_those_who_said_that_they_are_not_ready() -> None:
    stage = patient()
    stage.does(HOST, c.Pause())
    stage.does(BOB, c.SetReady(False))
    assert stage.after(3_000.0).does(HOST, c.Play()) == (began(stage, BOB),)
    stage.does(BOB, c.SetReady(True))
    assert stage.room.timeline.playing


def test_playing_does_not_wait_when_everybody_is_ready() -> None:
    stage = patient()
    stage.does(HOST, c.Pause())
    [moved] = stage.after(3_000.0).does(HOST, c.Play())
    assert isinstance(moved, e.TimelineMoved)
    assert moved.timeline.playing


def test_playing_from_elsewhere_waits_like_a_seek() -> None:
    stage = patient()
    stage.does(HOST, c.Pause())
    [moved, wait] = stage.after(3_000.0).does(HOST, c.Play(90_000.0))
    there = Timeline(90_000.0, 1.0, False, stage.now_ms + LEAD_MS)
    assert (moved, wait) == (e.TimelineMoved(there, Move.PAUSE, HOST), began(stage, ANN, BOB))


def test_a_seek_while_paused_waits_for_nobody() -> None:
    stage = patient()
    stage.does(HOST, c.Pause())
    [moved] = stage.after(3_000.0).does(HOST, c.Seek(60_000.0))
    assert isinstance(moved, e.TimelineMoved)
    assert moved.move is Move.SEEK


def test_a_room_that_has_not_chosen_to_wait_never_does() -> None:
    stage = patient()
    stage.does(HOST, c.SetWaiting(False))
    stage.does(ANN, c.SetReady(False))
    [moved] = stage.does(HOST, c.Seek(60_000.0))
    assert isinstance(moved, e.TimelineMoved)
    assert moved.timeline.playing


def test_those_who_never_say_when_they_are_ready_are_never_waited_for() -> None:
    stage = Stage(ANN, BOB, of=defaults(control=Control.EVERYBODY))
    stage.does(HOST, c.SetWaiting(True))
    stage.does(HOST, c.Play())
    [moved] = stage.after(1_000.0).does(HOST, c.Seek(60_000.0))
    assert isinstance(moved, e.TimelineMoved)
    assert moved.timeline.playing


def test_somebody_who_stalls_while_it_plays_stops_nobody() -> None:
    stage = patient()
    assert stage.does(ANN, c.SetReady(False)) == (e.ReadyChanged(ANN, False),)
    assert stage.room.timeline.playing


@pytest.mark.parametrize("ms", [0.0, 1_000.0, PATIENCE_MS - 1.0])
def test_nobody_ends_a_wait_before_its_time(ms: float) -> None:
    assert waiting().after(ms).does(None, c.EndWait()) == ()


def test_after_five_seconds_it_plays_without_those_who_are_missing() -> None:
    stage = waiting()
    stage.does(ANN, c.SetReady(True))
    assert stage.after(PATIENCE_MS).does(None, c.EndWait()) == (e.WaitEnded((BOB,)), plays(stage, 60_000.0))
    assert stage.does(None, c.EndWait()) == ()


@pytest.mark.parametrize(
    ("who", "parting"), [(BOB, c.Leave()), (HOST, c.Expel(BOB)), (None, c.Depart(BOB))], ids=repr
)
def test_nobody_waits_for_those_who_have_gone(who: None, parting: c.Command) -> None:
    stage = waiting()
    stage.does(ANN, c.SetReady(True))
    assert stage.does(who, parting)[1:] == (e.WaitEnded(()), plays(stage, 60_000.0))


def test_the_going_of_others_ends_no_wait() -> None:
    stage = waiting()
    stage.does(CAT, c.Leave())
    stage.does(None, c.Depart(CAT))
    stage.does(ANN, c.Leave())
    assert stage.room.waiting is not None


def test_when_the_host_goes_and_was_the_last_the_heir_hears_that_it_plays() -> None:
    stage = Stage(ANN, of=defaults(control=Control.EVERYBODY))
    stage.does(HOST, c.SetWaiting(True))
    stage.does(HOST, c.SetReady(False))
    stage.does(HOST, c.Play())
    kinds = [type(event) for event in stage.does(HOST, c.Leave())]
    assert kinds == [e.MemberLeft, e.HostChanged, e.WaitEnded, e.TimelineMoved]
    assert (stage.room.host, stage.room.timeline.playing) == (ANN, True)


def test_a_pause_ends_a_wait_and_nothing_plays() -> None:
    stage = waiting()
    assert stage.does(CAT, c.Pause()) == (e.WaitEnded((ANN, BOB)),)
    assert (stage.room.waiting, stage.room.timeline.playing) == (None, False)


def test_playing_while_it_waits_changes_nothing() -> None:
    assert waiting().does(CAT, c.Play()) == ()


def test_seeking_while_it_waits_is_a_wish_to_play_from_there() -> None:
    stage = waiting()
    stage.does(ANN, c.SetReady(True))
    moved, wait = stage.after(2_000.0).does(HOST, c.Seek(90_000.0))
    there = Timeline(90_000.0, 1.0, False, stage.now_ms + LEAD_MS)
    assert (moved, wait) == (e.TimelineMoved(there, Move.PAUSE, HOST), began(stage, ANN, BOB))


def test_a_room_that_gives_up_waiting_plays_at_once() -> None:
    stage = waiting()
    assert stage.does(HOST, c.SetWaiting(False)) == (
        e.WaitingSwitched(False),
        e.WaitEnded((ANN, BOB)),
        plays(stage, 60_000.0),
    )


def test_a_host_whose_player_plays_already_is_not_waited_with() -> None:
    stage = waiting()
    stage.after(3_000.0)
    events: tuple[Event, ...] = stage.does(HOST, c.Report(63_000.0, stage.now_ms, True))
    assert [type(event) for event in events] == [e.WaitEnded, e.TimelineMoved]
    assert stage.room.timeline.playing


def test_somebody_who_left_and_came_back_is_waited_for_only_if_they_say_so_again() -> None:
    stage = waiting()
    stage.does(BOB, c.Leave())
    stage.does(BOB, c.Join("Bob"))
    assert stage.does(ANN, c.SetReady(True))[1:] == (e.WaitEnded(()), plays(stage, 60_000.0))
