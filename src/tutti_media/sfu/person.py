"""One person in a room: what they publish, over which of their connections, and all those connections."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Literal, TypeAlias

from tutti_media.sfu.leg import Leg
from tutti_media.sfu.line import Line
from tutti_media.sfu.pace import Downlink, Uplink
from tutti_media.sfu.source import Track

Shape: TypeAlias = Literal["text", "object", "json"]
"""How a front end writes a description: the SDP, `{type, sdp}`, or that as a text."""


class Person:
    """`changed`: what they publish has. `waits`: for whose offers, which we are to make."""

    def __init__(self, id_: str, username: str | None, changed: Callable[[Person], None]) -> None:
        self.id = id_
        self.username = username
        self.name = secrets.token_hex(8)
        """In RTCP and descriptions: it says that sound and picture belong together, and no more."""
        self.legs: dict[str, Leg] = {}
        self.uplink: Leg | None = None
        self.tracks: list[Track] = []
        self.waits: set[str] = set()
        self.doubted: dict[str, Leg] = {}
        """Made before it came back, with a page that may be another one: nothing is offered about them meanwhile."""
        self.doubted_s = 0.0
        self.shape: Shape | None = None
        self.way_in, self.way_out = Uplink(), Downlink()
        self._changed = changed

    @property
    def begun(self) -> bool:
        """It has said something, or will only answer."""
        return bool(self.legs)

    def published(self, leg: Leg) -> None:
        sending = [line for line in leg.lines if line.sends and line.payload is not None]
        claimed = {line.up for line in sending}
        for line in leg.lines:
            if line not in sending:
                line.up = None
        for line in sending:
            said = line.msid or f"{self.name} {line.kind}{line.mid}"
            if line.up is None:
                line.up = self._before(line, claimed) or Track(line.kind, said)
                claimed.add(line.up)
            elif line.up.said != said:
                line.up.msid = said
            line.up.said = said
        self.tracks = [line.up for line in sending if line.up is not None]
        self._changed(self)

    def hears(self, fraction_lost: int) -> None:
        self.way_out.hears(fraction_lost)

    def loses(self, leg: Leg) -> None:
        """It is closed, or dead: what was sent over it is sent over another."""
        if self.uplink is leg:
            rest = [one for one in self.legs.values() if one is not leg]
            self.uplink = next((one for one in rest if one.connected), next(iter(rest), None))
            for line in leg.lines:
                line.up = None
            if self.uplink is not None and self.uplink not in self.doubted.values():
                self.uplink.consider()

    def _before(self, line: Line, claimed: set[Track | None]) -> Track | None:
        """The same as before, over another connection."""
        left = [track for track in self.tracks if track.kind == line.kind and track not in claimed]
        return next((track for track in left if track.msid == line.msid), next(iter(left), None))
