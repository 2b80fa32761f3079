"""What the SFU makes of a browser's descriptions, and that a browser's parser would take its own."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from tests.media.test_descriptions import AUDIO, DATA, H264_ALONE, HEAD, VIDEO
from tutti_media.sfu import sdp
from tutti_media.sfu.rtp import MID
from tutti_media.sfu.sdp import BadDescription, End, Ours, Sent

END = End("user", "p" * 22, [("sha-256", "AA:BB")], ["192.0.2.7", "2001:db8::7"], 40_000)
OFFER = HEAD + AUDIO + VIDEO


def test_what_can_be_forwarded_is_found_and_the_rest_is_not() -> None:
    audio, video, h264, data = sdp.read(OFFER + H264_ALONE + DATA).lines
    assert (audio.payload, audio.sends, audio.takes, dict(audio.extensions)) == (111, True, True, {MID: 4})
    assert (video.payload, video.repairs, video.ssrcs, video.repair_ssrcs) == (99, 100, (7,), (8,))
    assert (video.sends, video.takes) == (True, False)
    assert (h264.payload, data.payload) == (None, None)
    assert not h264.sends


def test_ours_says_where_we_are_and_what_we_send() -> None:
    lines = [
        Ours("audio", "0", 111, takes=True, sends=Sent(5, "n", "stream mic")),
        Ours("video", "1", None),
    ]
    text = sdp.write(lines, END, 1, 2, setup="passive")
    parsed = SessionDescription.parse(text)
    audio, video = parsed.media
    assert (audio.direction, audio.msid, [one.ssrc for one in audio.ssrc]) == ("sendrecv", "stream mic", [5])
    assert video.port == 0
    assert "a=ice-lite" in text
    assert "a=group:BUNDLE 0\r\n" in text
    assert {one.ip for one in audio.ice_candidates} == set(END.addresses)


@given(st.text(max_size=200))
def test_words_that_are_no_description_are_refused(text: str) -> None:
    with pytest.raises(BadDescription):
        sdp.read(text)


@given(st.data())
def test_a_description_with_anything_in_it_is_read_or_refused(data: st.DataObject) -> None:
    lines = OFFER.split("\r\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    key = lines[at].partition(":")[0]
    lines[at] = data.draw(
        st.one_of(st.just(""), st.text(max_size=40), st.text(max_size=40).map(lambda rest: f"{key}:{rest}"))
    )
    try:
        found = sdp.read("\r\n".join(lines))
    except BadDescription:
        return
    ours = [
        Ours(one.kind, one.mid, one.payload, profile=one.profile, formats=one.formats) for one in found.lines
    ]
    written = sdp.write(ours, END, 1, 1, setup="passive")
    assert len(written.split("\r\nm=")) == 1 + len(ours), "nothing of theirs becomes a line of ours"


@given(st.text(max_size=150))
def test_what_somebody_calls_their_stream_adds_no_line_to_what_others_are_told(name: str) -> None:
    text = OFFER.replace("a=mid:1\r\n", f"a=mid:1\r\na=msid:{name}\r\n")
    try:
        said = sdp.read(text).lines[-1].msid
    except BadDescription:
        return
    assert len(said.split(" ")) <= 2
    assert said.isprintable()
    assert len(said) <= 2 * sdp.LONGEST_NAME + 1
