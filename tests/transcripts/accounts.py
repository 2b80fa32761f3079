"""Guide 003's accounts, for transcripts: nobody is known before they register, and letters arrive where they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pyotp
from litestar import Router

from tests.platform_rows.desk import SECRET, Desk, codes_in
from tests.service.world import World
from tutti.core.ids import RoomId
from tutti.dialects.party.auth_rest import router as auth_router
from tutti.dialects.party.manners import Manners
from tutti.infra.sql import Database
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.logins import Logins


class Accounts:
    """`routers`: `/api/auth/`."""

    def __init__(self, world: World, database: Database) -> None:
        self._world = world
        self.desk = Desk(database)
        logins = Logins()
        self.desk.hears(logins)
        gate = Gate(self.desk.identity, closed=True)
        hall = Hall(world.rooms, gate, lambda _: RoomId("NEW"), logins=logins)
        manners = Manners(hall, self.desk.accounts.throttles, SECRET)
        self.jobs = self.desk.jobs
        self.routers: tuple[Router, ...] = (auth_router(hall, self.desk.accounts, manners, secure=True),)
        self._tokens: dict[str, str] = {}

    def shows(self, name: str, token: str) -> None:
        self._tokens[name] = token

    def token(self, name: str) -> str | None:
        return self._tokens.get(name)

    async def know(self, name: str) -> None:
        """Nobody is known by their name alone; but it is as late here as elsewhere."""
        clock = self._world.clock
        self.desk.clock.now_ms = clock.wall_ms(clock.now_ms())

    def code(self, secret: str) -> str:
        clock = self._world.clock
        return pyotp.TOTP(secret).generate_otp(int(clock.wall_ms(clock.now_ms()) / 1000) // 30)

    def letters(self) -> list[tuple[str, object]]:
        """To whom, and what came since the last time. The addresses are the people's names at example.org."""
        came: list[tuple[str, object]] = [
            (to.partition("@")[0], {"subject": letter.subject, "token": next(iter(codes_in(letter)), None)})
            for to, letter in self.desk.postbox.letters
        ]
        self.desk.postbox.letters.clear()
        return came


@asynccontextmanager
async def accounts(world: World, folder: Path) -> AsyncIterator[Accounts]:
    database = Database(folder / "accounts.db")
    await database.open()
    kept = Accounts(world, database)
    try:
        yield kept
    finally:
        kept.desk.close()
        await database.aclose()
