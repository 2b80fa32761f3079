"""The social half of guide 003, put together: each feature with rows, and the routes that speak for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from litestar import Router

from tutti.accounts import AccountDesk
from tutti.config import Mode, Settings
from tutti.dialects.party.auth_rest import router as auth_router
from tutti.dialects.party.manners import Manners
from tutti.platform.once.once import Once
from tutti.service.hall import Hall


@dataclass(frozen=True, slots=True)
class PartyDesk:
    """`routers`: everything below `/api/` that is guide 003's."""

    routers: tuple[Router, ...]


@asynccontextmanager
async def party_desk(
    settings: Settings, desk: AccountDesk, hall: Hall, secret: bytes, wall_ms: Callable[[], float]
) -> AsyncIterator[PartyDesk]:
    """`secret` outlives the process; `wall_ms` is what times in rows are compared with."""
    once = Once(desk.database, wall_ms)
    manners = Manners(hall, desk.accounts.throttles, secret, once)
    yield PartyDesk(
        routers=(auth_router(hall, desk.accounts, manners, secure=settings.mode is Mode.CLOSED),),
    )
