"""Conversations and notifications of a node, put together, with what is told live of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Final

import structlog
from litestar import Router

from tutti.accounts import AccountDesk
from tutti.dialects.party import notifications_wire as wire
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.messaging_rest import router as messaging_router
from tutti.dialects.party.notifications_line import NotificationsLine
from tutti.dialects.party.notifications_rest import router as notifications_router
from tutti.infra.attachment_shelf import AttachmentShelf
from tutti.platform.conversations.attachments import Attachments
from tutti.platform.conversations.conversations import Conversations
from tutti.platform.conversations.messages import Messages
from tutti.platform.notifications.digest import Digest
from tutti.platform.notifications.notifications import Notifications
from tutti.platform.notifications.preferences import Preferences
from tutti.platform.outbox.outbox import Outbox
from tutti.platform.rows import WallMs
from tutti.service.people import Hub
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.messaging")

TIDY_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class MessagingDesk:
    """`notifications` is what other features tell people by; `hub` and `line` are for the sockets."""

    hub: Hub
    line: NotificationsLine
    notifications: Notifications
    conversations: Conversations
    messages: Messages
    attachments: Attachments
    preferences: Preferences

    def routers(self, manners: Manners) -> tuple[Router, ...]:
        return (
            notifications_router(self.notifications, self.preferences, manners),
            messaging_router(self.conversations, self.messages, self.attachments, manners),
        )


@asynccontextmanager
async def messaging_desk(desk: AccountDesk, folder: Path, wall_ms: WallMs) -> AsyncIterator[MessagingDesk]:
    """`folder`: where attachments are kept. Before the jobs begin: one kind of them is told what to do."""
    sql, hub, words = desk.database, Hub(), wire.Frames()
    async with Outbox(sql, hub, wall_ms, token_bytes) as outbox:
        notifications = Notifications(
            sql,
            outbox,
            told=wire.told,
            read_too=wire.read_too,
            wall_ms=wall_ms,
            random=token_bytes,
            digest=Digest(sql, desk.jobs, desk.post, desk.links, wall_ms),
        )
        conversations = Conversations(sql, outbox, words, wall_ms=wall_ms, random=token_bytes)
        shelf = AttachmentShelf(folder)
        messages = Messages(sql, outbox, notifications, shelf, words, wall_ms=wall_ms, random=token_bytes)
        attachments = Attachments(sql, shelf, wall_ms=wall_ms, random=token_bytes)
        line = NotificationsLine(outbox, notifications, conversations, wall_ms)
        tidying = asyncio.create_task(_tidy(notifications, attachments))
        try:
            yield MessagingDesk(
                hub, line, notifications, conversations, messages, attachments, Preferences(sql)
            )
        finally:
            tidying.cancel()
            await asyncio.wait((tidying,))


async def _tidy(notifications: Notifications, attachments: Attachments) -> None:
    while True:
        try:
            await notifications.forget()
            await attachments.forget()
        except Unavailable as problem:
            log.warning("messaging.not_tidied", problem=str(problem))
        except Exception:
            log.exception("bug")
        await asyncio.sleep(TIDY_EVERY_S)
