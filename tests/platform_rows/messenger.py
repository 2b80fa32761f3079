"""Conversations and notifications over HTTP on either database, and what everybody's sockets would be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Litestar
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.clocks import TurnedClock
from tests.platform_rows.desk import NOON_MS, PASSWORD, PHONE, SECRET, Desk, entered
from tests.service.world import World
from tutti.core.ids import RoomId
from tutti.dialects.party import notifications_wire as wire
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.messaging_rest import router as messaging_router
from tutti.dialects.party.notifications_line import NotificationsLine
from tutti.dialects.party.notifications_rest import router as notifications_router
from tutti.infra.attachment_shelf import AttachmentShelf
from tutti.infra.picture_shelf import PictureShelf
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.conversations.attachments import Attachments
from tutti.platform.conversations.conversations import Conversations
from tutti.platform.conversations.messages import Messages
from tutti.platform.jobs.jobs import Jobs
from tutti.platform.mail.letters import Letter, Links
from tutti.platform.mail.mail import Post
from tutti.platform.notifications.digest import Digest
from tutti.platform.notifications.notifications import Notifications
from tutti.platform.notifications.preferences import Preferences
from tutti.platform.once.once import Once
from tutti.platform.outbox.outbox import Outbox
from tutti.platform.people.people import People
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.limits import Limits
from tutti.service.people import Hub

Said = dict[str, Any]


class Box:
    """Where letters arrive: to whom, and what."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Letter]] = []

    async def send(
        self, to: str, subject: str, text: str, html: str, *, letter_id: str | None = None
    ) -> None:
        self.letters.append((to, Letter(subject, text, html)))


class Ear:
    """One connection of somebody, which hears everything at once."""

    def __init__(self) -> None:
        self.heard: list[Said] = []
        self.ended: tuple[int, str] | None = None

    def tell(self, frame: Frame, id_: str | None) -> bool:
        self.heard.append(msgspec.json.decode(frame.text))
        return True

    def close(self, code: int, reason: str) -> None:
        self.ended = code, reason

    def all(self, kind: str) -> list[Said]:
        return [said for said in self.heard if said["type"] == kind]


class Writer:
    """Somebody with an account, who asks over HTTP."""

    def __init__(self, http: httpx.AsyncClient, id_: str, name: str, token: str) -> None:
        self.id, self.name, self.token = id_, name, token
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: Any = None,
        data: Any = None,
        **headers: str,
    ) -> httpx.Response:
        return await self._http.request(
            method, path, json=body, headers={**self._headers, **headers}, files=files, data=data
        )

    async def does(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.is_success, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def status(self, method: str, path: str, body: object = None) -> int:
        return (await self.ask(method, path, body)).status_code

    async def talks_with(self, *others: Writer, title: str | None = None) -> str:
        body = {"participants": [other.id for other in others], "title": title}
        begun = await self.does("POST", "/messaging/conversations/", body)
        return str(begun["id"])

    async def says(self, talk: str, text: str, **more: object) -> Said:
        said: Said = await self.does(
            "POST", f"/messaging/conversations/{talk}/messages/", {"message": text, **more}
        )
        return said

    async def reads(self, talk: str) -> list[str]:
        """The texts of what was said, the oldest first."""
        page = await self.does("GET", f"/messaging/conversations/{talk}/messages/?page_size=100")
        return [one["message"] for one in page["results"]][::-1]

    async def talks(self) -> list[Said]:
        return list((await self.does("GET", "/messaging/conversations/"))["results"])

    async def notices(self, query: str = "") -> Said:
        page: Said = await self.does("GET", f"/notifications/{query}")
        return page


class Messenger:
    def __init__(self, desk: Desk, database: Database, folder: Path, world: World) -> None:
        self.desk = desk
        self.database = database
        self.folder = folder
        self.box = Box()
        clock, random = desk.clock, desk.random
        self.hub = Hub()
        self.outbox = Outbox(database, self.hub, clock, random)
        self.jobs = Jobs(database, clock, random)
        post = Post(self.jobs, self.box, clock, random)
        digest = Digest(database, self.jobs, post, Links("https://tutti.test", ""), clock)
        self.notifications = Notifications(
            database,
            self.outbox,
            told=wire.told,
            read_too=wire.read_too,
            wall_ms=clock,
            random=random,
            digest=digest,
        )
        words = wire.Frames()
        self.people = People(
            database,
            PictureShelf(folder / "avatars"),
            wall_ms=clock,
            random=random,
            tell=self.notifications.tell,
        )
        shelf = AttachmentShelf(folder / "attachments")
        self.conversations = Conversations(database, self.outbox, words, wall_ms=clock, random=random)
        self.messages = Messages(
            database, self.outbox, self.notifications, shelf, words, wall_ms=clock, random=random
        )
        self.attachments = Attachments(database, shelf, wall_ms=clock, random=random)
        self.line = NotificationsLine(self.outbox, self.notifications, self.conversations, clock)
        self.hall = hall = Hall(world.rooms, Gate(desk.identity, closed=False), lambda _: RoomId("NEW"))
        manners = Manners(hall, desk.accounts.throttles, SECRET, Once(database, clock))
        routers = [
            notifications_router(self.notifications, Preferences(database), manners),
            messaging_router(self.conversations, self.messages, self.attachments, manners),
        ]
        app = Litestar(routers, openapi_config=None, logging_config=None)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="https://tutti.test/api")

    async def person(self, name: str) -> Writer:
        self.desk.clock.turn(1_000)
        new = NewAccount(email=f"{name}@example.org", password=PASSWORD, username=name)
        made = entered(await self.desk.accounts.register(new, PHONE))
        async with self.database.writing() as db:
            (await db.get_one(User, made.person.id)).email_verified = True
        return Writer(self.http, made.person.id, name, made.tokens.access)

    def connected(self, who: Writer) -> Ear:
        ear = Ear()
        self.hub.enter(who.id, ear)
        return ear

    async def tells(self, user: Writer, type_: str, number: int = 1, **more: Any) -> None:
        async with self.database.writing() as db:
            await self.notifications.tell(db, user.id, type_, "Title", "Message", {"n": number}, **more)


def world(limits: Limits | None = None) -> World:
    return World(clock=TurnedClock(wall_ahead_ms=NOON_MS - 1_000_000.0), limits=limits, closed=False)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that any database is sent meanwhile."""
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
