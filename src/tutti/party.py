"""The social half of guide 003, put together: each feature with rows, and the routes that speak for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from secrets import token_bytes

from litestar import Router

from tutti.accounts import TIDY_EVERY_S, AccountDesk
from tutti.config import Mode, Settings
from tutti.dialects.party.asking import Asking
from tutti.dialects.party.auth_rest import router as auth_router
from tutti.dialects.party.chat_rest import router as chat_router
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.parties_rest import router as parties_router
from tutti.dialects.party.people_rest import router as people_router
from tutti.dialects.party.polls_rest import router as polls_router
from tutti.infra.picture_shelf import PictureShelf
from tutti.messaging import MessagingDesk, messaging_desk
from tutti.platform.chat_archive.archive import ChatArchive
from tutti.platform.jobs.jobs import Jobs
from tutti.platform.once.once import Once
from tutti.platform.parties import course
from tutti.platform.parties.doors import Doors
from tutti.platform.parties.invitations import LETTER
from tutti.platform.parties.letters import Letters
from tutti.platform.parties.parties import Parties
from tutti.platform.people.people import People
from tutti.platform.rows import new_id
from tutti.service.hall import Hall
from tutti.service.party_rooms import DIALECT, PartyRooms
from tutti.service.ports import Unavailable


@dataclass(frozen=True, slots=True)
class PartyDesk:
    """`jobs` is for every feature with rows. `routers`: everything below `/api/` that is guide 003's."""

    jobs: Jobs
    people: People
    parties: Parties
    doors: Doors
    asking: Asking
    messaging: MessagingDesk
    routers: tuple[Router, ...]


@asynccontextmanager
async def party_desk(
    settings: Settings, desk: AccountDesk, hall: Hall, secret: bytes, wall_ms: Callable[[], float]
) -> AsyncIterator[PartyDesk]:
    """`secret` outlives the process; `wall_ms` is what times in rows are compared with."""
    async with (
        messaging_desk(desk, settings.data / "attachments", wall_ms) as messaging,
        _with_messaging(settings, desk, hall, secret, wall_ms, messaging) as party,
    ):
        yield party


@asynccontextmanager
async def _with_messaging(  # noqa: PLR0917 - as `party_desk`
    settings: Settings,
    desk: AccountDesk,
    hall: Hall,
    secret: bytes,
    wall_ms: Callable[[], float],
    messaging: MessagingDesk,
) -> AsyncIterator[PartyDesk]:
    tells = messaging.notifications
    jobs = desk.jobs
    once = Once(desk.database, wall_ms)
    manners = Manners(hall, desk.accounts.throttles, secret, once)
    shelf = PictureShelf(settings.data / "avatars")
    people = People(
        desk.database,
        shelf,
        wall_ms=wall_ms,
        random=token_bytes,
        tell=tells.tell,
        is_online=messaging.hub.is_here,
    )
    await people.blocks.load()
    people.blocks.ends(tells.part)
    hall.rooms.may_meet = people.blocks.may_meet
    parties = Parties(desk.database, wall_ms, token_bytes, secret=secret, plans=jobs, tells=tells)
    doors = Doors(parties, PartyRooms(hall.rooms), messaging.line.party_changed)
    people.blocks.heard_by(doors.parted)
    asking = Asking(parties, doors)
    archive = ChatArchive(desk.database, hall.rooms, DIALECT)
    archive.follow()
    letters = Letters(parties, desk.mail, desk.links)
    jobs.handle(course.START, doors.start_on_time)
    jobs.handle(course.REMIND, doors.remind)
    jobs.handle(LETTER, letters.send)
    async with (
        doors,
        _tidying(once.forget, parties.forget),
        jobs,
    ):  # by now every feature has said what it does
        yield PartyDesk(
            jobs=jobs,
            people=people,
            parties=parties,
            doors=doors,
            asking=asking,
            messaging=messaging,
            routers=(
                auth_router(hall, desk.accounts, manners, secure=settings.mode is Mode.CLOSED),
                people_router(people, desk.accounts, manners),
                parties_router(parties, doors, manners, wall_ms, letters.page),
                chat_router(asking, archive, manners, people.blocks.may_meet),
                polls_router(asking, manners, hall.rooms.clock, lambda: new_id(wall_ms(), token_bytes)),
                *messaging.routers(manners),
            ),
        )


@asynccontextmanager
async def _tidying(*forgets: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """What cannot be deleted now is deleted next time."""

    async def tidy() -> None:
        while True:
            for forget in forgets:
                with suppress(Unavailable):
                    await forget()
            await asyncio.sleep(TIDY_EVERY_S)

    task = asyncio.create_task(tidy())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
