"""A connection is told when its room lets go of it, and after whatever it asked has been answered."""

from __future__ import annotations

import msgspec

from tests.rooms import HOST
from tests.service.timed import ANN, TIMED, opened, say
from tests.service.world import ROOM, Probe, World, settle
from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.core.room import Room
from tutti.service.session import Session


class Partings:
    """What a connection was answered and told, in order."""

    def __init__(self, world: World) -> None:
        self.heard: list[str] = []
        self.session = Session(world.hall, Probe("socket"), token=None, principal=None, parted=self._parted)

    def ask(self, name: str, *more: object) -> None:
        raw = [msgspec.Raw(msgspec.json.encode(arg)) for arg in (ROOM, "ann", *more)]
        self.session.hear(TIMED, name, raw, lambda answer: self.heard.append(answer.decode()))

    def _parted(self, room: Room | None, member: MemberId) -> None:
        here = room is not None and member in room.members
        closed = room.closed.value if room is not None and room.closed is not None else None
        self.heard.append(f"parted: {member}, here {here}, closed {closed}")


async def test_whoever_leaves_hears_that_it_is_done_and_is_then_let_go() -> None:
    async with World() as world:
        await opened(world)
        ann = Partings(world)
        ann.ask("enter")
        await settle()
        ann.ask("exit")
        await settle()
        assert ann.heard == ['"ok"', '"ok"', "parted: ann, here False, closed None"]


async def test_whoever_is_removed_is_let_go() -> None:
    async with World() as world:
        await opened(world)
        ann = Partings(world)
        await say(ann.session, "enter", "ann")
        await world.rooms.ask(ROOM, c.Expel(ANN), HOST)
        assert ann.heard == ["parted: ann, here False, closed None"]


async def test_everybody_is_let_go_by_a_room_that_ends() -> None:
    async with World() as world:
        await opened(world)
        ann = Partings(world)
        await say(ann.session, "enter", "ann")
        await world.rooms.ask(ROOM, c.Close(), HOST)
        assert ann.heard == ["parted: ann, here True, closed host_ended"]


async def test_whoever_goes_by_itself_or_says_hello_again_is_not_let_go() -> None:
    async with World() as world:
        await opened(world)
        ann = Partings(world)
        await say(ann.session, "enter", "ann")
        await say(ann.session, "enter", "ann")
        ann.session.closed()
        await settle()
        assert ann.heard == []
