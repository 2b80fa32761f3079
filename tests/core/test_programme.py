"""Changing what a room plays."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.core.stage import FILM, STRANGER, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.decide import decide
from tutti.core.events import Change
from tutti.core.media import MAX_EPISODE, Media
from tutti.core.refusals import Reason, Refused
from tutti.core.timeline import Timeline

SERIES = Media("tv1", "vidcloud", "tv", episode=3, title="A series", duration_ms=1_800_000.0)


def playing(media: Media = FILM) -> Stage:
    """It began ten seconds ago."""
    stage = Stage(media=media)
    stage.does(HOST, c.Play())
    return stage.after(10_000.0)


def test_another_film_begins_at_its_beginning_and_keeps_playing() -> None:
    stage = playing()
    expected = Media("tt2", "vidcloud", "movie", title="Another", duration_ms=60_000.0)
    timeline = Timeline(0.0, 1.0, True, stage.now_ms)
    change = c.ChangeMedia("tt2", title="Another", duration_ms=60_000.0)
    assert stage.does(HOST, change) == (e.MediaChanged(expected, timeline, Change.MEDIA, HOST),)
    assert stage.room.media == expected


def test_nothing_is_kept_of_the_old_film_but_where_to_find_the_new_one() -> None:
    stage = playing(SERIES)
    stage.does(HOST, c.ChangeMedia("tv2"))
    assert stage.room.media == Media("tv2", "vidcloud", "tv")


def test_the_same_film_from_elsewhere_goes_on_where_it_was() -> None:
    stage = playing()
    timeline = Timeline(10_000.0, 1.0, True, stage.now_ms)
    elsewhere = replace(FILM, provider="elsewhere")
    expected = (e.MediaChanged(elsewhere, timeline, Change.PROVIDER, HOST),)
    assert stage.does(HOST, c.ChangeProvider("elsewhere")) == expected
    assert stage.does(HOST, c.ChangeProvider("elsewhere")) == ()


def test_another_episode_begins_at_its_beginning_and_is_of_unknown_length() -> None:
    stage = playing(SERIES)
    timeline = Timeline(0.0, 1.0, True, stage.now_ms)
    fourth = replace(SERIES, episode=4, duration_ms=None)
    assert stage.does(HOST, c.ChangeEpisode(4)) == (e.MediaChanged(fourth, timeline, Change.EPISODE, HOST),)
    assert stage.does(HOST, c.ChangeEpisode(4)) == ()


def test_choosing_what_is_on_anyway_changes_nothing() -> None:
    stage = playing(SERIES)
    assert stage.does(HOST, c.ChangeMedia("tv1")) == ()
    assert stage.does(HOST, c.ChangeMedia("tv1", episode=3, title="A series")) == ()
    assert stage.does(HOST, c.ChangeMedia("tv1", episode=4))


def test_where_nothing_plays_there_is_no_provider_nor_episode_to_change() -> None:
    stage = Stage(media=None)
    for command in (
        c.ChangeProvider("elsewhere"),
        c.ChangeEpisode(1),
        c.ChangeMedia("x"),
        c.ChangeMedia("x", "p"),
    ):
        assert stage.refuses(HOST, command) is Reason.NOTHING_PLAYS
    assert stage.does(HOST, c.ChangeMedia("x", "p", "movie"))


@pytest.mark.parametrize("duration_ms", [0.0, -1.0, math.nan, math.inf])
def test_an_impossible_length_is_refused(duration_ms: float) -> None:
    assert playing().refuses(HOST, c.ChangeMedia("x", duration_ms=duration_ms)) is Reason.OUT_OF_RANGE
    opening = c.Open("x", "X", defaults(), replace(FILM, duration_ms=duration_ms))
    answer = decide(None, opening, STRANGER, 0.0)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.OUT_OF_RANGE


@pytest.mark.parametrize("episode", [-1, MAX_EPISODE + 1, 10**30])
def test_an_impossible_episode_is_refused(episode: int) -> None:
    stage = playing(SERIES)
    for command in (c.ChangeEpisode(episode), c.ChangeMedia("x", episode=episode)):
        assert stage.refuses(HOST, command) is Reason.OUT_OF_RANGE
    assert stage.does(HOST, c.ChangeEpisode(0))
    assert stage.does(HOST, c.ChangeEpisode(MAX_EPISODE))
