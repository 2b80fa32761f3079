"""Shared music, in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutti.core.affinity import HALF_LIFE_MS, MOST_KEPT, MOST_SHOWN, Taste, affinity, faded, heard

NAMES = st.lists(st.sampled_from(["Ann", "Bo", "Cy", "Di", "Ed", "Flo"]), max_size=8)
DAY_MS = 86_400_000.0


def taste(*names: str, now_ms: float = 0.0) -> Taste:
    return heard(Taste(), names, now_ms)


def test_nothing_in_common_is_no_affinity() -> None:
    assert affinity(taste("Ann"), taste("Bo"), 0.0) is None
    assert affinity(taste(), taste(), 0.0) is None


def test_the_same_music_is_said_so() -> None:
    same = affinity(taste("Ann", "Bo"), taste("bo", "ANN"), 0.0)
    assert same is not None
    assert same.words == "You listen to much the same music"
    assert set(same.shared) == {"Ann", "Bo"}


def test_the_more_is_shared_the_stronger_the_words() -> None:
    mine = taste("Ann", "Bo", "Cy", "Di")
    theirs = [
        taste("Ann", "x1", "x2", "x3", "x4", "x5", "x6"),
        taste("Ann", "Bo", "x1"),
        taste("Ann", "Bo", "Cy"),
    ]
    found = [affinity(mine, other, 0.0) for other in theirs]
    strengths = [one.strength for one in found if one is not None]
    assert strengths == sorted(strengths)
    assert len({one.words for one in found if one is not None}) == 3


def test_how_much_somebody_listens_does_not_count() -> None:
    often = taste("Ann")
    for _ in range(50):
        often = heard(often, ["Ann"], 0.0)
    both = affinity(taste("Ann"), often, 0.0)
    assert both is not None
    assert both.strength == 1.0


def test_what_was_heard_counts_half_after_14_days() -> None:
    old = faded(taste("Ann"), HALF_LIFE_MS)
    assert old.liked["ann"].weight == 0.5
    both = heard(taste("Ann"), ["Bo"], HALF_LIFE_MS)
    assert both.liked["bo"].weight == 2 * both.liked["ann"].weight


def test_what_was_heard_once_is_forgotten_in_the_end() -> None:
    assert not faded(taste("Ann"), 61 * DAY_MS).liked
    assert affinity(taste("Ann"), taste("Ann"), 61 * DAY_MS) is None


def test_only_the_strongest_are_kept() -> None:
    everything = heard(taste("Ann"), ["Ann", *(f"artist {n}" for n in range(500))], 0.0)
    assert len(everything.liked) == MOST_KEPT
    assert "ann" in everything.liked


def test_no_words_carry_a_number() -> None:
    for names in (("Ann",), ("Ann", "Bo"), tuple("abcdefghij")):
        found = affinity(taste(*names), taste("Ann", "a", "x", "y"), 0.0)
        assert found is not None
        assert not any(letter.isdigit() for letter in found.words)


@given(NAMES, NAMES)
def test_it_is_mutual_and_between_0_and_1(mine: list[str], theirs: list[str]) -> None:
    one, other = affinity(taste(*mine), taste(*theirs), 0.0), affinity(taste(*theirs), taste(*mine), 0.0)
    if one is None or other is None:
        assert one is other
        return
    assert one.strength == other.strength
    assert 0 < one.strength <= 1.0000001
    assert one.words == other.words
    assert one.shared == other.shared
    assert set(one.shared) <= set(mine) & set(theirs)
    assert len(one.shared) <= MOST_SHOWN
