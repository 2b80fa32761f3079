"""One person's connection: descriptions in and out, packets to the streams they belong to, and the files of it all.

Whoever offers, we only receive. An offer of theirs while ours is open takes its place: the server has already decided
who wins. A description with other DTLS keys is another browser page, and means another `Peer` (`is_another_page`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath

from aiortc.rtcdtlstransport import RTCCertificate
from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from tutti_media.recorder import rtp, sdp
from tutti_media.recorder.feedback import Feedback, Pace, sender_reports
from tutti_media.recorder.path import IceServers, Path
from tutti_media.recorder.sdp import BadDescription, Description, Section
from tutti_media.recorder.stream import Stream, Tally
from tutti_media.recorder.take import Opened, Take
from tutti_media.recorder.timing import PersonClock

CONNECT_WITHIN_S = 20.0
MOST_STREAMS = 8
SLOTS = ("camera", "screen", "third", "fourth")


class Peer:
    """`path_for` names the file of a slot ("camera", "screen"); call `beat`, `report` and `flush` at their intervals."""

    def __init__(
        self,
        now_s: Callable[[], float],
        path_for: Callable[[str], FilePath],
        opened: Opened,
        servers: IceServers,
        certificate: RTCCertificate,
    ) -> None:
        self.offering = False
        self._now_s = now_s
        self._path_for = path_for
        self._opened = opened
        self._began_s = now_s()
        self._path = Path(self._heard_rtp, self._heard_rtcp, servers, certificate)
        self._session = secrets.randbits(62)
        self._sections: tuple[Section, ...] = ()
        self._theirs: Description | None = None
        self._as_client = False
        self._early: list[str] = []
        self._gathered: sdp.Ours | None = None
        self._person = PersonClock()
        self._feedback = Feedback()
        self._pace = Pace()
        self._streams: dict[str, Stream] = {}
        self._by_ssrc: dict[int, tuple[Stream, bool]] = {}
        self._takes: dict[str, Take] = {}

    @property
    def ended(self) -> bool:
        late = self._now_s() - self._began_s > CONNECT_WITHIN_S
        return self._path.ended or (late and not self._path.connected)

    @property
    def tallies(self) -> dict[str, Tally]:
        """By m-line."""
        return {f"{stream.kind} {mid}": stream.tally for mid, stream in self._streams.items()}

    async def offer(self) -> str:
        """Ask them to send; the description for them."""
        ours = await self._gather(controlling=True)
        text, self._sections = sdp.offer(ours, self._session)
        self.offering = True
        return text

    async def answered(self, text: str) -> None:
        """Their answer to our offer. Raises `BadDescription`."""
        theirs = sdp.read(text)
        if not self.offering or len(theirs.sections) != len(self._sections):
            raise BadDescription("an answer to nothing that was asked")
        self.offering = False
        self._sections = tuple(
            _agreed(ours, answer) for ours, answer in zip(self._sections, theirs.sections, strict=True)
        )
        await self._go(theirs, as_client=theirs.dtls.role == "server")

    async def offered(self, text: str) -> str:
        """Their offer, the first or one that changes something; our answer. Raises `BadDescription`."""
        theirs = sdp.read(text)
        self.offering = False
        restarts = self._theirs is not None and self._theirs.ice != theirs.ice
        ours = await self._gather(controlling=False, again=restarts)
        self._session += 1
        self._sections = theirs.sections
        await self._go(theirs, as_client=theirs.dtls.role != "client", again=restarts)
        return sdp.answer(theirs, ours, self._session, as_client=self._as_client)

    def is_another_page(self, text: str) -> bool:
        """Whether this description is of another connection than the one that we have."""
        try:
            theirs = sdp.read(text)
        except BadDescription:
            return False
        return self._theirs is not None and self._theirs.dtls.fingerprints != theirs.dtls.fingerprints

    async def candidate(self, text: str) -> None:
        """One more address of theirs; it may come before the description that it belongs to."""
        if self._theirs is None:
            self._early.append(text)
            return
        try:
            found = candidate_from_sdp(text.removeprefix("a=").removeprefix("candidate:"))
        except (ValueError, AssertionError, LookupError):
            return  # an address that nobody can use
        await self._add([found])

    def beat(self) -> None:
        """Every 50 ms."""
        now_s = self._now_s()
        for stream in self._streams.values():
            for packet in stream.feedback(now_s):
                self._path.send_rtcp(packet)

    def flush(self) -> None:
        """A few times a second."""
        now_s = self._now_s()
        for take in self._takes.values():
            take.flush(now_s)

    def report(self) -> None:
        """Once a second."""
        now_s = self._now_s()
        receptions = [info for stream in self._streams.values() if (info := stream.reception(now_s))]
        if not receptions:
            return
        self._path.send_rtcp(self._feedback.got(receptions))
        videos = [
            stream for stream in self._streams.values() if stream.kind == "video" and stream.ssrc is not None
        ]
        bits_per_s = self._pace.decide(now_s, [stream.delay_s for stream in videos])
        if videos:
            ssrcs = [stream.ssrc for stream in videos if stream.ssrc is not None]
            self._path.send_rtcp(self._feedback.at_most(bits_per_s, ssrcs))

    async def close(self) -> list[FilePath]:
        """Finish the files; which ones there are."""
        await self._path.close()
        now_s = self._now_s()
        for stream in self._streams.values():
            stream.feedback(now_s + CONNECT_WITHIN_S)  # nothing is waited for any more
        # Until it is on the disk, which may be slow: the others are recorded meanwhile.
        closed = [await asyncio.to_thread(take.close, now_s) for take in self._takes.values()]
        return [path for path in closed if path is not None]

    async def _gather(self, *, controlling: bool, again: bool = False) -> sdp.Ours:
        if self._gathered is None or again:
            self._gathered = await self._path.gather(controlling=controlling)
        return self._gathered

    async def _go(self, theirs: Description, *, as_client: bool, again: bool = False) -> None:
        first = self._theirs is None
        self._theirs = theirs
        if first:
            self._as_client = as_client
        self._learn_ssrcs()
        await self._add(theirs.candidates)
        early, self._early = self._early, []
        for text in early:
            await self.candidate(text)
        if first or again:
            self._path.connect(theirs.ice, theirs.dtls, as_client=self._as_client)

    async def _add(self, candidates: Sequence[RTCIceCandidate]) -> None:
        try:
            await self._path.add(candidates)
        except ValueError:
            return  # after its end-of-candidates

    def _learn_ssrcs(self) -> None:
        for section in self._sections:
            if section.sends:
                for ssrc in section.ssrcs:
                    self._by_ssrc[ssrc] = self._stream(section), False
                for ssrc in section.repair_ssrcs:
                    self._by_ssrc[ssrc] = self._stream(section), True

    def _heard_rtp(self, data: bytes) -> None:
        packet = rtp.parse(data)
        if packet is None:
            return
        known = self._by_ssrc.get(packet.ssrc) or self._recognise(packet)
        if known is None:
            return
        stream, repairs = known
        self._pace.got(len(data))
        if repairs:
            if stream.ssrc is None:
                return
            original = rtp.unwrapped(packet, 0, stream.ssrc)
            if original is None:
                return
            packet = original
        stream.packet(packet, self._now_s())

    def _heard_rtcp(self, data: bytes) -> None:
        for report in sender_reports(data):
            known = self._by_ssrc.get(report.ssrc)
            if known is not None and not known[1]:
                known[0].report(report, self._now_s())

    def _recognise(self, packet: rtp.Packet) -> tuple[Stream, bool] | None:
        """Whose packet it is by its MID (RFC 8843 section 9.2), else by a payload type that only one section has."""
        for section in self._sections:
            if section.mid_extension is not None:
                mid = rtp.extension(packet, section.mid_extension)
                if mid is not None and mid == section.mid.encode():
                    return self._known(section, packet)
        fitting = [one for one in self._sections if packet.payload_type in (one.payload, one.repairs)]
        return self._known(fitting[0], packet) if len(fitting) == 1 else None

    def _known(self, section: Section, packet: rtp.Packet) -> tuple[Stream, bool] | None:
        if (
            packet.payload_type not in (section.payload, section.repairs)
            or len(self._by_ssrc) > 8 * MOST_STREAMS
        ):
            return None
        found = self._stream(section), packet.payload_type == section.repairs
        self._by_ssrc[packet.ssrc] = found
        return found

    def _stream(self, section: Section) -> Stream:
        stream = self._streams.get(section.mid)
        if stream is None:
            stream = self._streams[section.mid] = Stream(section.kind, self._person, self._feedback)
            self._take(section).streams.append(stream)
        return stream

    def _take(self, section: Section) -> Take:
        """Their first picture and sound go into one file, their second into another."""
        same = [one for one in self._sections if one.kind == section.kind and one.payload is not None]
        slot = SLOTS[min(same.index(section), len(SLOTS) - 1)]
        if slot not in self._takes:
            self._takes[slot] = Take(lambda: self._path_for(slot), self._person, self._opened)
        return self._takes[slot]


def _agreed(ours: Section, answer: Section) -> Section:
    """What they will send in a section that we offered: their streams, the numbers that they say."""
    if answer.payload is None:
        return Section(ours.kind, ours.mid, None)
    return answer


async def wait_closed(peers: Sequence[Peer]) -> list[FilePath]:
    return [path for paths in await asyncio.gather(*(peer.close() for peer in peers)) for path in paths]
