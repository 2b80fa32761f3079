"""Names of things, distinct to the type checker."""

from __future__ import annotations

from typing import NewType

RoomId = NewType("RoomId", str)
MemberId = NewType("MemberId", str)
Epoch = NewType("Epoch", str)
"""One life of a room id. A room made anew under an old id has another epoch, so an old position cannot match."""
Seq = NewType("Seq", int)
"""The number of an event within its epoch; the first is 1, and 0 is the position before it."""
