"""What a room plays next."""

from __future__ import annotations

import math

from tests.core.stage import ANN, BOB, FILM, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.events import Change
from tutti.core.media import Media
from tutti.core.queue import Entry
from tutti.core.refusals import Reason
from tutti.core.timeline import Timeline

ONE, TWO, THREE = (Media(name, "vidcloud", "movie") for name in ("one", "two", "three"))


def queued() -> Stage:
    """Ann has put three films in the queue of a room that everybody moves."""
    stage = Stage(ANN, BOB, of=defaults(control=Control.EVERYBODY))
    for film in (ONE, TWO, THREE):
        stage.does(ANN, c.AddToQueue(film))
    return stage


def titles(stage: Stage) -> list[str]:
    return [entry.media.id for entry in stage.room.queue]


def ids(stage: Stage) -> list[str]:
    return [entry.id for entry in stage.room.queue]


def test_what_is_added_comes_last_and_says_who_added_it() -> None:
    stage = queued()
    assert titles(stage) == ["one", "two", "three"]
    assert {entry.by for entry in stage.room.queue} == {ANN}


def test_the_same_film_twice_is_two_entries() -> None:
    stage = queued()
    stage.does(BOB, c.AddToQueue(ONE))
    assert len(set(ids(stage))) == 4


def test_an_id_is_not_given_again_when_its_entry_has_gone() -> None:
    stage = queued()
    last = ids(stage)[-1]
    stage.does(BOB, c.RemoveFromQueue(last))
    stage.does(BOB, c.AddToQueue(ONE))
    assert last not in ids(stage)


def test_entries_are_moved_before_others_or_to_the_end() -> None:
    stage = queued()
    one, two, three = ids(stage)
    stage.does(BOB, c.MoveInQueue(three, one))
    assert titles(stage) == ["three", "one", "two"]
    stage.does(BOB, c.MoveInQueue(one, None))
    assert titles(stage) == ["three", "two", "one"]
    assert stage.does(BOB, c.MoveInQueue(one, None)) == ()
    assert stage.does(BOB, c.MoveInQueue(two, two)) == ()


def test_what_is_not_in_the_queue_is_not_moved_and_needs_no_removing() -> None:
    stage = queued()
    assert stage.refuses(BOB, c.MoveInQueue("q999", None)) is Reason.OUT_OF_RANGE
    assert stage.refuses(BOB, c.MoveInQueue(ids(stage)[0], "q999")) is Reason.OUT_OF_RANGE
    assert stage.does(BOB, c.RemoveFromQueue("q999")) == ()


def test_the_next_film_begins_at_its_beginning_and_leaves_the_queue() -> None:
    stage = queued()
    stage.does(HOST, c.Play(60_000.0))
    first, *rest = stage.room.queue
    assert stage.after(5_000.0).does(BOB, c.PlayNext()) == (
        e.MediaChanged(ONE, Timeline(0.0, 1.0, True, stage.now_ms), Change.MEDIA, BOB),
        e.QueueChanged(tuple(rest), BOB),
    ), "nobody who is at the end of a film hears what is first now before they have another film"
    assert first not in stage.room.queue


def test_when_a_film_ends_everybody_may_ask_and_one_film_is_skipped() -> None:
    stage = queued()
    first = ids(stage)[0]
    assert len(stage.does(ANN, c.PlayNext(first))) == 2
    assert stage.does(BOB, c.PlayNext(first)) == ()
    assert titles(stage) == ["two", "three"]


def test_the_film_that_plays_can_be_played_again() -> None:
    stage = Stage()
    stage.does(HOST, c.Play(60_000.0))
    stage.does(HOST, c.AddToQueue(FILM))
    stage.does(HOST, c.PlayNext())
    assert (stage.room.media, stage.position_ms) == (FILM, 0.0)


def test_nothing_comes_after_the_last() -> None:
    stage = Stage()
    assert stage.refuses(HOST, c.PlayNext()) is Reason.NOTHING_PLAYS
    assert stage.does(HOST, c.PlayNext("q1")) == ()


def test_a_queue_has_an_end() -> None:
    stage = Stage()
    for _ in range(100):
        stage.does(HOST, c.AddToQueue(ONE))
    assert stage.refuses(HOST, c.AddToQueue(ONE)) is Reason.OUT_OF_RANGE


def test_media_that_nobody_can_compute_with_are_not_queued() -> None:
    stage = Stage()
    endless = Media("x", "p", "movie", duration_ms=math.inf)
    assert stage.refuses(HOST, c.AddToQueue(endless)) is Reason.OUT_OF_RANGE


def test_who_may_not_move_the_timeline_may_not_change_what_comes() -> None:
    stage = Stage(ANN)
    stage.does(HOST, c.AddToQueue(ONE))
    for command in (c.AddToQueue(ONE), c.RemoveFromQueue("q3"), c.MoveInQueue("q3", None), c.PlayNext()):
        assert stage.refuses(ANN, command) is Reason.NOT_ALLOWED
    assert stage.room.queue == (Entry("q3", ONE, HOST),)
