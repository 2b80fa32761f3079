"""The table of what people chose to share nearby. No place, cell, track or taste is ever in it."""

from __future__ import annotations

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows


class NearbyChoice(Rows):
    """Only of people who chose something else than what is set at first; it goes with the account."""

    __tablename__ = "nearby_choices"

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    share_track: Mapped[bool]
    allow_find: Mapped[bool]
    radius_km: Mapped[float] = mapped_column(Double)
