"""Recognising people in one room: passes that cannot be made up, and tokens that are remembered for a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutti.core.ids import MemberId, RoomId
from tutti.service.passes import Bearers, Passes

SECRET = b"x" * 32
PASSES = Passes(SECRET, closed=True)
ROOM, OTHER = RoomId("ABC123"), RoomId("ABC124")
BOB = MemberId("bob")


@given(room=st.text(min_size=1, max_size=128), member=st.text(min_size=1, max_size=128))
def test_a_pass_is_its_holders_and_the_rooms(room: str, member: str) -> None:
    token = PASSES.issue(RoomId(room), MemberId(member))
    assert PASSES.holder(RoomId(room), token) == member
    assert PASSES.holder(RoomId(room + "X"), token) is None
    assert token.isascii()
    assert token.isprintable()
    assert " " not in token


def test_a_pass_of_another_secret_or_mode_is_none() -> None:
    token = PASSES.issue(ROOM, BOB)
    assert Passes(b"y" * 32, closed=True).holder(ROOM, token) is None
    assert Passes(SECRET, closed=False).holder(ROOM, token) is None
    assert Passes(SECRET, closed=True).holder(ROOM, token) == BOB


def test_a_pass_cannot_be_split_differently_between_room_and_member() -> None:
    token = PASSES.issue(RoomId("AB"), MemberId("Cbob"))
    _, _, signature = token.split(".")
    forged = PASSES.issue(RoomId("ABC"), BOB).rsplit(".", 1)[0] + "." + signature
    assert PASSES.holder(RoomId("ABC"), forged) is None


def test_a_pass_and_a_recorders_token_cannot_be_told_as_one_another() -> None:
    """Whoever has the id of a recording for a name has no recorder's token, nor the other way round."""
    _, name, signature = PASSES.issue(ROOM, MemberId("rec-1")).split(".")
    assert PASSES.recording(ROOM, f"tr1.{name}.{signature}") is None
    _, name, signature = PASSES.issue_recorder(ROOM, "rec-1").split(".")
    assert PASSES.recording(ROOM, f"tr1.{name}.{signature}") == "rec-1"
    assert PASSES.holder(ROOM, f"tp1.{name}.{signature}") is None


def test_a_pass_changed_anywhere_is_none() -> None:
    token = PASSES.issue(ROOM, BOB)
    for at in range(len(token)):
        for letter in "A.é":
            changed = token[:at] + letter + token[at + 1 :]
            assert changed == token or PASSES.holder(ROOM, changed) is None


@given(st.text(max_size=80))
def test_nothing_that_somebody_writes_is_a_pass(written: str) -> None:
    assert PASSES.holder(ROOM, written) is None
    assert PASSES.holder(ROOM, "tp1." + written) is None


def test_a_bearer_is_whoever_came_with_it_last_in_that_room_and_seat() -> None:
    bearers = Bearers()
    bearers.remember(ROOM, "token", MemberId("alice"), as_host=True)
    bearers.remember(ROOM, "token", BOB, as_host=False)
    bearers.remember(ROOM, "token", MemberId("carol"), as_host=False)
    assert bearers.holder(ROOM, "token", as_host=True) == "alice"
    assert bearers.holder(ROOM, "token", as_host=False) == "carol"
    assert bearers.holder(OTHER, "token", as_host=True) is None
    assert bearers.holder(ROOM, None, as_host=True) is None


def test_the_longest_unused_bearer_is_forgotten() -> None:
    bearers = Bearers(most=2)
    for token in ("one", "two", "one", "three"):
        bearers.remember(ROOM, token, BOB, as_host=False)
    known = [token for token in ("one", "two", "three") if bearers.holder(ROOM, token, as_host=False)]
    assert known == ["one", "three"]
