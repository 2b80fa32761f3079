"""What parties ask of other features, always in the transaction that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class Plans(Protocol):
    """What is done later, also after a restart. The same `key` while it waits replaces what was planned."""

    async def add(
        self,
        db: AsyncSession,
        kind: str,
        payload: Mapping[str, object],
        *,
        at_ms: float | None = None,
        key: str | None = None,
    ) -> object: ...

    async def cancel(self, db: AsyncSession, kind: str, key: str) -> object: ...


class Tells(Protocol):
    """Notifications: whether somebody wants to hear of it is theirs to know."""

    async def tell(  # noqa: PLR0917 - what is told, in the order in which it is read
        self,
        db: AsyncSession,
        user: str,
        type: str,  # noqa: A002 - the word of notifications
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> object: ...

    async def tell_all(  # noqa: PLR0917 - as `tell`
        self,
        db: AsyncSession,
        users: Iterable[str],
        type: str,  # noqa: A002 - as `tell`
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> object: ...
