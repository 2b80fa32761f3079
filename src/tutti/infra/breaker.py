"""A circuit breaker: stop asking somebody who cannot answer, and find out with one question when they can again.

Every call asks `admit` first and reports how it went on the ticket it got. A report on an old ticket says nothing about
the present, so it changes nothing: a slow success from before the break does not end it. Pure: the clock is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NewType

Ticket = NewType("Ticket", int)


class Breaker:
    """Opens after `patience` failures in a row; each failed probe doubles the rest, up to the longest."""

    def __init__(
        self,
        now_ms: Callable[[], float],
        *,
        patience: int = 5,
        rest_ms: float = 2_000,
        longest_rest_ms: float = 60_000,
    ) -> None:
        self._now_ms = now_ms
        self._patience = patience
        self._first_rest_ms = rest_ms
        self._longest_rest_ms = longest_rest_ms
        self._next_rest_ms = rest_ms
        self._failures = 0
        self._breaks = 0
        self._opens_at_ms: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        return self._opens_at_ms is not None

    @property
    def rest_ms(self) -> float:
        """How long to leave it alone before asking `admit` again; a second while somebody else finds out."""
        if self._opens_at_ms is None:
            return 0.0
        return max(self._opens_at_ms - self._now_ms(), 1_000.0)

    def admit(self) -> Ticket | None:
        """May a call be made now? None: no. After the rest, one call may, until it is reported."""
        if self._opens_at_ms is not None:
            if self._probing or self._now_ms() < self._opens_at_ms:
                return None
            self._probing = True
        return Ticket(self._breaks)

    def succeeded(self, ticket: Ticket) -> None:
        if ticket != self._breaks:
            return
        self._opens_at_ms, self._probing, self._failures = None, False, 0
        self._next_rest_ms = self._first_rest_ms

    def failed(self, ticket: Ticket) -> None:
        if ticket != self._breaks:
            return
        self._failures += 1
        if self._probing or self._failures >= self._patience:
            rest_ms = self._next_rest_ms
            self._next_rest_ms = min(2 * rest_ms, self._longest_rest_ms)
            self._open(self._now_ms() + rest_ms)

    def told_to_rest(self, rest_ms: float) -> None:
        """The other side said how long; whoever was told first or last, the longest counts."""
        self._open(max(self._now_ms() + rest_ms, self._opens_at_ms or 0))

    def abandoned(self, ticket: Ticket) -> None:
        """The call ended without an answer of any kind; another may probe."""
        if ticket == self._breaks:
            self._probing = False

    def _open(self, until_ms: float) -> None:
        self._opens_at_ms, self._probing, self._failures = until_ms, False, 0
        self._breaks += 1
