"""What a recorder says and understands of SDP: it takes Opus and VP8, sends nothing, and everything goes over one path.

Other codecs are not in our descriptions, so a browser sends what a WebM file of ours can hold. JSEP: RFC 9429.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiortc import sdp as parser
from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceParameters

from tutti_media.recorder.rtp import MID_URI

CODECS = {"audio": ("audio/opus", "opus/48000/2"), "video": ("video/vp8", "VP8/90000")}
FEEDBACK = {"audio": ("nack",), "video": ("ccm fir", "nack", "nack pli", "goog-remb")}
OFFERED = ("audio", "video", "video", "audio")
"""Camera and microphone, and a screen with its sound."""


class BadDescription(ValueError):
    """It is no session description, or not one that a recorder can answer."""


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line. `payload` None: nothing of it can be recorded. `repairs`: a payload type that sends `payload` again."""

    kind: str
    mid: str
    payload: int | None
    repairs: int | None = None
    mid_extension: int | None = None
    sends: bool = False
    ssrcs: tuple[int, ...] = ()
    repair_ssrcs: tuple[int, ...] = ()
    profile: str = "UDP/TLS/RTP/SAVPF"
    formats: str = "0"


@dataclass(frozen=True, slots=True)
class Description:
    sections: tuple[Section, ...]
    ice: RTCIceParameters
    dtls: RTCDtlsParameters
    candidates: tuple[RTCIceCandidate, ...]


@dataclass(frozen=True, slots=True)
class Ours:
    """What the other side must know of our end of the path."""

    username: str
    password: str
    fingerprints: Sequence[tuple[str, str]]
    candidates: Sequence[RTCIceCandidate] = field(default=())


def read(text: str) -> Description:
    """Raises `BadDescription`."""
    try:
        parsed = parser.SessionDescription.parse(text)
    except (ValueError, AssertionError, LookupError, TypeError, AttributeError, StopIteration) as problem:
        raise BadDescription(str(problem) or "no session description") from None
    sections = tuple(_section(media, str(index)) for index, media in enumerate(parsed.media))
    paths = [(media.ice, media.dtls) for media in parsed.media]
    ice, dtls = next(((i, d) for i, d in paths if i is not None and d is not None), (None, None))
    if ice is None or dtls is None or not (ice.usernameFragment and ice.password and dtls.fingerprints):
        raise BadDescription("no ICE and DTLS parameters")
    candidates = tuple(candidate for media in parsed.media for candidate in media.ice_candidates)
    return Description(sections, ice, dtls, candidates)


def offer(ours: Ours, session: int) -> tuple[str, tuple[Section, ...]]:
    sections = tuple(
        Section(
            kind, str(mid), payload=111 if kind == "audio" else 96, repairs=None if kind == "audio" else 97,
            mid_extension=1, sends=True,
        )
        for mid, kind in enumerate(OFFERED)
    )  # fmt: skip
    return _write(sections, ours, session, setup="actpass"), sections


def answer(asked: Description, ours: Ours, session: int, *, as_client: bool) -> str:
    """`as_client`: our part in DTLS, which stays what it was first (RFC 5763 section 5)."""
    return _write(asked.sections, ours, session, setup="active" if as_client else "passive")


def _section(media: parser.MediaDescription, fallback_mid: str) -> Section:
    mid = media.rtp.muxId or fallback_mid
    formats = " ".join(str(number) for number in media.fmt)
    if media.kind not in CODECS or media.port == 0:
        return Section(media.kind, mid, None, profile=media.profile, formats=formats)
    wanted = CODECS[media.kind][0]
    codecs = media.rtp.codecs
    payload = next((codec.payloadType for codec in codecs if codec.mimeType.lower() == wanted), None)
    repairs = next(
        (c.payloadType for c in codecs if c.name.lower() == "rtx" and c.parameters.get("apt") == payload),
        None,
    )
    extension = next((found.id for found in media.rtp.headerExtensions if found.uri == MID_URI), None)
    pairs = [group.items for group in media.ssrc_group if group.semantic == "FID" and len(group.items) == 2]
    repair_ssrcs = tuple(int(pair[1]) for pair in pairs)
    return Section(
        media.kind, mid, payload, repairs, extension,
        sends=payload is not None and media.direction in ("sendrecv", "sendonly", None),
        ssrcs=tuple(found.ssrc for found in media.ssrc if found.ssrc not in repair_ssrcs),
        repair_ssrcs=repair_ssrcs, profile=media.profile, formats=formats,
    )  # fmt: skip


def _write(sections: Sequence[Section], ours: Ours, session: int, *, setup: str) -> str:
    bundle = " ".join(section.mid for section in sections if section.payload is not None)
    lines = [
        "v=0", f"o=- {session} {session} IN IP4 0.0.0.0", "s=-", "t=0 0",
        f"a=group:BUNDLE {bundle}", "a=msid-semantic:WMS *",
    ]  # fmt: skip
    for section in sections:
        lines += _lines(section, ours, setup) if section.payload is not None else _refused(section)
    return "\r\n".join(lines) + "\r\n"


def _lines(section: Section, ours: Ours, setup: str) -> list[str]:
    payload = section.payload
    both = [str(payload)] + ([str(section.repairs)] if section.repairs is not None else [])
    lines = [
        f"m={section.kind} 9 {section.profile} {' '.join(both)}", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=mid:{section.mid}", f"a={'recvonly' if section.sends else 'inactive'}", "a=rtcp-mux",
        f"a=ice-ufrag:{ours.username}", f"a=ice-pwd:{ours.password}", f"a=setup:{setup}",
        *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in ours.fingerprints),
        f"a=rtpmap:{payload} {CODECS[section.kind][1]}",
        *(f"a=rtcp-fb:{payload} {feedback}" for feedback in FEEDBACK[section.kind]),
    ]  # fmt: skip
    if section.kind == "audio":
        lines.append(f"a=fmtp:{payload} minptime=10;useinbandfec=1")
    if section.repairs is not None:
        lines += [f"a=rtpmap:{section.repairs} rtx/90000", f"a=fmtp:{section.repairs} apt={payload}"]
    if section.mid_extension is not None:
        lines.append(f"a=extmap:{section.mid_extension} {MID_URI}")
    lines += [f"a=candidate:{parser.candidate_to_sdp(candidate)}" for candidate in ours.candidates]
    return [*lines, "a=end-of-candidates"]


def _refused(section: Section) -> list[str]:
    return [
        f"m={section.kind} 0 {section.profile} {section.formats}", "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}", "a=inactive",
    ]  # fmt: skip
