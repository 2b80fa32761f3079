"""Sound and picture together: whatever the sender's clocks and the network do, judged by the file that comes out."""

from __future__ import annotations

import random
from pathlib import Path

import av
import pytest
from aiortc.rtp import RtcpPacket, RtcpRtpfbPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.sender import Sender
from tutti_media.recorder.feedback import Feedback, SenderReport
from tutti_media.recorder.rtp import Packet
from tutti_media.recorder.stream import UNREPORTED_S, Stream
from tutti_media.recorder.take import Take
from tutti_media.recorder.timing import PersonClock

AGREED_MS = 2.0
"""The file counts in milliseconds, and both streams are rounded."""


class Studio:
    """One person's camera being recorded; `ours_s` is the recorder's clock."""

    def __init__(self, folder: Path) -> None:
        self.person = PersonClock()
        self.streams = {kind: Stream(kind, self.person, Feedback()) for kind in ("audio", "video")}
        self.begins_s = 0.0
        self.take = Take(lambda: folder / "a.part.webm", self.person, self._opened)
        self.take.streams += self.streams.values()

    def close(self, now_s: float) -> dict[str, list[float]]:
        """Milliseconds on the recorder's clock of everything in the file."""
        path = self.take.close(now_s)
        assert path is not None
        found: dict[str, list[float]] = {"audio": [], "video": []}
        with av.open(str(path)) as container:
            for packet in container.demux():
                if packet.pts is not None and packet.size:
                    at_ms = float(packet.pts * packet.time_base) * 1000
                    found[packet.stream.type].append(self.begins_s * 1000 + at_ms)
        return found

    def _opened(self, path: Path, begins_s: float) -> None:
        self.begins_s = begins_s


def errors(found: list[float], captured_s: list[float]) -> list[float]:
    assert len(found) == len(captured_s)
    return [at - captured * 1000 for at, captured in zip(found, captured_s, strict=True)]


@settings(max_examples=25, deadline=None)
@given(
    late_ms=st.tuples(st.integers(0, 120), st.integers(0, 150)),
    clock_s=st.floats(1.0, 4e9),
    timestamps=st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF)),
    seed=st.integers(0, 1000),
)
def test_sound_and_picture_keep_the_time_of_their_capture(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    late_ms: tuple[int, int],
    clock_s: float,
    timestamps: tuple[int, int],
    seed: int,
) -> None:
    """`late_ms`: how much later than the fastest anything may come, and how much later every picture does."""
    chance = random.Random(seed)
    studio = Studio(tmp_path_factory.mktemp("take"))
    sound = Sender(1, 48_000, clock_s, timestamps[0])
    picture = Sender(2, 90_000, clock_s, timestamps[1])
    sounds = [n * 0.02 for n in range(400)]
    pictures = [n * 0.05 for n in range(160)]
    arriving: list[tuple[float, str, Packet | SenderReport]] = [
        (at + 0.01 + chance.random() * late_ms[0] / 1000, "audio", sound.sound(at)) for at in sounds
    ]
    for at in pictures:
        late_s = 0.01 + (late_ms[1] + chance.random() * late_ms[0]) / 1000
        arriving += [(at + late_s, "video", packet) for packet in picture.picture(at, key=at == 0.0)]
    arriving += [(at + 0.01, "audio", sound.report(at)) for at in (2.5, 7.5)]
    arriving += [(at + 0.01, "video", picture.report(at)) for at in (0.5, 1.5, 3.5, 6.5)]
    for number, (at, kind, what) in enumerate(sorted(arriving, key=lambda one: one[0])):
        stream = studio.streams[kind]
        if isinstance(what, Packet):
            stream.packet(what, at)
        else:
            stream.report(what, at)
        if number % 10 == 0:
            studio.take.flush(at)
            stream.feedback(at)
    found = studio.close(8.5)
    late = errors(found["audio"], sounds) + errors(found["video"], pictures)
    assert max(late) - min(late) <= AGREED_MS


def test_a_sender_that_never_reports_is_recorded_by_arrival(tmp_path: Path) -> None:
    studio, sound = Studio(tmp_path), Sender(1, 48_000)
    captured = [n * 0.02 for n in range(300)]
    for at in captured:
        studio.streams["audio"].packet(sound.sound(at), at + 0.03)
        studio.take.flush(at)
    assert max(captured) > UNREPORTED_S
    found = studio.close(7.0)
    late = errors(found["audio"], captured)
    assert max(late) - min(late) <= AGREED_MS


def test_silence_without_packets_stays_as_long_as_it_was(tmp_path: Path) -> None:
    studio, sound = Studio(tmp_path), Sender(1, 48_000)
    captured = [n * 0.02 for n in range(100)] + [30 + n * 0.02 for n in range(100)]
    for at in captured:
        studio.streams["audio"].packet(sound.sound(at), at + 0.01)
        if round(at * 50) % 50 == 0:
            studio.streams["audio"].report(sound.report(at), at + 0.01)
        studio.take.flush(at)
    late = errors(studio.close(33.0)["audio"], captured)
    assert max(late) - min(late) <= AGREED_MS


def test_a_sender_whose_timestamps_stood_still_while_muted_is_put_right_by_its_next_report(
    tmp_path: Path,
) -> None:
    """What comes before that report has the old times, which is wrong by no more than until it comes."""
    studio, sound = Studio(tmp_path), Sender(1, 48_000)
    stream = studio.streams["audio"]
    for n in range(100):
        stream.packet(sound.sound(n * 0.02), n * 0.02)
        if n % 25 == 0:
            stream.report(sound.report(n * 0.02), n * 0.02)
        studio.take.flush(n * 0.02)
    sound.first_timestamp -= 20 * 48_000
    for n in range(100):
        at = 22 + n * 0.02
        stream.packet(sound.sound(at), at)
        if n % 25 == 0:
            stream.report(sound.report(at), at)
        studio.take.flush(at)
    found = studio.close(26.0)["audio"]
    assert abs(found[-1] - found[0] - (22 + 99 * 0.02) * 1000) <= AGREED_MS


def test_another_stream_in_its_place_goes_on_at_its_own_time(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    stream = studio.streams["audio"]
    captured: list[float] = []
    for sender, first_s in ((Sender(1, 48_000), 0.0), (Sender(9, 48_000, first_timestamp=77), 4.0)):
        for n in range(200):
            at = first_s + n * 0.02
            captured.append(at)
            stream.packet(sender.sound(at), at + 0.01)
            if n % 50 == 25:
                stream.report(sender.report(at), at + 0.01)
            studio.take.flush(at)
    late = errors(studio.close(9.0)["audio"], captured)
    assert max(late) - min(late) <= AGREED_MS


def test_what_was_lost_where_the_numbers_begin_anew_is_asked_for() -> None:
    asked = RtcpPacket.parse(Feedback().again(7, [65_534, 65_535, 0, 3, 40]))
    [nack] = asked
    assert isinstance(nack, RtcpRtpfbPacket)
    assert sorted(nack.lost) == [0, 3, 40, 65_534, 65_535]
