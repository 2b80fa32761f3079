"""Who is in one room, and that each hears and sees all the others.

Of a pair, whoever came later offers to the one who was there, and we answer for that one and offer to them in turn; two
who were both there before all wait for offers of ours.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

import structlog
from aiortc.rtcdtlstransport import RTCCertificate

from tutti_media.sfu.leg import Leg
from tutti_media.sfu.person import Person, Shape
from tutti_media.sfu.port import Port
from tutti_media.sfu.sdp import BadDescription

log = structlog.get_logger("tutti.sfu")

Data = dict[str, Any]

SETTLED_S = 1.0
"""What a page sent before it was closed has come by then."""


class Outside(Protocol):
    """`tell`: a signal for somebody's browser. `failed`: this one's connections cannot be made."""

    def tell(self, room: str, to: str, event: str, data: Data) -> None: ...

    def failed(self, room: str, member: str) -> None: ...


class Room:
    def __init__(self, name: str, port: Port, certificate: RTCCertificate, outside: Outside) -> None:
        self.name = name
        self.people: dict[str, Person] = {}
        self._port = port
        self._certificate = certificate
        self._outside = outside
        self._dirty: dict[tuple[str, str], None] = {}
        self._looking = False
        self._closing: set[asyncio.Task[None]] = set()

    # -- who is there

    def enter(self, member: str, username: str | None, *, offers: bool) -> None:
        """`offers`: to all who are here, as newcomers do; else it waits for offers. Twice: it is back, and offers."""
        if member in self.people:
            self._doubt(self.people[member])
            return
        person = Person(member, username, self._published)
        for other in self.people.values():
            other.waits.add(member)
            if not offers:
                person.waits.add(other.id)
        self.people[member] = person
        for one in self.people:
            self._touch(member, one)
            self._touch(one, member)

    def leave(self, member: str) -> None:
        person = self.people.pop(member, None)
        if person is None:
            return
        person.uplink = None
        for leg in person.legs.values():
            self._spawn(leg.close())
        person.legs.clear()
        for other in self.people.values():
            other.waits.discard(member)
            if member in other.legs:
                self._drop(other, member)
                self._touch_all(other.id)

    def _doubt(self, person: Person) -> None:
        """Its page may have been loaded again: its first offer about a connection that there was tells."""
        person.waits.clear()
        person.doubted_s = time.monotonic()
        person.doubted = {other: leg for other, leg in person.legs.items() if not leg.unheard}
        self._drop(person, *[other for other, leg in person.legs.items() if leg.unheard])
        for leg in person.legs.values():
            leg.take_back()

    def _settle(self, person: Person, *, another_page: bool) -> None:
        """If it is another page, the others keep what they have of this one."""
        doubted, person.doubted = person.doubted, {}
        if another_page:
            self._drop(person, *[other for other, leg in doubted.items() if person.legs.get(other) is leg])
        else:
            self._touch_all(person.id)

    async def close(self) -> None:
        for member in tuple(self.people):
            self.leave(member)
        while self._closing:
            await asyncio.wait(self._closing)

    # -- what they say

    def signal(self, event: str, sender: str, target: str, data: Mapping[str, Any]) -> None:
        person, about = self.people.get(sender), self.people.get(target)
        if person is None or about is None or event == "candidate":  # we need none: browsers find us
            return
        try:
            text, shape = _read(data.get("sdp"))
            person.shape = shape
            if event == "offer":
                self._offered(person, about, text)
            elif event == "answer" and target in person.legs:
                person.legs[target].answered(text)
        except BadDescription as problem:
            log.info("sfu.description_refused", room=self.name, kind=event, problem=str(problem))
            if event == "offer":
                self._outside.failed(self.name, sender)

    def _offered(self, person: Person, about: Person, text: str) -> None:
        leg = person.legs.get(about.id)
        if about.id in person.waits and (leg is None or leg.unheard):
            return  # made before it knew that it is to wait
        if leg is not None:
            another_page = leg.is_another_page(text)
            if person.doubted.get(about.id) is leg:
                self._settle(person, another_page=another_page)
            elif another_page:
                self._drop(person, about.id)
            leg = person.legs.get(about.id)
        if leg is None:
            leg = self._leg(person, about)
        leg.offered(text)
        self._touch(person.id, about.id)
        self._touch_all(about.id)

    # -- over time

    def tick(self, now_s: float) -> None:
        for person in self.people.values():
            if person.uplink is not None:
                person.uplink.tick(now_s)

    def report(self, now_s: float) -> None:
        """Once a second."""
        shares = {person.id: person.way_out.decide() for person in self.people.values()}
        for person in tuple(self.people.values()):
            self._look_after(person, now_s)
            leg = person.uplink
            if leg is None:
                continue
            sources = leg.sources()
            octets, late = sum(source.octets for source in sources), [source.late_s for source in sources]
            own = person.way_in.decide(now_s, octets, late)
            others = min((share for other, share in shares.items() if other != person.id), default=own)
            pictures = max(1, sum(source.kind == "video" for source in sources))
            leg.report(now_s, pictures * min(own, others))

    def _look_after(self, person: Person, now_s: float) -> None:
        if any(leg.heard_s > person.doubted_s + SETTLED_S for leg in person.doubted.values()):
            self._settle(person, another_page=False)
        if any(leg.late(now_s) for leg in person.legs.values()):
            self._outside.failed(self.name, person.id)
            return
        for other, leg in tuple(person.legs.items()):
            if leg.closed:  # by their browser, which has its reasons, and can be offered another
                self._drop(person, other)
                person.waits.add(other)
                self._touch_all(person.id)
            elif leg.silent(now_s):
                if leg.is_uplink and any(
                    one.connected and not one.silent(now_s) for one in person.legs.values()
                ):
                    person.loses(leg)
                leg.revive()

    # -- connections

    def _drop(self, person: Person, *about: str) -> None:
        legs = [person.legs.pop(one) for one in about]
        for leg in legs:
            person.loses(leg)
            self._spawn(leg.close())

    def _published(self, person: Person) -> None:
        for other in self.people:
            self._touch(other, person.id)

    def _touch_all(self, member: str) -> None:
        for other in self.people:
            self._touch(member, other)

    def _touch(self, member: str, about: str) -> None:
        """Look, when all that happens now has happened, what it means for this connection."""
        if member == about:
            return
        self._dirty[member, about] = None
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._looking = False
        dirty, self._dirty = tuple(self._dirty), {}
        for member, other in dirty:
            person, about = self.people.get(member), self.people.get(other)
            if person is not None and about is not None:
                self._consider(person, about)

    def _consider(self, person: Person, about: Person) -> None:
        leg = person.legs.get(about.id)
        if leg is None:
            silent = person.uplink is None and (about.begun or person.id in about.waits)
            if about.id not in person.waits or not (about.tracks or silent):
                return
            leg = self._leg(person, about)
            person.uplink = person.uplink or leg
            person.shape = person.shape or about.shape
        if person.doubted.get(about.id) is not leg:
            leg.consider()

    def _leg(self, person: Person, about: Person) -> Leg:
        def say(event: str, text: str) -> None:
            shape = person.shape or about.shape or "text"
            data = {"peerId": about.id, "targetPeerId": person.id, "sdp": _written(event, text, shape)}
            if about.username is not None:
                data["username"] = about.username
            self._outside.tell(self.name, person.id, event, data)

        def shown() -> None:
            for track in about.tracks:
                track.wants_picture()

        leg = person.legs[about.id] = Leg(
            person, about, port=self._port, certificate=self._certificate, say=say, shown=shown
        )
        return leg

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _read(told: object) -> tuple[str, Shape]:
    """Raises `BadDescription`."""
    shape: Shape = "text"
    if isinstance(told, str) and told.lstrip().startswith("{"):
        try:
            told, shape = json.loads(told), "json"
        except ValueError:
            raise BadDescription("neither SDP nor JSON") from None
    elif isinstance(told, dict):
        shape = "object"
    text = told.get("sdp") if isinstance(told, dict) else told
    if not isinstance(text, str):
        raise BadDescription("no SDP")
    return text, shape


def _written(event: str, text: str, shape: Shape) -> object:
    if shape == "text":
        return text
    whole = {"type": event, "sdp": text}
    return whole if shape == "object" else json.dumps(whole)
