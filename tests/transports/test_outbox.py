"""One write per connection and tick, whatever was sent in it; and the bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tutti.service.frames import Frame
from tutti.transports.outbox import LIMIT, Outbox, Tick, Traffic


class Line(asyncio.Transport):
    """A transport whose client reads nothing: what is written stays in its buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.lost = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.lost:
            raise RuntimeError("the handler is closed")
        assert isinstance(data, bytes)
        self.writes.append(data)

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.writes))


class Member:
    """A connection: its line, its outbox, and how often it was found too slow."""

    def __init__(self, tick: Tick, overflowed: Callable[[], None] = lambda: None) -> None:
        self.line = Line()
        self.cut = 0
        self.outbox = Outbox(self.line, tick, self._overflowed)
        self._then = overflowed

    def _overflowed(self) -> None:
        self.cut += 1
        self._then()


def a_tick() -> Tick:
    return Tick(asyncio.get_running_loop().call_soon, Traffic())


async def test_frames_of_one_tick_leave_in_one_write_in_order() -> None:
    tick = a_tick()
    members = [Member(tick) for _ in range(3)]
    frames = [Frame(b"a"), Frame(b"b"), Frame(b"c")]
    for frame in frames:
        for member in members:
            member.outbox.send(frame)
    assert [member.line.writes for member in members] == [[], [], []]
    await asyncio.sleep(0)
    assert [member.line.writes for member in members] == [[b"".join(frame.wire for frame in frames)]] * 3
    members[0].outbox.send(frames[0])
    await asyncio.sleep(0)
    assert members[0].line.writes[1:] == [frames[0].wire]
    assert (tick.traffic.frames_out, tick.traffic.bytes_out) == (10, 30)


async def test_members_that_wait_for_the_same_frames_share_the_bytes() -> None:
    tick = a_tick()
    members = [Member(tick) for _ in range(3)]
    shared = [Frame(b"a"), Frame(b"b")]
    for member, mine in zip(members, ([], [], [Frame(b"b")]), strict=True):
        for frame in [*shared, *mine]:
            member.outbox.send(frame)
    tick.flush()
    first, second, third = (member.line.writes[0] for member in members)
    assert first is second
    assert third == first + Frame(b"b").wire


async def test_a_single_frame_is_written_as_it_is() -> None:
    member = Member(a_tick())
    frame = Frame(b"x" * 200)
    member.outbox.send(frame)
    await asyncio.sleep(0)
    assert member.line.writes[0] is frame.wire


def test_the_loop_is_asked_once_per_tick() -> None:
    asked: list[Callable[[], None]] = []
    tick = Tick(asked.append, Traffic())
    members = [Member(tick) for _ in range(5)]
    for member in members:
        member.outbox.send(Frame(b"a"))
        member.outbox.send(Frame(b"b"))
    assert asked == [tick.flush]
    tick.flush()
    members[0].outbox.send(Frame(b"c"))
    assert len(asked) == 2


async def test_what_is_sent_while_flushing_leaves_with_the_next_tick() -> None:
    tick = a_tick()
    other = Member(tick)
    slow = Member(tick, lambda: other.outbox.send(Frame(b"somebody left")))
    slow.outbox.paused = True
    other.outbox.send(Frame(b"before"))
    slow.outbox.send(Frame(b"x" * (LIMIT + 1)))
    tick.flush()
    assert other.line.writes == [Frame(b"before").wire]
    await asyncio.sleep(0)
    assert other.line.writes[1:] == [Frame(b"somebody left").wire]


async def test_only_what_lies_unread_beyond_the_limit_cuts_and_only_once() -> None:
    tick = a_tick()
    member = Member(tick)
    member.outbox.paused = True
    member.outbox.send(Frame(b"x" * (LIMIT - 10)))  # and ten bytes of header
    tick.flush()
    assert member.cut == 0
    member.outbox.send(Frame(b""))
    tick.flush()
    assert member.cut == 1
    member.outbox.send(Frame(b"more"))
    member.outbox.send_now(b"a pong")
    tick.flush()
    member.outbox.measure()
    assert (member.cut, tick.traffic.slow_consumers, len(member.line.writes)) == (1, 1, 2)


async def test_control_frames_count_towards_the_limit() -> None:
    member = Member(a_tick())
    member.outbox.paused = True
    member.outbox.send_now(b"x" * (LIMIT + 1))
    assert member.cut == 1


async def test_a_reader_that_keeps_up_is_never_measured() -> None:
    tick = a_tick()
    member = Member(tick)
    member.outbox.send(Frame(b"x" * 2 * LIMIT))  # the transport would have paused, had it not been read
    tick.flush()
    assert member.cut == 0


async def test_finishing_writes_what_waits_and_then_the_goodbye_and_nothing_after() -> None:
    tick = a_tick()
    member = Member(tick)
    member.outbox.send(Frame(b"a"))
    member.outbox.finish(b"goodbye")
    member.outbox.send(Frame(b"b"))
    member.outbox.finish(b"again")
    tick.flush()
    assert member.line.writes == [Frame(b"a").wire + b"goodbye"]


async def test_a_dropped_outbox_forgets_what_waits() -> None:
    tick = a_tick()
    member = Member(tick)
    member.outbox.send(Frame(b"a"))
    member.outbox.drop()
    member.outbox.send(Frame(b"b"))
    tick.flush()
    assert member.line.writes == []


async def test_a_transport_lost_in_the_middle_of_a_tick_harms_nobody_else() -> None:
    tick = a_tick()
    gone, stays = Member(tick), Member(tick)
    for member in (gone, stays):
        member.outbox.send(Frame(b"a"))
    gone.line.lost = True
    tick.flush()
    assert stays.line.writes == [Frame(b"a").wire]
    assert tick.traffic.frames_out == 1
    gone.outbox.finish(b"goodbye")
    gone.outbox.send_now(b"pong")
    assert gone.line.writes == []


async def test_a_frame_that_cannot_be_built_costs_only_its_own_connection() -> None:
    class Impossible(Frame):
        @property
        def wire(self) -> bytes:
            raise ZeroDivisionError

    tick = a_tick()
    members = [Member(tick) for _ in range(3)]
    for member, frame in zip(members, (Frame(b"a"), Impossible(b"b"), Frame(b"c")), strict=True):
        member.outbox.send(frame)
    with pytest.raises(ZeroDivisionError):
        tick.flush()
    await asyncio.sleep(0)
    assert [member.line.writes for member in members] == [[Frame(b"a").wire], [], [Frame(b"c").wire]]
    members[1].outbox.send(Frame(b"d"))
    tick.flush()
    assert members[1].line.writes == [Frame(b"d").wire]
