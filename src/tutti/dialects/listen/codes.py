"""Session codes: short enough to read aloud, of characters that nobody takes for another."""

from __future__ import annotations

from collections.abc import Callable

from tutti.core.ids import RoomId

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""A–Z and 0–9 without I, O, 0 and 1. 32 of them, so that every draw is even."""


def new_code(below: Callable[[int], int], length: int) -> RoomId:
    """`below(n)`: a random whole number from 0 to n − 1, from a source that cannot be guessed."""
    return RoomId("".join(ALPHABET[below(len(ALPHABET))] for _ in range(length)))
