"""What the recorder makes of offers and answers: it takes VP8 and Opus, sends nothing, and refuses the rest politely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti_media.recorder import sdp
from tutti_media.recorder.sdp import BadDescription, Ours

OURS = Ours("user", "p" * 22, [("sha-256", "AA:BB")])
PATH = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3\r\n"
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    + PATH
)
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 98 99 100 101\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:98 H264/90000\r\na=rtpmap:99 VP8/90000\r\na=rtpmap:100 rtx/90000\r\na=fmtp:100 apt=99\r\n"
    "a=rtpmap:101 VP9/90000\r\na=ssrc-group:FID 7 8\r\na=ssrc:7 cname:x\r\na=ssrc:8 cname:x\r\n" + PATH
)
H264_ALONE = (
    "m=video 9 UDP/TLS/RTP/SAVPF 98\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sendonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:98 H264/90000\r\n" + PATH
)
DATA = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:3\r\na=sctp-port:5000\r\n"
    + PATH
)


def answer(text: str) -> str:
    return sdp.answer(sdp.read(text), OURS, 1, as_client=True)


def sections(text: str) -> list[str]:
    return text.split("\r\nm=")[1:]


def test_vp8_and_its_repairs_are_taken_of_all_that_is_offered() -> None:
    audio, video = sections(answer(HEAD + AUDIO + VIDEO))
    assert audio.startswith("audio 9 UDP/TLS/RTP/SAVPF 111\r\n")
    assert video.startswith("video 9 UDP/TLS/RTP/SAVPF 99 100\r\n")
    assert "a=fmtp:100 apt=99" in video
    assert "a=recvonly" in audio
    assert "a=setup:active" in audio


def test_streams_and_their_repairs_are_known_from_the_offer() -> None:
    _, video = sdp.read(HEAD + AUDIO + VIDEO).sections
    assert (video.payload, video.repairs, video.ssrcs, video.repair_ssrcs) == (99, 100, (7,), (8,))


def test_what_cannot_be_recorded_is_refused_and_the_rest_is_not() -> None:
    text = answer(HEAD + AUDIO + VIDEO + H264_ALONE + DATA)
    _, video, h264, data = sections(text)
    assert (h264.split()[1], data.split()[1], video.split()[1]) == ("0", "0", "9")
    assert "a=group:BUNDLE 0 1\r\n" in text


def test_a_section_that_sends_nothing_is_answered_so() -> None:
    _, video = sections(answer(HEAD + AUDIO + VIDEO.replace("a=sendonly", "a=recvonly")))
    assert "a=inactive" in video


def test_our_part_in_dtls_stays_what_it_was() -> None:
    assert "a=setup:passive" in sdp.answer(sdp.read(HEAD + AUDIO), OURS, 2, as_client=False)


def test_our_offer_can_be_read_by_ourselves() -> None:
    text, offered = sdp.offer(OURS, 1)
    read = sdp.read(text)
    assert [(one.kind, one.payload, one.repairs) for one in read.sections] == [
        (one.kind, one.payload, one.repairs) for one in offered
    ]
    assert {one.mid_extension for one in read.sections} == {1}


@pytest.mark.parametrize(
    "text", ["", "v=0\r\n", HEAD, HEAD + AUDIO.replace("a=fingerprint", "a=nothing"), "\0" * 99, "m=x"]
)
def test_what_is_no_description_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BadDescription):
        sdp.read(text)


@given(st.integers(0, len(HEAD + AUDIO + VIDEO)), st.text(max_size=12))
def test_no_description_breaks_the_recorder(at: int, put_in: str) -> None:
    whole = HEAD + AUDIO + VIDEO
    try:
        found = sdp.read(whole[:at] + put_in + whole[at:])
    except BadDescription:
        return
    sdp.answer(found, OURS, 1, as_client=True)
