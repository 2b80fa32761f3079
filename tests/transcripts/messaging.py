"""Conversations and notifications, for transcripts: their routes, and everybody's line to `/ws/notifications/`."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

from tests.service.world import World
from tutti.dialects.party import notifications_wire as wire
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.messaging_rest import router as messaging_router
from tutti.dialects.party.notifications_line import NotificationsLine
from tutti.dialects.party.notifications_rest import router as notifications_router
from tutti.infra.attachment_shelf import AttachmentShelf
from tutti.infra.sql import Database
from tutti.platform.conversations.attachments import Attachments
from tutti.platform.conversations.conversations import Conversations
from tutti.platform.conversations.messages import Messages
from tutti.platform.notifications.notifications import Notifications
from tutti.platform.notifications.preferences import Preferences
from tutti.platform.outbox.outbox import Outbox
from tutti.platform.rows import RandomBytes, WallMs
from tutti.service.people import Hub
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission, Caps
from tutti.transports.handshake import Handshake, Headers
from tutti.transports.people_socket import PATH, PeopleSocket, PeopleSockets
from tutti.transports.websocket import Accepted

LET_IN_WITHIN_S = 10.0


class Messaging:
    """`routers`: below `/api/`. `told`: what is said on everybody's line."""

    def __init__(
        self, world: World, database: Database, manners: Manners, wall_ms: WallMs, random: RandomBytes
    ) -> None:
        hub, words, ids = Hub(), wire.Frames(), count(1)
        outbox = Outbox(database, hub, wall_ms, random)
        notifications = Notifications(
            database, outbox, told=wire.told, read_too=wire.read_too, wall_ms=wall_ms, random=random
        )
        conversations = Conversations(database, outbox, words, wall_ms=wall_ms, random=random)
        shelf = AttachmentShelf(Path("nowhere"))
        messages = Messages(database, outbox, notifications, shelf, words, wall_ms=wall_ms, random=random)
        attachments = Attachments(database, shelf, wall_ms=wall_ms, random=random)
        self.routers = (
            notifications_router(notifications, Preferences(database), manners),
            messaging_router(conversations, messages, attachments, manners),
        )
        self.told = NotificationsLine(outbox, notifications, conversations, wall_ms)
        self._sockets = PeopleSockets(
            world.hall,
            hub,
            self.told,
            cors=Cors(),
            admission=Admission(Caps(), lambda: 0.0),
            new_id=lambda: f"id{next(ids)}",
        )

    def line(self, name: str) -> PeopleSocket:
        """The token is their name."""
        request = Handshake("GET", f"{PATH}/", f"token={name}", Headers(()), "192.0.2.1")
        accepted = self._sockets.route(request)
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, PeopleSocket)
        return accepted.channel


async def answered(socket: PeopleSocket) -> None:
    """What it said last has been heard, or it is in: the database has been asked."""
    async with asyncio.timeout(LET_IN_WITHIN_S):
        while socket.busy:  # noqa: ASYNC110 - the socket tells nobody but its client
            await asyncio.sleep(0)
