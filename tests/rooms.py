"""Rooms to test with: defaults, and events numbered as a log holds them."""

from __future__ import annotations

from tutti.core import events as e
from tutti.core.access import Access
from tutti.core.defaults import Control, Defaults, Expiry, HostLost
from tutti.core.events import Event, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.polls import YES_NO, Poll, PollKind
from tutti.core.roster import Member, Role

HOST = MemberId("host")
HOUR_MS = 3_600_000.0


def defaults(
    *,
    dialect: str = "watch",
    capacity: int = 50,
    control: Control = Control.HOST,
    host_lost: HostLost = HostLost.PASSES_ON,
    expiry: Expiry = Expiry.FROM_OPENING,
    lives_ms: float = 24 * HOUR_MS,
    correct_over_ms: float = 2_000.0,
    seat_ms: float = 0.0,
    parent: RoomId | None = None,
) -> Defaults:
    return Defaults(
        dialect=dialect,
        capacity=capacity,
        control=control,
        host_lost=host_lost,
        expiry=expiry,
        lives_ms=lives_ms,
        grace_ms=30_000.0,
        host_grace_ms=60_000.0,
        correct_over_ms=correct_over_ms,
        seat_ms=seat_ms,
        parent=parent,
    )


def opened(name: str = "film night", of: Defaults | None = None, at_ms: float = 1_000.0) -> e.RoomOpened:
    return e.RoomOpened(name, of or defaults(), Member(HOST, "Host", Role.HOST, at_ms), None)


def numbered(
    *events: Event, epoch: str = "e1", after: int = 0, at_ms: float = 1_000.0, every_ms: float = 0.0
) -> tuple[Recorded, ...]:
    """These events as a log holds them, from number `after` + 1 on."""
    return tuple(
        Recorded(Epoch(epoch), Seq(after + i), at_ms + (i - 1) * every_ms, event)
        for i, event in enumerate(events, 1)
    )


def of_parties(who: MemberId) -> list[e.Event]:
    """One of each that only guide 003 and `native` have words for."""
    poll = Poll("p1", "Again?", PollKind.YES_NO, YES_NO, who, 0.0)
    return [
        e.ChatEdited(Seq(1), "Hi", who),
        e.ChatRemoved(Seq(1), who),
        e.SlowModeChanged(5.0),
        e.PollOpened(poll),
        e.PollVoted("p1", who, 0),
        e.PollClosed("p1", None),
        e.AccessChanged(Access()),
    ]
