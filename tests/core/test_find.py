"""Finding one another, as values: who consents, how often is answered, and what two cells can say."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tutti.core import find as f
from tutti.core.find import Bucket, Ending, Find, Stage
from tutti.core.geo import Cell, cell_at, size_km, steps
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused

ANN, BO, CY = MemberId("ann"), MemberId("bo"), MemberId("cy")
HERE = cell_at(48.8566, 2.3522)
NEXT = Cell(HERE + 1)
AWAY = Cell(HERE + 3)
NOW = 1_000.0


def offered() -> Find:
    find = f.offer(ANN, BO, NOW)
    assert isinstance(find, Find)
    return find


def accepted(now_ms: float = NOW) -> Find:
    find = f.accept(offered(), BO, now_ms)
    assert isinstance(find, Find)
    return find


def reason(outcome: Find | Refused) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


def test_nobody_finds_themself() -> None:
    assert reason(f.offer(ANN, ANN, NOW)) is Reason.OUT_OF_RANGE


def test_only_the_target_accepts_or_declines() -> None:
    assert reason(f.accept(offered(), ANN, NOW)) is Reason.NOT_ALLOWED
    assert reason(f.decline(offered(), ANN, NOW)) is Reason.NOT_ALLOWED
    assert accepted().stage is Stage.ACCEPTED


def test_an_offer_lasts_60_seconds() -> None:
    assert isinstance(f.accept(offered(), BO, NOW + 59_999), Find)
    assert reason(f.accept(offered(), BO, NOW + 60_000)) is Reason.ROOM_CLOSED


def test_a_session_lasts_300_seconds_and_renewed_consent_does_not_prolong_it() -> None:
    again = f.accept(accepted(), BO, NOW + 200_000)
    assert isinstance(again, Find)
    assert again.until_ms == NOW + 300_000
    assert reason(f.accept(again, BO, NOW + 300_000)) is Reason.ROOM_CLOSED


def test_nothing_is_answered_before_consent() -> None:
    assert not f.may_answer(offered(), NOW)


@given(st.lists(st.floats(0, 20_000), min_size=1, max_size=60))
def test_for_one_consent_there_are_6_answers_10_seconds_apart(gaps: list[float]) -> None:
    find, now_ms, answered = accepted(), NOW, []
    for gap in gaps:
        now_ms += gap
        if f.may_answer(find, now_ms):
            find = f.answer(find, HERE, AWAY, now_ms)
            answered.append(now_ms)
    assert len(answered) <= 6
    assert all(later - earlier >= 10_000 for earlier, later in pairwise(answered))
    assert all(at < NOW + 300_000 for at in answered)


def test_renewed_consent_is_to_six_more() -> None:
    find, now_ms = accepted(), NOW
    for _ in range(6):
        find, now_ms = f.answer(find, HERE, AWAY, now_ms), now_ms + 10_000
    assert not f.may_answer(find, now_ms)
    renewed = f.accept(find, BO, now_ms)
    assert isinstance(renewed, Find)
    assert f.may_answer(renewed, now_ms)
    assert renewed.answers_left == 6


def test_buckets_say_what_cells_can_say() -> None:
    assert f.bucket(HERE, HERE) is Bucket.CLOSE
    assert f.bucket(HERE, NEXT) is Bucket.WARM
    assert f.bucket(HERE, AWAY) is Bucket.FAR


@given(st.floats(-65, 65), st.floats(-180, 179.9))
def test_far_is_more_than_500_metres(latitude: float, longitude: float) -> None:
    """As the guide has it, wherever people live: a whole cell lies between, and none is narrower than that."""
    between = cell_at(latitude, longitude)
    west, east = Cell(between - 1), Cell(between + 1)
    if steps(west, east) == 2:
        assert f.bucket(west, east) is Bucket.FAR
    assert min(size_km(between)) > 0.5


def test_no_cells_ever_mean_found() -> None:
    find = f.answer(accepted(), HERE, HERE, NOW)
    assert find.bucket is Bucket.CLOSE
    assert find.stage is Stage.ACCEPTED


def test_found_is_when_both_say_so() -> None:
    once = f.confirm(f.answer(accepted(), HERE, HERE, NOW), ANN, NOW)
    assert isinstance(once, Find)
    assert once.stage is Stage.ACCEPTED
    twice_by_one = f.confirm(once, ANN, NOW)
    assert twice_by_one == once
    both = f.confirm(once, BO, NOW)
    assert isinstance(both, Find)
    assert (both.stage, both.ending, both.bucket) == (Stage.ENDED, Ending.COMPLETED, Bucket.FOUND)


def test_nobody_is_found_from_afar() -> None:
    assert reason(f.confirm(accepted(), ANN, NOW)) is Reason.NOT_ALLOWED
    assert reason(f.confirm(f.answer(accepted(), HERE, AWAY, NOW), ANN, NOW)) is Reason.NOT_ALLOWED


def test_what_has_ended_stays_as_it_ended() -> None:
    declined = f.decline(offered(), BO, NOW)
    assert isinstance(declined, Find)
    assert declined.ending is Ending.DECLINED
    assert f.end(declined, Ending.EXPIRED) == declined
    assert reason(f.accept(declined, BO, NOW)) is Reason.ROOM_CLOSED
    assert f.end(accepted()).ending is Ending.CANCELLED


def test_a_find_holds_no_place() -> None:
    find = f.answer(accepted(), HERE, NEXT, NOW)
    assert not {HERE, NEXT} & {getattr(find, name) for name in Find.__slots__}
