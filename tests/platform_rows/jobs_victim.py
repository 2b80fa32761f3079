"""A process that adds a job, does it, and is killed at one step: `jobs_victim.py URL EFFECTS STEP`."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tests.platform_rows.desk import Hands
from tutti.infra.sql import Database
from tutti.platform.jobs.jobs import Jobs


class Fatal:
    """A database, and death at the end of the transaction that is about to be kept."""

    def __init__(self, database: Database, deadly: str) -> None:
        self.reading = database.reading
        self._database = database
        self._deadly = deadly
        self._steps = iter(("adding", "taking", "ending"))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        step = next(self._steps, "later")
        async with self._database.writing() as db:
            yield db
            await db.flush()
            if step == self._deadly:
                die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, effects: Path, deadly: str) -> None:
    database = Database(url if "://" in url else Path(url))
    sql = Fatal(database, deadly)
    jobs = Jobs(sql, Hands(), random.Random(1).randbytes)

    async def work(_: Mapping[str, Any]) -> None:
        if deadly == "begun":
            die()
        with effects.open("a") as file:
            file.write("done\n")
            file.flush()
        if deadly == "worked":
            die()

    jobs.handle("note", work)
    async with sql.writing() as db:
        await jobs.add(db, "note", {}, key="once")
    if deadly == "added":
        die()
    await jobs.run_due()
    if deadly == "ended":
        die()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
