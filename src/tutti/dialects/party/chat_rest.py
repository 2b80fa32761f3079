"""Guide 003's `/api/chat/` over HTTP: what was said in a party, all of it, and saying something without a socket.

What is sent here is said in the party's room like anything else: it is kept before it is answered, and everybody there
hears it, in whichever language.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final, Self

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from tutti.core import commands as c
from tutti.core.ids import RoomId, Seq
from tutti.dialects.party import chat_bodies as b
from tutti.dialects.party.asking import Asking
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.pages import Listed
from tutti.dialects.party.problems import HANDLERS, Asked, Forbidden, NoSuch, only
from tutti.dialects.party.sockets.fields import line
from tutti.platform.chat_archive.archive import ChatArchive
from tutti.platform.chat_archive.schemas import Kept, key
from tutti.platform.paging import Page
from tutti.service.live_room import Accepted
from tutti.service.ports import Principal

PREFIX: Final = "/api/chat"
MAX_BODY: Final = 16 * 1024
RUNS_IT: Final = ("host", "moderator")


class ChatRest:
    """`may_meet`: whether neither of two people blocks the other."""

    def __init__(
        self, asking: Asking, archive: ChatArchive, manners: Manners, may_meet: Callable[[str, str], bool]
    ) -> None:
        self._asking = asking
        self._archive = archive
        self._manners = manners
        self._may_meet = may_meet

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same rooms."""
        return self

    async def messages(self, request: Asked, party_id: FromPath[str]) -> Listed[b.Message]:
        """Everything that was said, the newest first, also once the party is over."""
        who = await self._manners.owner(request)
        wanted = self._manners.cursors.page_request(request)
        room_id, _ = await self._asking.where(party_id, who)
        page = await self._archive.messages(room_id, wanted.wanted, wanted.size)
        people = await self._archive.people(page.rows)
        shown = Page(tuple(kept for kept in page.rows if self._hears(who, kept)), page.next, page.previous)
        return self._manners.cursors.listed(
            request, shown, lambda kept: b.Message.of(kept, people.get(kept.user))
        )

    async def send(self, request: Asked, party_id: FromPath[str], data: JSONBody[b.Send]) -> b.Message:
        """Say something. With an `Idempotency-Key`, or a `client_id`, it is said once however often it is sent."""
        who = await self._manners.owner(request)
        text, called = data.meaning(), data.called() or _called(request)
        room = await self._asking.enter(party_id, who)
        reply_to = None if data.reply_to is None else line(data.reply_to, room.epoch)
        answer = await self._asking.ask(room, who, c.Chat(text, called, reply_to))
        return await self._message(room.id, key(room.epoch, _said(answer, who, called)))

    async def edit(
        self, request: Asked, party_id: FromPath[str], message_id: FromPath[str], data: JSONBody[b.Edit]
    ) -> b.Message:
        """Your own, for a quarter of an hour."""
        who = await self._manners.owner(request)
        text = data.meaning()
        room = await self._asking.enter(party_id, who)
        await self._asking.ask(room, who, c.EditChat(line(message_id, room.epoch), text))
        return await self._message(room.id, message_id)

    async def remove(self, request: Asked, party_id: FromPath[str], message_id: FromPath[str]) -> None:
        """Your own, or anybody's if you moderate; also what was said long ago."""
        who = await self._manners.owner(request)
        room_id, role = await self._asking.where(party_id, who)
        kept = await self._archive.message(room_id, message_id)
        if kept is None or kept.removed:
            raise NoSuch
        if kept.user != who.id and role not in RUNS_IT:
            raise Forbidden
        room = await self._asking.look(party_id, who)
        remembered = room is not None and any(key(room.epoch, one.seq) == kept.key for one in room.chat)
        if room is not None and remembered:
            await self._asking.ask(room, who, c.RemoveChat(line(message_id, room.epoch)))
        else:
            await self._archive.remove(room_id, message_id)

    async def settings(self, request: Asked, party_id: FromPath[str]) -> b.Settings:
        """Whether people may chat, and how often."""
        who = await self._manners.owner(request)
        return b.Settings.of(await self._asking.look(party_id, who))

    async def change_settings(
        self, request: Asked, party_id: FromPath[str], data: JSONBody[b.ChangeSettings]
    ) -> b.Settings:
        """Those who moderate may."""
        who = await self._manners.owner(request)
        slow_mode_s = data.slow_mode()
        room = await self._asking.enter(party_id, who)
        if slow_mode_s is not None:
            room = (await self._asking.ask(room, who, c.SetSlowMode(slow_mode_s))).room
        if data.enabled is not None:
            room = (await self._asking.ask(room, who, c.SwitchChat(data.enabled))).room
        return b.Settings.of(room)

    def _hears(self, who: Principal, kept: Kept) -> bool:
        return kept.user == who.id or self._may_meet(who.id, kept.user)

    async def _message(self, room_id: RoomId, message_id: str) -> b.Message:
        kept = await self._archive.message(room_id, message_id)
        if kept is None or kept.removed:
            raise NoSuch
        return b.Message.of(kept, (await self._archive.people((kept,))).get(kept.user))


def router(
    asking: Asking, archive: ChatArchive, manners: Manners, may_meet: Callable[[str, str], bool]
) -> Router:
    rest = ChatRest(asking, archive, manners, may_meet)
    messages, one = "/{party_id:str}/messages", "/{party_id:str}/messages/{message_id:str}"
    return Router(
        PREFIX,
        route_handlers=[
            get(messages, summary="What was said in a party")(rest.messages),
            post(messages, status_code=201, include_in_schema=False)(rest.send),
            post(f"{messages}/send", status_code=201, summary="Say something in a party")(rest.send),
            patch(one, summary="Say it in other words")(rest.edit),
            delete(one, summary="Take back what was said")(rest.remove),
            get("/{party_id:str}/settings", summary="A party's chat")(rest.settings),
            patch("/{party_id:str}/settings", summary="Change a party's chat")(rest.change_settings),
            only(messages, "GET", "POST"),
            only(f"{messages}/send", "POST"),
            only(one, "PATCH", "DELETE"),
            only("/{party_id:str}/settings", "GET", "PATCH"),
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["party: chat"],
    )


def _said(answer: Accepted, who: Principal, called: str | None) -> Seq:
    """The number of what was said now, or before under the same name."""
    if answer.events:
        return answer.events[0].seq
    line = next(one for one in reversed(answer.room.chat) if one.member == who.id and one.id == called)
    return line.seq


def _called(request: Asked) -> str | None:
    given = request.headers.get("idempotency-key", "").strip()
    return f"key-{sha256(given.encode()).hexdigest()[:32]}" if given else None
