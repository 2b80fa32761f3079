"""How far a member's player is from where it should be, as far as anybody knows."""

from __future__ import annotations

import msgspec

from tutti.core.drift import Doing


class Standing(msgspec.Struct, frozen=True, gc=False):
    """`error_ms`: ahead (+) or behind (−), true to within `bound_ms`. None: nobody can tell.

    A player that steers itself says all of this itself; of others we only reckon the error from what they report.
    """

    error_ms: float | None
    bound_ms: float | None = None
    doing: Doing | None = None
