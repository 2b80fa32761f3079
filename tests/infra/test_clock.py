"""Room time never goes back and never jumps, whatever happens to the server or to the wall clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti.infra.clock import PERSIST_EVERY_MS, RoomClock, boot_id

WALL = 1_700_000_000_000.0


class Machine:
    """A computer whose clocks the test turns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.monotonic = 5_000.0
        self.wall = WALL
        self.boot: str | None = "boot-1"

    def start(self) -> RoomClock:
        return RoomClock(
            self.path, monotonic=lambda: self.monotonic, wall=lambda: self.wall, boot=lambda: self.boot
        )

    def passes(self, ms: float) -> None:
        self.monotonic += ms
        self.wall += ms

    def reboots(self, wall: float) -> None:
        self.boot, self.monotonic, self.wall = "boot-2", 100.0, wall


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "clock.json")


def test_the_first_start_takes_the_wall_clock(machine: Machine) -> None:
    assert machine.start().now_ms() == WALL


def test_room_time_passes_as_the_monotonic_clock_does(machine: Machine) -> None:
    clock = machine.start()
    machine.monotonic += 1_234.5
    machine.wall -= 9e9
    assert clock.now_ms() == WALL + 1_234.5


def test_a_restart_on_the_same_boot_goes_on_exactly_though_the_wall_clock_was_stepped(
    machine: Machine,
) -> None:
    machine.start()
    machine.passes(60_000.0)
    machine.wall -= 3_600_000.0
    assert machine.start().now_ms() == WALL + 60_000.0


def test_after_a_reboot_room_time_starts_from_the_wall_clock(machine: Machine) -> None:
    machine.start()
    machine.reboots(WALL + 120_000.0)
    assert machine.start().now_ms() == WALL + 120_000.0


def test_after_a_reboot_room_time_is_not_earlier_than_it_can_have_been(machine: Machine) -> None:
    first = machine.start()
    machine.passes(50_000.0)
    first.persist()
    machine.passes(1.5 * PERSIST_EVERY_MS)  # a timer that came late
    last = first.now_ms()
    machine.reboots(WALL - 3_600_000.0)
    assert last < machine.start().now_ms() <= last + 2 * PERSIST_EVERY_MS


def test_without_a_boot_id_every_start_is_taken_for_a_reboot(machine: Machine) -> None:
    machine.boot = None
    machine.start()
    machine.passes(60_000.0)
    machine.wall += 40_000.0
    assert machine.start().now_ms() == WALL + 100_000.0


@pytest.mark.parametrize("junk", [b"", b"{", b"null", b'{"boot": 1}', b"\xff\x00", b'{"boot":"boot-1"}'])
def test_a_file_that_cannot_be_read_is_as_none(machine: Machine, junk: bytes) -> None:
    machine.path.write_bytes(junk)
    assert machine.start().now_ms() == WALL
    machine.passes(1.0)
    assert machine.start().now_ms() == WALL + 1.0


def test_the_wall_clock_is_for_people_and_follows_its_steps(machine: Machine) -> None:
    clock = machine.start()
    machine.passes(10_000.0)
    assert clock.wall_ms(WALL) == WALL
    machine.wall += 3_600_000.0
    assert clock.wall_ms(clock.now_ms() - 500.0) == machine.wall - 500.0


def test_persisting_leaves_one_file(machine: Machine) -> None:
    machine.start().persist()
    assert [path.name for path in machine.path.parent.iterdir()] == ["clock.json"]


def test_two_starts_on_this_machine_agree(tmp_path: Path) -> None:
    first, second = RoomClock(tmp_path / "clock.json"), RoomClock(tmp_path / "clock.json")
    before = first.now_ms()
    between = second.now_ms()
    after = first.now_ms()
    if boot_id() is None:
        pytest.skip("this system tells no boot id")
    assert before <= between <= after


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("passes"), st.floats(0, PERSIST_EVERY_MS - 1)),
            st.tuples(st.just("wall is stepped"), st.floats(-1e10, 1e10)),
            st.tuples(st.just("restarts"), st.just(0.0)),
            st.tuples(st.just("reboots"), st.floats(-1e10, 1e10)),
        ),
        max_size=30,
    )
)
def test_room_time_never_goes_back(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, float]]
) -> None:
    machine = Machine(tmp_path_factory.mktemp("clock") / "clock.json")
    clock, last = machine.start(), WALL
    for number, (what, amount) in enumerate(story):
        match what:
            case "passes":
                clock.persist()  # as its owner does, at least this often
                machine.passes(amount)
            case "wall is stepped":
                machine.wall += amount
            case "restarts":
                clock = machine.start()
            case "reboots":
                machine.reboots(machine.wall + amount)
                machine.boot = f"boot {number}"
                clock = machine.start()
        assert clock.now_ms() >= last - 0.001  # a float of this size resolves a quarter of a microsecond
        last = max(last, clock.now_ms())
