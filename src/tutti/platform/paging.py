"""Pages of rows by keyset: a page begins behind a row, not after a number of rows.

Rows are ordered by a time and an id that never change, so whatever is inserted or deleted meanwhile, a row that was
there throughout is on exactly one page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Row, Select, String, bindparam, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")
U = TypeVar("U")
At = ColumnElement[int] | InstrumentedAttribute[int]
Id = ColumnElement[str] | InstrumentedAttribute[str]
Columns: TypeAlias = Select[*tuple[Any, ...]]
"""Of any number."""
Found: TypeAlias = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Keyset:
    """The place of a row in its list. `back`: what comes before it is wanted, not what comes after."""

    at_ms: int
    id: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Offset:
    """So many rows are passed over; only for those who count pages."""

    rows: int


Wanted = Keyset | Offset | None
"""None: the first page."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`next` and `previous`: what to want for the pages around this one."""

    rows: tuple[T, ...]
    next: Keyset | None
    previous: Keyset | None

    def of(self, meaning: Callable[[T], U]) -> Page[U]:
        return Page(tuple(meaning(row) for row in self.rows), self.next, self.previous)


async def page(
    db: AsyncSession,
    statement: Columns,
    *,
    at: At,
    id: Id,  # noqa: A002 - what the column is called
    wanted: Wanted,
    size: int,
    oldest_first: bool = False,
) -> Page[Found]:
    """One statement. `statement` comes without an order; each row has two columns more than it asks for, at its end."""
    rows = tuple(await db.execute(bounded(statement, at, id, wanted, size, oldest_first=oldest_first)))
    return paged(rows, wanted, size)


def bounded(
    statement: Columns, at: At, key: Id, wanted: Wanted, size: int, *, oldest_first: bool = False
) -> Columns:
    """One row more than fits, so that it is known whether there is a page behind."""
    keyed = statement.add_columns(at.label("_at"), key.label("_id")).limit(size + 1)
    back = isinstance(wanted, Keyset) and wanted.back
    if isinstance(wanted, Keyset):
        here = tuple_(bindparam("_at_ms", wanted.at_ms, BigInteger), bindparam("_row_id", wanted.id, String))
        place = tuple_(at, key)
        keyed = keyed.where(place > here if back is not oldest_first else place < here)
    elif isinstance(wanted, Offset):
        keyed = keyed.offset(wanted.rows)
    ascending = back is not oldest_first
    return keyed.order_by(at.asc() if ascending else at.desc(), key.asc() if ascending else key.desc())


async def page_of(
    db: AsyncSession,
    shape: Callable[[bool | None, int], Columns],
    values: Mapping[str, object],
    *,
    wanted: Wanted,
    size: int,
) -> Page[Found]:
    """As `page`, for lists that are asked for all the time. `shape(back, size)`: the statement made by `bounded_by`,
    which is kept and compiled once; `values`: what it leaves open besides the place.
    """
    if isinstance(wanted, Offset):
        raise TypeError("a number of rows is no place")
    back = None if wanted is None else wanted.back
    place = {} if wanted is None else {"_at_ms": wanted.at_ms, "_row_id": wanted.id}
    rows = await db.run_sync(_rows, shape(back, size), {**values, **place})
    return paged(rows, wanted, size)


def _rows(db: Session, statement: Columns, values: Mapping[str, object]) -> tuple[Found, ...]:
    """Columns alone, of which a session has nothing to keep."""
    return tuple(db.connection().execute(statement, values).all())


def bounded_by(statement: Columns, at: At, key: Id, size: int, back: bool | None) -> Columns:
    """As `bounded`, the newest first; `back` None is the first page. The place is left open."""
    keyed = statement.add_columns(at.label("_at"), key.label("_id")).limit(size + 1)
    if back is not None:
        here = tuple_(bindparam("_at_ms", type_=BigInteger), bindparam("_row_id", type_=String))
        place = tuple_(at, key)
        keyed = keyed.where(place > here if back else place < here)
    return keyed.order_by(at.asc() if back else at.desc(), key.asc() if back else key.desc())


def paged(rows: tuple[Found, ...], wanted: Wanted, size: int) -> Page[Found]:
    """What `bounded` found."""
    more, kept = len(rows) > size, rows[:size]
    if isinstance(wanted, Keyset) and wanted.back:
        kept = kept[::-1]
        return Page(kept, _behind(kept) or Keyset(wanted.at_ms, wanted.id), _before(kept) if more else None)
    if isinstance(wanted, Keyset):
        return Page(
            kept, _behind(kept) if more else None, _before(kept) or Keyset(wanted.at_ms, wanted.id, back=True)
        )
    passed_over = wanted is not None and wanted.rows > 0
    return Page(kept, _behind(kept) if more else None, _before(kept) if passed_over else None)


def _behind(rows: tuple[Found, ...]) -> Keyset | None:
    return Keyset(*_key(rows[-1])) if rows else None


def _before(rows: tuple[Found, ...]) -> Keyset | None:
    return Keyset(*_key(rows[0]), back=True) if rows else None


def _key(row: Found) -> tuple[int, str]:
    at_ms, id_ = tuple(row)[-2:]
    return at_ms, id_
