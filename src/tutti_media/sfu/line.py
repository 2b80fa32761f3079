"""One m-line of one connection: what its browser says of it, and what we have said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tutti_media.sfu import sdp
from tutti_media.sfu.forward import Forward
from tutti_media.sfu.rtp import CARRIED, Numbers
from tutti_media.sfu.source import Track


@dataclass(eq=False, slots=True)
class Line:
    """`may_send`: its browser has something to send in it, if we take it. `invites`: we ask to be sent something
    in it, until that is `answered`.

    `up`: what comes in it; `down`: whose stream goes out in it, `forward` being that.
    """

    kind: str
    mid: str
    payload: int | None
    repairs: int | None
    extensions: Mapping[str, int]
    profile: str = "UDP/TLS/RTP/SAVPF"
    formats: str = "0"
    invites: bool = False
    answered: bool = False
    sends: bool = False
    takes: bool = True
    may_send: bool = False
    msid: str = ""
    ssrcs: tuple[int, ...] = ()
    repair_ssrcs: tuple[int, ...] = ()
    up: Track | None = None
    down: Track | None = None
    forward: Forward | None = None
    agreed: tuple[bool, int | None, str] | None = field(default=None)
    """Whether we take, the stream that we send and its name: as of the last description of ours."""

    @property
    def numbers(self) -> Numbers:
        return tuple((uri, self.extensions[uri]) for uri in CARRIED if uri in self.extensions)

    def is_free_for(self, track: Track) -> bool:
        return self.kind == track.kind and self.payload is not None and self.down is None and self.takes

    def hear(self, said: sdp.Said, *, offered: bool) -> None:
        """`offered`: in an offer; else in an answer to ours."""
        self.payload, self.repairs, self.extensions = said.payload, said.repairs, said.extensions
        self.profile, self.formats = said.profile, said.formats
        self.sends, self.takes = said.sends, said.takes
        if offered or (self.agreed is not None and self.agreed[0]):
            self.may_send = said.sends
        self.answered = True
        self.msid, self.ssrcs, self.repair_ssrcs = said.msid, said.ssrcs, said.repair_ssrcs

    def wanted(self, *, uplink: bool, answering: bool) -> tuple[bool, int | None, str]:
        """What `agreed` should be."""
        if self.payload is None:
            return False, None, ""
        take = self.sends if answering else self.may_send or (self.invites and not self.answered)
        if self.forward is None or self.down is None:
            return uplink and take, None, ""
        return uplink and take, self.forward.ssrc, self.down.msid

    def ours(self, name: str, agreed: tuple[bool, int | None, str]) -> sdp.Ours:
        takes, ssrc, msid = agreed
        sends = None if ssrc is None else sdp.Sent(ssrc, name, msid)
        return sdp.Ours(
            self.kind, self.mid, self.payload, self.repairs, self.extensions,
            takes=takes, sends=sends, profile=self.profile, formats=self.formats,
        )  # fmt: skip

    def drop(self) -> None:
        """Nothing goes out in it any more."""
        self.down = None
        self.halt()

    def halt(self) -> None:
        if self.forward is not None:
            self.forward.close()
            self.forward = None
