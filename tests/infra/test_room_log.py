"""Every room log and room index keeps the same promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from tests.rooms import HOUR_MS, defaults, numbered, opened
from tutti.core import events as e
from tutti.core.defaults import Expiry
from tutti.core.events import CloseReason, Recorded
from tutti.core.ids import Epoch, RoomId, Seq
from tutti.core.room import Room, fold
from tutti.infra.memory_log import MemoryLog
from tutti.infra.sqlite_log import SqliteLog
from tutti.service.ports import Conflict, Past, Position, RoomIndex, RoomLog

ROOM = RoomId("r1")


class Store(RoomLog, RoomIndex, Protocol):
    """Both ports at once, as every adapter is."""


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryLog()
        return
    sqlite = SqliteLog(tmp_path / "rooms.db")
    await sqlite.open()
    yield sqlite
    await sqlite.aclose()


def at(seq: int, epoch: str = "e1") -> Position:
    return Position(Epoch(epoch), Seq(seq))


def locks(first: int, last: int, *, at_ms: float = 2_000.0, every_ms: float = 0.0) -> tuple[Recorded, ...]:
    """Events number `first` to `last`: somebody plays with the lock."""
    turns = (e.LockChanged(seq % 2 == 0) for seq in range(first, last + 1))
    return numbered(*turns, after=first - 1, at_ms=at_ms, every_ms=every_ms)


async def open_room(log: Store, room: RoomId = ROOM, epoch: str = "e1") -> None:
    await log.append(room, None, numbered(opened(), epoch=epoch))


async def folded(log: Store, room: RoomId = ROOM) -> Room:
    past = await log.read(room)
    assert past is not None
    state = fold(room, past.events, past.snapshot)
    assert state is not None
    return state


class TestAppending:
    async def test_what_was_appended_is_read_in_order(self, log: Store) -> None:
        first, second = numbered(opened()), locks(2, 5)
        await log.append(ROOM, None, first)
        await log.append(ROOM, at(1), second)
        assert await log.read(ROOM) == Past(None, first + second)

    async def test_a_room_nobody_opened_is_none(self, log: Store) -> None:
        assert await log.read(ROOM) is None

    @pytest.mark.parametrize("stale", [at(0), at(1), at(3), at(2, "e0"), None])
    async def test_an_append_after_another_position_conflicts_and_keeps_nothing(
        self, log: Store, stale: Position | None
    ) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 2))
        before = await log.read(ROOM)
        late = numbered(opened(), epoch="e2") if stale is None else _after(stale)
        with pytest.raises(Conflict):
            await log.append(ROOM, stale, late)
        assert await log.read(ROOM) == before

    async def test_an_append_to_a_room_nobody_opened_conflicts(self, log: Store) -> None:
        with pytest.raises(Conflict):
            await log.append(ROOM, at(0), numbered(opened()))
        assert await log.read(ROOM) is None

    async def test_of_several_at_once_from_one_position_exactly_one_is_kept(self, log: Store) -> None:
        await open_room(log)
        tried = [log.append(ROOM, at(1), numbered(e.CapacityChanged(n), after=1)) for n in range(1, 9)]
        outcomes = await asyncio.gather(*tried, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None)] + [Conflict] * 7
        assert (await folded(log)).seq == 2

    async def test_a_conflict_spoils_no_other_append_of_the_same_moment(self, log: Store) -> None:
        rooms = [RoomId(f"room {n}") for n in range(4)]
        tried = [log.append(room, None, numbered(opened())) for room in (*rooms, rooms[0])]
        outcomes = await asyncio.gather(*tried, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None)] * 4 + [Conflict]
        for room in rooms:
            assert (await folded(log, room)).seq == 1

    async def test_appends_of_the_same_moment_follow_one_another(self, log: Store) -> None:
        await asyncio.gather(
            log.append(ROOM, None, numbered(opened())),
            log.append(ROOM, at(1), locks(2, 3)),
            log.append(ROOM, at(3), locks(4, 4)),
        )
        assert (await folded(log)).seq == 4

    @pytest.mark.parametrize(
        ("expected", "events"),
        [
            (None, ()),
            (None, numbered(e.LockChanged(True))),
            (None, numbered(opened(), after=1)),
            (at(1), numbered(e.LockChanged(True), after=2)),
            (at(1), numbered(e.LockChanged(True), after=1, epoch="e2")),
            (at(1), locks(2, 3) + locks(3, 4)),
        ],
    )
    async def test_misnumbered_events_are_a_bug_of_the_asker_and_change_nothing(
        self, log: Store, expected: Position | None, events: tuple[Recorded, ...]
    ) -> None:
        await open_room(log)
        before = await log.read(ROOM)
        with pytest.raises(ValueError, match="event"):
            await log.append(ROOM, expected, events)
        assert await log.read(ROOM) == before

    @pytest.mark.parametrize(
        "name",
        ["", "\x00", "a\x00b", "\x1b[31m", "'; DROP TABLE rooms; --", "%", "🎬" * 500, "\u202e", "\r\n"],
    )
    async def test_names_are_only_data(self, log: Store, name: str) -> None:
        rooms = (RoomId(name), RoomId(name + "\x00"))
        for room in rooms:
            of = defaults(dialect=name)
            events = numbered(opened(name, of), epoch=name)
            await log.append(room, None, events)
            assert await log.read(room) == Past(None, events)
        assert set(await log.listed(name, 10)) == set(rooms)


class TestLives:
    async def test_an_open_room_cannot_be_opened_again(self, log: Store) -> None:
        await open_room(log)
        with pytest.raises(Conflict):
            await open_room(log, epoch="e2")

    async def test_a_room_that_ended_is_still_read(self, log: Store) -> None:
        await self._lived(log)
        assert (await folded(log)).closed is CloseReason.HOST_ENDED

    async def test_a_new_life_begins_where_one_has_ended_and_the_old_is_gone(self, log: Store) -> None:
        await self._lived(log)
        await log.keep(await folded(log))
        anew = numbered(opened("again"), epoch="e2")
        await log.append(ROOM, None, anew)
        assert await log.read(ROOM) == Past(None, anew)
        assert await log.since(ROOM, at(0)) is None
        with pytest.raises(Conflict):
            await log.append(ROOM, at(2), locks(3, 3))
        assert await log.listed("watch", 5) == (ROOM,)

    async def test_a_new_life_needs_a_new_epoch(self, log: Store) -> None:
        await self._lived(log)
        with pytest.raises(Conflict):
            await open_room(log, epoch="e1")

    async def test_a_room_ends_and_begins_anew_in_the_same_moment(self, log: Store) -> None:
        await open_room(log)
        anew = numbered(opened("again"), epoch="e2")
        ended = numbered(e.RoomClosed(CloseReason.HOST_LOST), after=1)
        await asyncio.gather(log.append(ROOM, at(1), ended), log.append(ROOM, None, anew))
        assert await log.read(ROOM) == Past(None, anew)

    async def _lived(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), numbered(e.RoomClosed(CloseReason.HOST_ENDED), after=1))


class TestResuming:
    async def test_since_gives_what_came_after(self, log: Store) -> None:
        await open_room(log)
        later = locks(2, 9)
        await log.append(ROOM, at(1), later)
        assert await log.since(ROOM, at(0)) == numbered(opened()) + later
        assert await log.since(ROOM, at(4)) == later[3:]
        assert await log.since(ROOM, at(9)) == ()

    @pytest.mark.parametrize("after", [at(3), at(-1), at(1, "e0")])
    async def test_since_is_none_after_a_position_that_this_life_never_had(
        self, log: Store, after: Position
    ) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 2))
        assert await log.since(ROOM, after) is None

    async def test_since_is_none_for_a_room_nobody_opened(self, log: Store) -> None:
        assert await log.since(ROOM, at(0)) is None

    async def test_at_least_512_events_stay_behind_a_snapshot(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 2_000, every_ms=1_000.0))
        await log.keep(await folded(log))
        tail = await log.since(ROOM, at(2_000 - 512))
        assert tail is not None
        assert len(tail) == 512
        assert await log.since(ROOM, at(2_000 - 513)) is None

    async def test_a_snapshot_of_long_ago_leaves_all_that_it_does_not_have(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 100, every_ms=1_000.0))
        old = await folded(log)
        await log.append(ROOM, at(100), locks(101, 1_000, at_ms=200_000.0, every_ms=1_000.0))
        newest = await folded(log)
        await log.keep(old)
        assert await folded(log) == newest
        missed = await log.since(ROOM, at(100))
        assert missed is not None
        assert len(missed) == 900

    async def test_all_of_the_last_30_seconds_stay_behind_a_snapshot(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 2_000, every_ms=40.0))  # 750 events in 30 s
        await log.keep(await folded(log))
        tail = await log.since(ROOM, at(2_000 - 751))
        assert tail is not None
        assert tail[-1].at_ms - tail[0].at_ms == 30_000.0
        assert await log.since(ROOM, at(2_000 - 752)) is None

    async def test_without_a_snapshot_everything_stays(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 2_000, every_ms=1_000.0))
        past = await log.read(ROOM)
        assert past is not None
        assert len(past.events) == 2_000


class TestSnapshots:
    async def test_after_a_snapshot_only_what_came_later_is_read(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 6))
        snapshot = await folded(log)
        await log.keep(snapshot)
        later = locks(7, 8)
        await log.append(ROOM, at(6), later)
        assert await log.read(ROOM) == Past(snapshot, later)

    async def test_the_newest_snapshot_wins_whichever_comes_last(self, log: Store) -> None:
        await open_room(log)
        older = await folded(log)
        await log.append(ROOM, at(1), locks(2, 3))
        newer = await folded(log)
        for snapshot in (older, newer, older):
            await log.keep(snapshot)
        assert await log.read(ROOM) == Past(newer, ())

    async def test_a_snapshot_of_another_life_of_the_future_or_of_no_room_is_passed_over(
        self, log: Store
    ) -> None:
        await open_room(log)
        state = await folded(log)
        await log.keep(replace(state, epoch=Epoch("e0")))
        await log.keep(replace(state, seq=Seq(2)))
        await log.keep(replace(state, id=RoomId("r2")))
        assert await log.read(ROOM) == Past(None, numbered(opened()))
        assert await log.read(RoomId("r2")) is None

    async def test_a_snapshot_kept_in_the_same_moment_as_the_last_append_trims_as_much(
        self, log: Store
    ) -> None:
        first, second = numbered(opened()), locks(2, 2_000, every_ms=1_000.0)
        newest = fold(ROOM, first + second)
        assert newest is not None
        await asyncio.gather(log.append(ROOM, None, first), log.append(ROOM, at(1), second), log.keep(newest))
        assert await log.since(ROOM, at(2_000 - 512)) is not None
        assert await log.since(ROOM, at(2_000 - 513)) is None

    async def test_the_room_goes_on_after_its_events_were_trimmed(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), locks(2, 2_000, every_ms=1_000.0))
        before = await folded(log)
        await log.keep(before)
        assert await folded(log) == before
        await log.append(ROOM, at(2_000), locks(2_001, 2_001, at_ms=3e6))
        assert (await folded(log)).seq == 2_001


class TestFollowing:
    async def test_a_follower_hears_every_append_in_order_until_it_stops(self, log: Store) -> None:
        heard: list[tuple[Recorded, ...]] = []
        stop = log.follow(ROOM, heard.append)
        first, second = numbered(opened()), locks(2, 4)
        await log.append(ROOM, None, first)
        await log.append(ROOM, at(1), second)
        stop()
        stop()
        await log.append(ROOM, at(4), locks(5, 5))
        assert heard == [first, second]

    async def test_hearing_comes_before_the_append_returns(self, log: Store) -> None:
        heard: list[str] = []
        log.follow(ROOM, lambda events: heard.append("heard"))

        async def append() -> None:
            await log.append(ROOM, None, numbered(opened()))
            heard.append("returned")

        await asyncio.gather(append(), log.append(RoomId("r2"), None, numbered(opened())))
        assert heard == ["heard", "returned"]

    async def test_what_is_heard_is_there_to_be_read(self, log: Store) -> None:
        reads: list[asyncio.Task[Past | None]] = []
        log.follow(ROOM, lambda events: reads.append(asyncio.create_task(log.read(ROOM))))
        await open_room(log)
        assert await reads[0] == Past(None, numbered(opened()))

    async def test_a_conflict_is_not_heard_nor_is_another_room(self, log: Store) -> None:
        heard: list[tuple[Recorded, ...]] = []
        await open_room(log)
        log.follow(ROOM, heard.append)
        with pytest.raises(Conflict):
            await log.append(ROOM, at(0), locks(1, 1))
        await open_room(log, RoomId("r2"))
        assert heard == []

    async def test_one_follower_may_stop_another_while_both_are_told(self, log: Store) -> None:
        heard: list[str] = []

        def first(events: tuple[Recorded, ...]) -> None:
            heard.append("first")
            stop_second()

        log.follow(ROOM, first)
        stop_second = log.follow(ROOM, lambda events: heard.append("second"))
        log.follow(ROOM, lambda events: heard.append("third"))
        await open_room(log)
        assert heard == ["first", "third"]

    async def test_a_follower_that_fails_is_reported_and_harms_nobody(self, log: Store) -> None:
        reported: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context["exception"])
        )
        failure = RuntimeError("a bug in a follower")

        def fail(events: tuple[Recorded, ...]) -> None:
            raise failure

        heard: list[tuple[Recorded, ...]] = []
        log.follow(ROOM, fail)
        log.follow(ROOM, heard.append)
        await open_room(log)
        assert (len(heard), reported) == (1, [failure])

    async def test_an_appender_that_gave_up_waiting_is_heard_all_the_same(self, log: Store) -> None:
        heard: list[tuple[Recorded, ...]] = []
        log.follow(ROOM, heard.append)
        asked = asyncio.ensure_future(log.append(ROOM, None, numbered(opened())))
        await asyncio.sleep(0)  # it has asked, and not been answered
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await open_room(log, RoomId("r2"))
        past = await log.read(ROOM)
        assert heard == [past.events if past else None]


class TestIndex:
    async def test_a_dialect_lists_its_own_open_rooms_newest_first(self, log: Store) -> None:
        for n, dialect in enumerate(["watch", "listen", "watch", "watch"]):
            room = RoomId(f"r{n}")
            await log.append(room, None, numbered(opened(of=defaults(dialect=dialect)), at_ms=1_000.0 * n))
        await log.append(RoomId("r2"), at(1), numbered(e.RoomClosed(CloseReason.EXPIRED), after=1))
        assert await log.listed("watch", 10) == ("r3", "r0")
        assert await log.listed("watch", 1) == ("r3",)
        assert await log.listed("watch", 0) == ()
        assert await log.listed("meet", 10) == ()

    async def test_a_room_is_due_so_long_after_its_opening(self, log: Store) -> None:
        of = defaults(expiry=Expiry.FROM_OPENING, lives_ms=HOUR_MS)
        await log.append(ROOM, None, numbered(opened(of=of), at_ms=1_000.0))
        await log.append(ROOM, at(1), locks(2, 2, at_ms=HOUR_MS))
        assert await log.due(HOUR_MS + 999.0) == ()
        assert await log.due(HOUR_MS + 1_000.0) == (ROOM,)

    @pytest.mark.parametrize("with_snapshot", [False, True])
    async def test_activity_puts_off_the_end_of_a_room_that_counts_from_it(
        self, log: Store, with_snapshot: bool
    ) -> None:
        of = defaults(expiry=Expiry.FROM_LAST_ACTIVITY, lives_ms=HOUR_MS)
        await log.append(ROOM, None, numbered(opened(of=of), at_ms=0.0))
        await log.append(ROOM, at(1), locks(2, 2, at_ms=HOUR_MS / 2))
        if with_snapshot:
            await log.keep(await folded(log))
        await log.append(ROOM, at(2), locks(3, 3, at_ms=HOUR_MS))
        assert await log.due(2 * HOUR_MS - 1) == ()
        assert await log.due(2 * HOUR_MS) == (ROOM,)

    async def test_a_room_that_ended_is_not_due(self, log: Store) -> None:
        await open_room(log)
        await log.append(ROOM, at(1), numbered(e.RoomClosed(CloseReason.HOST_ENDED), after=1))
        assert await log.due(1e12) == ()

    async def test_forgetting_deletes_what_ended_long_enough_ago_and_nothing_else(self, log: Store) -> None:
        for n in range(100):
            room = RoomId(f"r{n}")
            await open_room(log, room)
            await log.keep(await folded(log, room))
            if n:
                closed = numbered(e.RoomClosed(CloseReason.HOST_ENDED), after=1, at_ms=n * 1_000.0)
                await log.append(room, at(1), closed)
        assert await log.forget(91_000.0) == 90
        assert await log.forget(91_000.0) == 0
        assert await log.read(RoomId("r90")) is None
        assert await log.since(RoomId("r90"), at(0)) is None
        assert (await folded(log, RoomId("r91"))).seq == 2
        assert (await folded(log, RoomId("r0"))).seq == 1

    async def test_a_forgotten_room_can_be_opened_like_any_other(self, log: Store) -> None:
        await open_room(log)
        ended = numbered(e.RoomClosed(CloseReason.EXPIRED), after=1)

        async def append(expected: Position | None, events: tuple[Recorded, ...]) -> None:
            await log.append(ROOM, expected, events)

        _, forgotten, _ = await asyncio.gather(
            append(at(1), ended), log.forget(1e12), append(None, numbered(opened()))
        )
        assert forgotten == 1
        assert await log.read(ROOM) == Past(None, numbered(opened()))


def _after(position: Position) -> tuple[Recorded, ...]:
    return numbered(e.LockChanged(True), after=position.seq, epoch=position.epoch)
