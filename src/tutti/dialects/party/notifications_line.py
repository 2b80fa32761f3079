"""`/ws/notifications/`: what is told to somebody who connects, and what is made of what they say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from tutti.core.refusals import Refused
from tutti.dialects.party import notifications_wire as wire
from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.sockets import errors
from tutti.dialects.party.sockets.dialect import Pong
from tutti.platform.conversations.conversations import Conversations
from tutti.platform.conversations.schemas import Amiss
from tutti.platform.notifications.notifications import Notifications
from tutti.platform.outbox.outbox import Missed, Outbox
from tutti.platform.rows import WallMs

NOT_FOUND: Final = "not_found"

_decoder: Final[msgspec.json.Decoder[wire.MarkRead | wire.SetTyping]] = msgspec.json.Decoder(
    wire.MarkRead | wire.SetTyping
)
_json = msgspec.json.Encoder().encode


class NotificationsLine:
    """What it answers is JSON. `welcome` and `heard` raise `Unavailable`."""

    name = "party-notifications"

    def __init__(
        self, outbox: Outbox, notifications: Notifications, conversations: Conversations, wall_ms: WallMs
    ) -> None:
        self.outbox = outbox
        self._notifications = notifications
        self._conversations = conversations
        self._wall_ms = wall_ms

    async def welcome(self, user: str, since: str | None) -> tuple[bytes, Missed]:
        """Before anything else is told: this, and what was missed."""
        missed = await self.outbox.missed(user, since)
        unread = await self._notifications.unread(user)
        return _json(wire.Connected(user, unread, missed.complete)), missed

    def party_changed(self, users: Collection[str], party: str) -> None:
        self.outbox.now_all(users, wire.party_changed(party))

    async def heard(self, user: str, data: bytes) -> bytes | None:
        """Done as asked; or what was wrong with it."""
        try:
            sentence = _decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError) as problem:
            return _json(errors.malformed(str(problem)))
        match sentence:
            case wire.MarkRead(which):
                read = await self._notifications.read(user, which)
                return self._nothing_there() if read is None else None
            case wire.SetTyping(conversation, on):
                return await self._typing(user, conversation, on=on)

    def token(self, data: bytes) -> str | None:
        """The one in an `authenticate`; None: there is none."""
        try:
            return msgspec.json.decode(data, type=wire.Authenticate).token
        except msgspec.MsgspecError:
            return None

    def authenticated(self) -> bytes:
        return _json(wire.Authenticated())

    def pong(self) -> bytes:
        return _json(Pong(iso(self._wall_ms())))

    def refusal(self, why: Refused) -> tuple[bytes, int, str]:
        """What is said, and how a socket is closed that is refused with this when it comes."""
        return _json(errors.refused(why)), errors.close_code(why.reason), why.reason.code

    async def _typing(self, user: str, conversation: str, *, on: bool) -> bytes | None:
        others = await self._conversations.others(user, conversation)
        if isinstance(others, Amiss):
            return self._nothing_there()
        frame = wire.typing(conversation, user, on=on)
        for other in others:
            self.outbox.now(other, frame)
        return None

    def _nothing_there(self) -> bytes:
        return _json(errors.Error(NOT_FOUND, "Not found."))
