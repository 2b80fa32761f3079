"""What every feature with rows shares: one catalogue of tables, ids that sort by age, and the port to the database.

Times in rows are whole milliseconds since 1970, so that SQLite and PostgreSQL compare them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

ID_LENGTH = 36

RandomBytes = Callable[[int], bytes]
"""So many bytes that nobody can guess."""
WallMs = Callable[[], float]
"""Milliseconds since 1970."""


class Rows(DeclarativeBase):
    """The names of constraints are ours, so that a migration can name what it changes on either database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Sql(Protocol):
    """The database. What is read for writing is read in `writing`: there, nobody writes between the two."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A look at one moment. Raises `Unavailable`."""
        ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction: kept when the block ends, undone if it raises. Raises `Unavailable`: nothing was changed."""
        ...


def new_id(wall_ms: float, random: RandomBytes) -> str:
    """A UUID of version 7 (RFC 9562 section 5.7): later ones sort later."""
    number = int(wall_ms) << 80 | int.from_bytes(random(10))
    version = 0x7 << 76
    variant = 0b10 << 62
    return str(UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | version | variant))
