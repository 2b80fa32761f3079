"""Session descriptions: what of a browser's is understood, and how ours are written (JSEP, RFC 9429).

We take Opus and VP8, which every browser must speak, so that whatever one sends all the others can show. All goes over
one path (BUNDLE), on which a payload type and an extension's number mean one thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiortc import sdp as parser
from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters

from tutti_media.sfu.rtp import LEVEL, MID, ORIENTATION

CODECS = {"audio": ("audio/opus", "opus/48000/2"), "video": ("video/vp8", "VP8/90000")}
FEEDBACK = {"audio": ("nack",), "video": ("ccm fir", "nack", "nack pli", "goog-remb")}
EXTENSIONS = {"audio": (MID, LEVEL), "video": (MID, ORIENTATION)}
NUMBERS = {MID: 1, LEVEL: 2, ORIENTATION: 3}
PAYLOADS = {"audio": (111, None), "video": (96, 97)}
LONGEST_NAME = 128


class BadDescription(ValueError):
    """It is no session description, or not one that can be answered."""


@dataclass(frozen=True, slots=True)
class Said:
    """One m-line as they say it. `payload` None: nothing of it can be forwarded. `repairs`: sends `payload` again."""

    kind: str
    mid: str
    payload: int | None
    repairs: int | None
    extensions: Mapping[str, int]
    sends: bool
    takes: bool
    msid: str
    ssrcs: tuple[int, ...]
    repair_ssrcs: tuple[int, ...]
    profile: str
    formats: str


@dataclass(frozen=True, slots=True)
class Description:
    lines: tuple[Said, ...]
    ice: RTCIceParameters
    dtls: RTCDtlsParameters


@dataclass(frozen=True, slots=True)
class Sent:
    """A stream that we send in an m-line."""

    ssrc: int
    name: str
    msid: str


@dataclass(frozen=True, slots=True)
class Ours:
    """One m-line as we say it. `payload` None: refused."""

    kind: str
    mid: str
    payload: int | None
    repairs: int | None = None
    extensions: Mapping[str, int] = field(default_factory=dict)
    takes: bool = False
    sends: Sent | None = None
    profile: str = "UDP/TLS/RTP/SAVPF"
    formats: str = "0"


@dataclass(frozen=True, slots=True)
class End:
    """Our end of the path."""

    username: str
    password: str
    fingerprints: Sequence[tuple[str, str]]
    addresses: Sequence[str]
    port: int


def read(text: str) -> Description:
    """Raises `BadDescription`."""
    try:
        parsed = parser.SessionDescription.parse(text)
        lines = tuple(_said(media, str(index)) for index, media in enumerate(parsed.media))
    except (ValueError, AssertionError, LookupError, TypeError, AttributeError, StopIteration) as problem:
        raise BadDescription(str(problem) or "no session description") from None
    paths = [(media.ice, media.dtls) for media in parsed.media]
    ice, dtls = next(((i, d) for i, d in paths if i is not None and d is not None), (None, None))
    if ice is None or dtls is None or not (ice.usernameFragment and ice.password and dtls.fingerprints):
        raise BadDescription("no ICE and DTLS parameters")
    return Description(lines, ice, dtls)


def write(lines: Sequence[Ours], end: End, session: int, version: int, *, setup: str) -> str:
    bundle = " ".join(line.mid for line in lines if line.payload is not None)
    text = [
        "v=0", f"o=- {session} {version} IN IP4 127.0.0.1", "s=-", "t=0 0",
        "a=ice-lite", f"a=group:BUNDLE {bundle}", "a=msid-semantic: WMS *",
    ]  # fmt: skip
    for line in lines:
        text += _lines(line, end, setup) if line.payload is not None else _refused(line)
    return "\r\n".join(text) + "\r\n"


def _said(media: parser.MediaDescription, fallback_mid: str) -> Said:
    mid = media.rtp.muxId or fallback_mid
    payload = repairs = None
    if media.kind in CODECS and media.port != 0:
        payload, repairs = _payloads(media)
    pairs = [group.items for group in media.ssrc_group if group.semantic == "FID" and len(group.items) == 2]
    repair_ssrcs = tuple(int(pair[1]) for pair in pairs)
    direction = media.direction or "sendrecv"
    offered = {found.uri: found.id for found in media.rtp.headerExtensions}
    return Said(
        media.kind, mid, payload, repairs,
        {uri: offered[uri] for uri in EXTENSIONS.get(media.kind, ()) if uri in offered and offered[uri] < 15},
        sends=payload is not None and direction in ("sendrecv", "sendonly"),
        takes=payload is not None and direction in ("sendrecv", "recvonly"),
        msid=_msid(media), repair_ssrcs=repair_ssrcs,
        ssrcs=tuple(found.ssrc for found in media.ssrc if found.ssrc not in repair_ssrcs),
        profile=media.profile, formats=" ".join(str(number) for number in media.fmt),
    )  # fmt: skip


def _payloads(media: parser.MediaDescription) -> tuple[int | None, int | None]:
    wanted = CODECS[media.kind][0]
    codecs = media.rtp.codecs
    payload = next((codec.payloadType for codec in codecs if codec.mimeType.lower() == wanted), None)
    repairs = next(
        (c.payloadType for c in codecs if c.name.lower() == "rtx" and c.parameters.get("apt") == payload),
        None,
    )
    return payload, repairs


def _msid(media: parser.MediaDescription) -> str:
    """Of the m-line, or as older browsers say it, of its stream. It goes into descriptions of ours: checked."""
    told = media.msid or next((one.msid for one in media.ssrc if one.msid), None) or ""
    words = told.split()
    fine = 1 <= len(words) <= 2 and all(len(word) <= LONGEST_NAME and word.isprintable() for word in words)
    return " ".join(words) if fine else ""


def _lines(line: Ours, end: End, setup: str) -> list[str]:
    payload = line.payload
    both = [str(payload)] + ([str(line.repairs)] if line.repairs is not None else [])
    text = [
        f"m={line.kind} 9 {line.profile} {' '.join(both)}", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=mid:{line.mid}", f"a={_direction(line)}", "a=rtcp-mux", "a=rtcp-rsize",
        f"a=ice-ufrag:{end.username}", f"a=ice-pwd:{end.password}", f"a=setup:{setup}",
        *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in end.fingerprints),
        f"a=rtpmap:{payload} {CODECS[line.kind][1]}",
        *(f"a=rtcp-fb:{payload} {feedback}" for feedback in FEEDBACK[line.kind]),
    ]  # fmt: skip
    if line.kind == "audio":
        text.append(f"a=fmtp:{payload} minptime=10;useinbandfec=1")
    if line.repairs is not None:
        text += [f"a=rtpmap:{line.repairs} rtx/90000", f"a=fmtp:{line.repairs} apt={payload}"]
    text += [f"a=extmap:{number} {uri}" for uri, number in line.extensions.items()]
    if line.sends is not None:
        text += [f"a=msid:{line.sends.msid}", f"a=ssrc:{line.sends.ssrc} cname:{line.sends.name}"]
    text += [_candidate(number, address, end.port) for number, address in enumerate(end.addresses)]
    return [*text, "a=end-of-candidates"]


def _direction(line: Ours) -> str:
    match line.takes, line.sends is not None:
        case True, True:
            return "sendrecv"
        case True, False:
            return "recvonly"
        case False, True:
            return "sendonly"
        case _:
            return "inactive"


def _candidate(number: int, address: str, port: int) -> str:
    priority = (126 << 24) + ((65_535 - number) << 8) + 255
    return f"a=candidate:{number + 1} 1 udp {priority} {address} {port} typ host"


def _refused(line: Ours) -> list[str]:
    return [
        f"m={line.kind} 0 {line.profile} {line.formats}", "c=IN IP4 0.0.0.0", f"a=mid:{line.mid}", "a=inactive",
    ]  # fmt: skip
