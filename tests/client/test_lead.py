"""A new speed and the sound that is already in the buffer: what mpv says leaps, what is heard does not."""

from __future__ import annotations

import pytest

from tutti_client.lead import LONGEST_MS, Lead

BUFFER_MS = 400.0


def says(heard_ms: float, since_ms: float, by: float) -> float:
    """What mpv says, so long after one change of speed, while this is heard."""
    return heard_ms - by * max(BUFFER_MS - since_ms, 0.0)


@pytest.mark.parametrize("since_ms", [0.0, 100.0, 399.0, 400.0, 5_000.0])
def test_what_is_heard_is_known_at_any_time_after_a_change(since_ms: float) -> None:
    lead = Lead(buffer_ms=BUFFER_MS).changed(at_ms=1_000.0, by=0.05)
    said = says(10_000.0, since_ms, 0.05)
    assert lead.heard_ms(said, 1_000.0 + since_ms) == pytest.approx(10_000.0)
    assert (lead.unsure_ms(1_000.0 + since_ms) > 0.0) is (since_ms < BUFFER_MS)


def test_the_buffers_length_is_learned_from_the_leaps() -> None:
    lead = Lead(buffer_ms=100.0)
    for by in (0.05, -0.05, 0.02, -0.02) * 5:
        lead = lead.learned(leap_ms=-by * BUFFER_MS, by=by)
    assert lead.buffer_ms == pytest.approx(BUFFER_MS, rel=0.01)


def test_small_changes_and_nonsense_teach_nothing() -> None:
    lead = Lead(buffer_ms=BUFFER_MS)
    assert lead.learned(leap_ms=-0.3, by=0.0001) == lead
    assert lead.learned(leap_ms=-0.05 * (LONGEST_MS + 1), by=0.05) == lead
    assert lead.learned(leap_ms=500.0, by=0.05) == lead


def test_after_a_seek_nothing_made_at_another_speed_is_left() -> None:
    lead = Lead(buffer_ms=BUFFER_MS).changed(at_ms=0.0, by=0.08).emptied()
    assert lead.heard_ms(10_000.0, 1.0) == 10_000.0
