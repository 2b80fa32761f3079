"""Shared music: between people who share it, in words, and one step from listening together."""

from __future__ import annotations

import asyncio

from tests.service.nearby.town import Town, accepted, cell, refused
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.values import NOBODY, TogetherOpened


def listeners(*artists: str) -> tuple[Town, MemberId, MemberId]:
    """Two people near one another who share what they play, which is this."""
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell(1, 1))
    for who in (ann, bo):
        town.shares(who, track=True)
        town.plays(who, *artists)
    return town, ann, bo


def test_who_shares_music_is_told_so_in_words_with_the_artists() -> None:
    town, ann, bo = listeners("First", "Second")
    town.plays(bo, "Third")
    match = town.likes(ann)[0]
    assert match.user == bo
    assert set(match.shared) == {"First", "Second"}
    assert not any(letter.isdigit() or letter == "%" for letter in match.words)
    assert town.likes(bo)[0].words == match.words


def test_the_best_match_comes_first() -> None:
    town, ann, _ = listeners("First")
    town.plays(ann, "Second")
    for name, artists in (("little", ("First", "x", "y", "z", "w")), ("much", ("First", "Second"))):
        who = town.live(name, cell())
        town.shares(who, track=True)
        town.plays(who, *artists)
    assert [match.user for match in town.likes(ann)] == ["much", "bo", "little"]


def test_tags_count_too() -> None:
    town, ann, bo = listeners()
    town.plays(ann, "First", tags=("shoegaze",))
    town.plays(bo, "Second", tags=("Shoegaze",))
    assert town.likes(ann)[0].shared == ("shoegaze",)


def test_what_is_not_shared_matches_nobody() -> None:
    town, ann, bo = listeners("First")
    town.shares(bo, track=False)
    assert town.likes(ann) == ()
    assert refused(town.nearby.matches(bo)).reason is Reason.NOT_ALLOWED


def test_what_was_played_unshared_is_not_remembered() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell())
    town.plays(ann, "Secret")
    town.nearby.update_track(ann, None)
    for who in (ann, bo):
        town.shares(who, track=True)
    town.plays(bo, "Secret")
    assert town.likes(bo) == ()


def test_taste_outlasts_going_offline_but_not_the_account() -> None:
    town, ann, bo = listeners("First")
    town.nearby.go_offline(bo)
    assert town.likes(ann) == ()
    town.live("bo", cell())
    assert [match.user for match in town.likes(ann)] == ["bo"]
    town.nearby.forget(bo)
    town.live("bo", cell())
    assert not town.nearby.settings(bo).share_track
    town.shares(bo, track=True)
    assert town.likes(ann) == ()


def test_who_is_far_away_is_no_match() -> None:
    town, ann, _ = listeners("First")
    cy = town.live("cy", cell(30, 30))
    town.shares(cy, track=True)
    town.plays(cy, "First")
    assert [match.user for match in town.likes(ann)] == ["bo"]


async def test_a_match_is_one_step_from_listening_together() -> None:
    town, ann, bo = listeners("First")
    both = await asyncio.gather(town.nearby.together_with(ann, bo), town.nearby.together_with(bo, ann))
    room = accepted(both[0])
    assert both[1] == room
    assert town.rooms.opened == [(ann, bo)]
    assert town.rooms.host_names == ["Ann"]
    assert town.events(ann)[-1] == town.events(bo)[-1] == TogetherOpened(room, ann, bo, None)


async def test_who_is_no_match_cannot_be_called_into_a_room() -> None:
    town, ann, bo = listeners("First")
    cy = town.live("cy", cell())
    for other in (cy, ann, MemberId("no such")):
        assert await town.nearby.together_with(ann, other) == NOBODY
    town.shares(bo, track=False)
    assert await town.nearby.together_with(ann, bo) == NOBODY
    assert town.rooms.opened == []


async def test_who_is_far_away_cannot_be_called_into_a_room_and_so_is_not_known_to_be_live() -> None:
    town, ann, bo = listeners("First")
    town.nearby.remove_location(bo)
    town.nearby.go_offline(bo)
    town.live("bo", cell(30, 30))
    town.shares(bo, track=True)
    town.plays(bo, "First")
    assert await town.nearby.together_with(ann, bo) == NOBODY
    assert town.rooms.opened == []


async def test_two_who_were_parted_and_meet_again_get_another_room() -> None:
    town, ann, bo = listeners("First")
    before = accepted(await town.nearby.together_with(ann, bo))
    town.nearby.part(ann, bo)
    assert accepted(await town.nearby.together_with(bo, ann)) != before


async def test_a_room_that_cannot_be_opened_may_be_asked_for_again() -> None:
    town, ann, bo = listeners("First")
    town.rooms.refusal = Refused(Reason.UNAVAILABLE)
    assert refused(await town.nearby.together_with(ann, bo)).reason is Reason.UNAVAILABLE
    town.rooms.refusal = None
    accepted(await town.nearby.together_with(ann, bo))
