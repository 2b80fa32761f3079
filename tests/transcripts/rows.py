"""Guide 003's features with rows, for transcripts: over a database of their own, whose people are whoever speaks."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Router

from tests.service.world import World
from tests.transcripts.messaging import Messaging
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.parties_rest import router as parties_router
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.accounts.throttles import Throttles
from tutti.platform.jobs.jobs import Jobs
from tutti.platform.once.once import Once
from tutti.platform.parties import course
from tutti.platform.parties.doors import Doors
from tutti.platform.parties.parties import Parties
from tutti.service.party_rooms import PartyRooms

SECRET = b"a secret of transcripts"


class Rows:
    """`routers`: guide 003's, below `/api/`."""

    def __init__(self, world: World, database: Database) -> None:
        clock = world.clock
        self._database = database
        self._clock = clock
        self._known: set[str] = set()
        draws = random.Random(3).randbytes
        self.jobs = Jobs(database, self._wall_ms, draws)
        throttles = Throttles.of(clock.now_ms)
        manners = Manners(world.hall, throttles, SECRET, Once(database, self._wall_ms))
        parties = Parties(database, self._wall_ms, draws, secret=SECRET, plans=self.jobs)
        self.messaging = Messaging(world, database, manners, self._wall_ms, draws)
        doors = Doors(parties, PartyRooms(world.rooms), self.messaging.told.party_changed)
        self.jobs.handle(course.START, doors.start_on_time)
        self.jobs.handle(course.REMIND, doors.remind)
        page = "https://tutti.test/parties/join?token={}".format
        self.routers: tuple[Router, ...] = (
            parties_router(parties, doors, manners, self._wall_ms, page),
            *self.messaging.routers,
        )

    def _wall_ms(self) -> float:
        return self._clock.wall_ms(self._clock.now_ms())

    def token(self, name: str) -> str | None:
        return name

    async def know(self, name: str) -> None:
        """They have an account, whose id and token are their name."""
        if name in self._known:
            return
        self._known.add(name)
        async with self._database.writing() as db:
            db.add(
                User(
                    id=name,
                    username=name,
                    username_key=name,
                    display_name=name.capitalize(),
                    first_name="",
                    last_name="",
                    email_verified=True,
                    active=True,
                    created_at_ms=int(self._wall_ms()),
                )
            )


@asynccontextmanager
async def rows(world: World, folder: Path) -> AsyncIterator[Rows]:
    database = Database(folder / "accounts.db")
    await database.open()
    try:
        yield Rows(world, database)
    finally:
        await database.aclose()
