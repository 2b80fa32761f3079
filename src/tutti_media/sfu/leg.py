"""One connection: to its owner's browser we are the peer that it is about.

Either side may offer at any time. Ours go out when what is agreed is no longer what is wanted, one at a time; when
theirs crosses ours, theirs waits a moment for their answer, which would show that their browser took its own back.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from tutti_media.sfu import rtcp, rtp, sdp
from tutti_media.sfu.forward import Forward
from tutti_media.sfu.line import Line
from tutti_media.sfu.path import Path
from tutti_media.sfu.port import Port
from tutti_media.sfu.sdp import BadDescription
from tutti_media.sfu.source import Source, Track

YIELD_S = 3.0
"""As in `tutti.service.signalling`: a page that is busy answers late."""
CONNECT_WITHIN_S = 12.0
MOST_LINES = 32
MOST_STREAMS = 64
INVITED = ("audio", "video", "video", "audio")
"""Camera and microphone, and a screen with its sound."""


class Owner(Protocol):
    """Whose browser it is. `uplink`: the one of its connections over which it sends."""

    uplink: Leg | None

    def published(self, leg: Leg) -> None:
        """What comes over its uplink is different now: `leg.lines` say what."""
        ...

    def hears(self, fraction_lost: int) -> None:
        """Of a stream that is sent to it, of 256."""
        ...


class About(Protocol):
    """The one that it is told of."""

    @property
    def name(self) -> str: ...

    @property
    def tracks(self) -> Sequence[Track]: ...


Say = Callable[[str, str], None]


class Leg:
    """`say`: a description for its owner, an "offer" or an "answer". Ask it to `consider` when anything has changed."""

    def __init__(
        self,
        owner: Owner,
        about: About,
        *,
        port: Port,
        certificate: RTCCertificate,
        say: Say,
        shown: Callable[[], None],
    ) -> None:
        self.lines: list[Line] = []
        self._owner = owner
        self._about = about
        self._port = port
        self._say = say
        self._us = secrets.randbits(32)
        self._session, self._version = secrets.randbits(62), 0
        self._certificate = certificate
        self._path = Path(port, certificate, self._heard_rtp, self._heard_rtcp, shown)
        self._theirs: sdp.Description | None = None
        self._as_client = False
        self._offering = False
        self._held: str | None = None
        self._yielding: asyncio.TimerHandle | None = None
        self._agreeing_since_s: float | None = None
        self._streams: dict[int, tuple[Source, bool]] = {}

    @property
    def is_uplink(self) -> bool:
        return self._owner.uplink is self

    @property
    def connected(self) -> bool:
        return self._path.connected

    @property
    def closed(self) -> bool:
        """By its browser."""
        return self._path.closed

    def silent(self, now_s: float) -> bool:
        """Nothing comes from its browser any more."""
        return self._theirs is not None and not self._offering and self._path.silent(now_s)

    @property
    def heard_s(self) -> float:
        """When anything came from its browser, by the monotonic clock."""
        return self._path.heard_s

    @property
    def unheard(self) -> bool:
        """Nothing has been said about it by its owner's browser."""
        return self._theirs is None

    def revive(self) -> None:
        """Its browser is silent, and perhaps elsewhere on the net: offer it new addresses."""
        self._path.restart()
        for line in self.lines:
            line.agreed = None
        self.consider()

    def late(self, now_s: float) -> bool:
        """All is agreed, and it has never connected: one that did, and is closed, can be made again."""
        since_s = self._agreeing_since_s
        return not self._path.opened and since_s is not None and now_s - since_s > CONNECT_WITHIN_S

    def is_another_page(self, text: str) -> bool:
        """Whether this is about another connection of theirs than this one. Raises `BadDescription`."""
        theirs = sdp.read(text).dtls.fingerprints
        return self._theirs is not None and self._theirs.dtls.fingerprints != theirs

    # -- descriptions

    def offered(self, text: str) -> None:
        """Raises `BadDescription`."""
        if self._offering:
            self._held = text
            if self._yielding is None:
                self._yielding = asyncio.get_running_loop().call_later(YIELD_S, self._give_way)
            return
        self._answer(sdp.read(text))

    def answered(self, text: str) -> None:
        """Raises `BadDescription`."""
        if not self._offering:
            return
        theirs = sdp.read(text)
        self._check_answer(theirs)
        self._offering = False
        held, self._held = self._held, None
        self._hear(theirs, offered=False)
        self._go(theirs, as_client=theirs.dtls.role == "server")
        if held is not None and self.is_uplink:
            self._invite_what_was_taken_back(held)
        self.consider()

    def consider(self) -> None:
        """Offer, if there is something to say that has not been said."""
        if self._offering:
            return
        if self.is_uplink:
            self._invite()
        self._assign(adding=True)
        wanted = [line.wanted(uplink=self.is_uplink, answering=False) for line in self.lines]
        if any(line.agreed != want for line, want in zip(self.lines, wanted, strict=True)):
            self._offering = True
            self._say("offer", self._describe(wanted, setup="actpass"))

    def take_back(self) -> None:
        """What was offered, or came in between, may never have been heard: whatever is offered next counts."""
        self._held = None
        if self._offering:
            self._offering = False
            for line in self.lines:
                line.agreed = None

    def tick(self, now_s: float) -> None:
        """Often: what is missing, and pictures that are wanted whole."""
        for source in self.sources():
            missing = source.missing(now_s)
            if missing:
                self._path.send_rtcp(rtcp.again(self._us, source.ssrc, missing))
            if source.track.asks_for_picture(now_s):
                self._path.send_rtcp(rtcp.whole_picture(self._us, source.ssrc))

    def report(self, now_s: float, bits_per_s: int) -> None:
        """Once a second, over an uplink."""
        sources = self.sources()
        if not sources:
            return
        self._path.send_rtcp(rtcp.got(self._us, [source.reception(now_s) for source in sources]))
        videos = [source.ssrc for source in sources if source.kind == "video"]
        if videos:
            self._path.send_rtcp(rtcp.at_most(self._us, bits_per_s, videos))

    def sources(self) -> list[Source]:
        """What has come over it, of all that is published."""
        tracks = (line.up for line in self.lines if line.sends)
        mine = {id(source) for source, _ in self._streams.values()}
        return [t.source for t in tracks if t is not None and t.source is not None and id(t.source) in mine]

    async def close(self) -> None:
        if self._yielding is not None:
            self._yielding.cancel()
        for line in self.lines:
            line.drop()
        await self._path.close()

    def _answer(self, theirs: sdp.Description) -> None:
        if self._theirs is not None and self._theirs.ice != theirs.ice:
            self._path.restart()
        for line in self.lines[len(theirs.lines) :]:  # those that only an offer of ours had
            line.drop()
        del self.lines[len(theirs.lines) :]
        self._hear(theirs, offered=True)
        self._assign(adding=False)
        wanted = [line.wanted(uplink=self.is_uplink, answering=True) for line in self.lines]
        as_client = self._as_client if self._theirs is not None else theirs.dtls.role == "server"
        self._say("answer", self._describe(wanted, setup="active" if as_client else "passive"))
        self._go(theirs, as_client=as_client)

    def _hear(self, theirs: sdp.Description, *, offered: bool) -> None:
        if len(theirs.lines) > MOST_LINES:
            raise BadDescription("too many m-lines")
        for index, said in enumerate(theirs.lines):
            if index == len(self.lines):
                self.lines.append(_opened(said))
            elif (self.lines[index].kind, self.lines[index].mid) != (said.kind, said.mid):
                self.lines[index].drop()
                self.lines[index] = _opened(said)
            line = self.lines[index]
            line.hear(said, offered=offered)
            if line.payload is None:
                line.drop()
        if self._owner.uplink is None:
            self._owner.uplink = self
        if self.is_uplink:
            self._owner.published(self)

    def _go(self, theirs: sdp.Description, *, as_client: bool) -> None:
        """Both have said what they want: it is so from now on."""
        if self._theirs is None:
            self._as_client = as_client
            self._agreeing_since_s = time.monotonic()
        self._theirs = theirs
        for line in self.lines:
            if line.forward is not None:
                line.forward.payload_type, line.forward.numbers = line.payload or 0, line.numbers
                line.forward.start()
        self._learn_streams()
        self._path.start(theirs.dtls, as_client=self._as_client)

    def _give_way(self) -> None:
        """They did not answer, so theirs is the offer that counts."""
        self._yielding = None
        held, self._held = self._held, None
        if held is None or not self._offering:
            return
        self._offering = False
        for line in self.lines:
            line.agreed = None
        try:
            self._answer(sdp.read(held))
        except BadDescription:
            return
        self.consider()

    def _check_answer(self, theirs: sdp.Description) -> None:
        """It is one to what was offered, not to something that went before."""
        if [line.mid for line in theirs.lines] != [line.mid for line in self.lines]:
            raise BadDescription("an answer to something else")
        for line, said in zip(self.lines, theirs.lines, strict=True):
            if said.sends and not (line.agreed is not None and line.agreed[0]):
                raise BadDescription("an answer that sends what was not asked for")

    # -- what goes in which line

    def _invite(self) -> None:
        """Lines in which they can send, where there are none: first those that there are, where browsers have tracks."""
        if any(line.may_send or line.invites for line in self.lines):
            return
        there = [line for line in self.lines if line.payload is not None]
        for kind in INVITED:
            line = next((line for line in there if line.kind == kind and not line.invites), None)
            if line is None:
                self._open(kind, invites=True)
            else:
                line.invites, line.answered = True, False

    def _invite_what_was_taken_back(self, held: str) -> None:
        try:
            offered = [said.kind for said in sdp.read(held).lines if said.sends]
        except BadDescription:
            return
        for kind in sdp.CODECS:
            here = sum(line.kind == kind and (line.may_send or line.invites) for line in self.lines)
            for _ in range(offered.count(kind) - here):
                self._open(kind, invites=True)

    def _assign(self, *, adding: bool) -> None:
        tracks = self._about.tracks
        for line in self.lines:
            if line.down is not None and line.down not in tracks:
                line.drop()
        placed = {line.down for line in self.lines}
        for track in tracks:
            if track in placed or not track.msid:
                continue
            free = next((line for line in self.lines if line.is_free_for(track)), None)
            if free is None and adding and len(self.lines) < MOST_LINES:
                free = self._open(track.kind, invites=False)
            if free is not None:
                free.down = track
        for line in self.lines:
            self._aim(line)

    def _aim(self, line: Line) -> None:
        """A stream goes out where there is one, and it is wanted."""
        if line.down is None or not line.takes or line.payload is None:
            line.halt()
        elif line.forward is None:
            path = self._path
            line.forward = Forward(
                line.down, line.payload, line.numbers,
                name=self._about.name, send_rtp=path.send_rtp, send_rtcp=path.send_rtcp,
            )  # fmt: skip

    def _open(self, kind: str, *, invites: bool) -> Line:
        """Another line of ours, with the numbers that this connection uses already."""
        known = next((line for line in self.lines if line.kind == kind and line.payload is not None), None)
        if known is not None:
            payload, repairs, extensions = known.payload, known.repairs, known.extensions
        else:
            payload, repairs, extensions = self._numbers(kind)
        taken = {line.mid for line in self.lines}
        mid = next(str(n) for n in range(MOST_LINES + 1) if str(n) not in taken)
        line = Line(kind, mid, payload, repairs, extensions, invites=invites)
        self.lines.append(line)
        return line

    def _numbers(self, kind: str) -> tuple[int, int | None, dict[str, int]]:
        used = {n for line in self.lines for n in (line.payload, line.repairs)}
        free = (n for n in (*range(96, 128),) if n not in used)
        payload, repairs = sdp.PAYLOADS[kind]
        if payload in used or repairs in used:
            payload, repairs = next(free), next(free) if repairs is not None else None
        known = {uri: number for line in self.lines for uri, number in line.extensions.items()}
        extensions: dict[str, int] = {}
        for uri in sdp.EXTENSIONS[kind]:
            others = {*known.values(), *extensions.values()}
            unused = next(n for n in (sdp.NUMBERS[uri], *range(1, 15)) if n not in others)
            extensions[uri] = known.get(uri, unused)
        return payload, repairs, extensions

    def _describe(self, wanted: Iterable[tuple[bool, int | None, str]], *, setup: str) -> str:
        self._version += 1
        ours = []
        for line, agreed in zip(self.lines, wanted, strict=True):
            line.agreed = agreed
            ours.append(line.ours(self._about.name, agreed))
        found = [(one.algorithm, one.value) for one in self._certificate.getFingerprints()]
        end = sdp.End(
            self._path.ours, self._path.password, [one for one in found if one[0] == "sha-256"],
            self._port.addresses, self._port.number,
        )  # fmt: skip
        return sdp.write(ours, end, self._session, self._version, setup=setup)

    # -- packets

    def _learn_streams(self) -> None:
        for line in self.lines:
            if line.up is not None and line.sends and len(self._streams) < MOST_STREAMS:
                for ssrc in line.ssrcs[:1]:
                    self._stream(line, ssrc, repairs=False)
                for ssrc in line.repair_ssrcs[:1]:
                    self._stream(line, ssrc, repairs=True)

    def _stream(self, line: Line, ssrc: int, *, repairs: bool) -> tuple[Source, bool] | None:
        """A repair is for the source that the same line has."""
        known = self._streams.get(ssrc)
        if known is not None and known[0].track is line.up:
            return known
        if line.up is None or line.payload is None:
            return None
        if not repairs:
            self._streams[ssrc] = Source(line.kind, ssrc, line.payload, line.numbers, line.up), False
        else:
            its = next((s for s, again in self._streams.values() if s.track is line.up and not again), None)
            if its is None:
                return None
            self._streams[ssrc] = its, True
        return self._streams[ssrc]

    def _heard_rtp(self, data: bytes) -> None:
        packet = rtp.parse(data, time.monotonic())
        if packet is None or not self.is_uplink:
            return
        known = self._streams.get(packet.ssrc) or self._recognise(packet)
        if known is None:
            return
        source, repairs = known
        self._path.heard_s = packet.at_s
        if repairs:
            first = rtp.sent_before(packet, source.ssrc, source.payload_type)
            if first is None:
                return
            packet = first
        if source.track.source is not source:
            source.track.comes_from(source)
        source.came(packet)

    def _recognise(self, packet: rtp.Packet) -> tuple[Source, bool] | None:
        """Whose packet it is by its MID (RFC 8843 section 9.2), else by a payload type that only one line has."""
        fitting = [
            line
            for line in self.lines
            if line.sends and packet.payload_type in (line.payload, line.repairs) and line.up is not None
        ]
        for line in fitting:
            number = line.extensions.get(rtp.MID)
            if number is not None and packet.elements and packet.elements.get(number) == line.mid.encode():
                fitting = [line]
        if len(fitting) != 1 or len(self._streams) >= MOST_STREAMS:
            return None
        return self._stream(fitting[0], packet.ssrc, repairs=packet.payload_type == fitting[0].repairs)

    def _heard_rtcp(self, data: bytes) -> None:
        found, now_s = rtcp.heard(data), time.monotonic()
        for ssrc, ntp, timestamp in found.clocks:
            known = self._streams.get(ssrc)
            if known is not None and not known[1]:
                known[0].reported(ntp, timestamp, now_s)
        forwards = {line.forward.ssrc: line.forward for line in self.lines if line.forward is not None}
        for ssrc, sequences in found.lost:
            if ssrc in forwards:
                forwards[ssrc].wanted_again(sequences, now_s)
        for ssrc in found.pictures:
            if ssrc in forwards:
                forwards[ssrc].track.wants_picture()
        for reception in found.receptions:
            if reception.ssrc in forwards:
                self._owner.hears(reception.fraction_lost)


def _opened(said: sdp.Said) -> Line:
    return Line(said.kind, said.mid, said.payload, said.repairs, said.extensions)
