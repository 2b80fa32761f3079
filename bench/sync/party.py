"""What the script of a session needs of a system that keeps players together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bench.sync.judging import Statement
from bench.sync.members import Member
from bench.sync.target import Target
from bench.sync.traces import Trace


class Party(Protocol):
    """One room on one server. Commands return the instant from which they count: scheduled, or else given."""

    name: str

    def join(self, number: int) -> Member:
        """Start a member behind link `number`; it need not be ready yet."""

    def play(self) -> float: ...

    def pause(self) -> float: ...

    def seek(self, to_ms: float) -> float: ...

    def target(self, traces: Mapping[str, Trace]) -> Target: ...

    def statements(self) -> list[Statement]:
        """What members said of their own error so far."""

    def entered(self, member: str) -> float | None:
        """When the room had this member, if it tells."""
