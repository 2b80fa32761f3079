"""Guide 003's `/api/interactive/` over HTTP: a party's polls, for those who have no socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Self

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody

from tutti.core import commands as c
from tutti.core.polls import find
from tutti.dialects.party.asking import Asking
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.problems import HANDLERS, Asked, Invalid, NoSuch, only
from tutti.dialects.party.sockets.polls import Answer, NewPoll, Poll, shown
from tutti.service.dialect import Malformed
from tutti.service.ports import Clock, Principal

PREFIX: Final = "/api/interactive"
MAX_BODY: Final = 64 * 1024


class Polls(msgspec.Struct, frozen=True):
    """One page holds them all."""

    results: tuple[Poll, ...]
    next: str | None = None
    previous: str | None = None


class PollsRest:
    def __init__(self, asking: Asking, manners: Manners, clock: Clock, new_id: Callable[[], str]) -> None:
        self._asking = asking
        self._manners = manners
        self._clock = clock
        self._new_id = new_id

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same rooms."""
        return self

    async def polls(self, request: Asked, party_id: FromPath[str]) -> Polls:
        """The last twenty, the newest first, each with your own answer."""
        who = await self._manners.owner(request)
        room = await self._asking.look(party_id, who)
        if room is None:
            return Polls(())
        return Polls(tuple(shown(poll, self._clock, who.id) for poll in reversed(room.polls)))

    async def open(self, request: Asked, party_id: FromPath[str], data: JSONBody[NewPoll]) -> Poll:
        """Ask everybody something; those who moderate may."""
        who = await self._manners.owner(request)
        id_ = self._new_id()
        return await self._ask(party_id, who, data.opening(id_), id_)

    async def vote(
        self, request: Asked, party_id: FromPath[str], poll_id: FromPath[str], data: JSONBody[Answer]
    ) -> Poll:
        """Once, as long as it is open."""
        who = await self._manners.owner(request)
        try:
            answer = data.given()
        except Malformed:
            raise Invalid({"answer": ["This field is required."]}) from None
        return await self._ask(party_id, who, c.Vote(poll_id, answer), poll_id)

    async def close(self, request: Asked, party_id: FromPath[str], poll_id: FromPath[str]) -> Poll:
        """No more votes; those who moderate may."""
        who = await self._manners.owner(request)
        return await self._ask(party_id, who, c.ClosePoll(poll_id), poll_id)

    async def _ask(self, party_id: str, who: Principal, command: c.Command, id_: str) -> Poll:
        """How this poll is then."""
        room = (await self._asking.ask(await self._asking.enter(party_id, who), who, command)).room
        found = find(room.polls, id_)
        if found is None:
            raise NoSuch
        return shown(found, self._clock, who.id)


def router(asking: Asking, manners: Manners, clock: Clock, new_id: Callable[[], str]) -> Router:
    rest = PollsRest(asking, manners, clock, new_id)
    polls, one = "/{party_id:str}/polls", "/{party_id:str}/polls/{poll_id:str}"
    return Router(
        PREFIX,
        route_handlers=[
            get(polls, summary="A party's polls")(rest.polls),
            post(polls, status_code=201, summary="Open a poll")(rest.open),
            post(f"{one}/vote", status_code=200, summary="Vote")(rest.vote),
            post(f"{one}/close", status_code=200, summary="Close a poll")(rest.close),
            only(polls, "GET", "POST"),
            only(f"{one}/vote", "POST"),
            only(f"{one}/close", "POST"),
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["party: polls"],
    )
