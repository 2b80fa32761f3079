"""A dialect whose players act at set times and steer themselves, for tests: beside `Plain`, whose players do neither."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec

from tests.rooms import HOST, defaults
from tests.service.world import ROOM, Plain, Probe, World, settle
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.drift import Doing
from tutti.core.events import Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.frames import Frame
from tutti.service.ports import Position
from tutti.service.session import Session
from tutti.service.standing import Standing

ANN, BOB = MemberId("ann"), MemberId("bob")


class Timed(Plain):
    """Says of each event what it holds, and hears what `Plain` does and more. The room is always the first argument."""

    name = "timed"
    schedules = True
    echoes = False
    coalesce_above = 1_000

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> d.Sentence:
        room, who, *given = (json.loads(bytes(arg)) for arg in args)
        if name == "come back":
            after = Position(Epoch(given[0]), Seq(given[1]))
            return d.Enter(RoomId(room), MemberId(who), None, resume=after)
        wishes: dict[str, c.Command] = {
            "seek": c.Seek(given[0] if given else 0.0, exact=True),
            "ready": c.SetReady(bool(given) and given[0]),
            "react": c.React("🎉"),
        }
        if name == "observe":
            position, sampled, error, bound = given
            wish: c.Command | None = c.Observe(position, sampled, error, bound, Doing.PLAYING)
        else:
            wish = wishes.get(name)
        if wish is None:
            return super().hear(name, args, received_ms)
        return d.Ask(RoomId(room), MemberId(who), wish)

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
        told = {"event": type(recorded.event).__name__, "seq": recorded.seq, "at_ms": recorded.at_ms}
        if isinstance(recorded.event, e.TimelineMoved | e.WaitBegan | e.WaitEnded):
            told |= asdict(recorded.event)
        return (Frame(msgspec.json.encode(told)),)

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> tuple[Frame, ...]:
        return (Frame(msgspec.json.encode({"event": "status", **standings})),)


TIMED = Timed()


async def opened(world: World, *, playing: bool = False) -> None:
    """A room that everybody moves."""
    world.rooms.open(ROOM, c.Open("night", "Host", defaults(control=Control.EVERYBODY)), HOST, lambda _: None)
    await settle()
    if playing:
        await world.rooms.ask(ROOM, c.Play(), HOST)
    await settle()


async def enter(
    world: World, who: str, dialect: d.Dialect = TIMED, *, rtt_ms: float = 0.0
) -> tuple[Session, Probe]:
    """Somebody's connection, in the room, that has heard nothing yet."""
    session, probe = world.connect()
    probe.rtt_ms = rtt_ms
    await say(session, "enter", who, dialect=dialect)
    probe.heard.clear()
    return session, probe


async def say(session: Session, name: str, who: str, *more: object, dialect: d.Dialect = TIMED) -> None:
    session.hear(dialect, name, [msgspec.Raw(msgspec.json.encode(arg)) for arg in (ROOM, who, *more)], None)
    await settle()


async def room_of(world: World) -> Room:
    room = await world.rooms.look(ROOM)
    assert isinstance(room, Room)
    return room
