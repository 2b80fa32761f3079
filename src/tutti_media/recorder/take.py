"""A file of one person's camera, or of their screen: sound and picture, written together in the order of their time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tutti_media.recorder import webm
from tutti_media.recorder.stream import Frame, Stream
from tutti_media.recorder.timing import PersonClock
from tutti_media.recorder.webm import Block, WebmFile

UNFINISHED = ".part.webm"
"""How the name of a file ends that is being written: it plays, and is not seekable yet."""
HOLD_S = 1.1
"""How long frames wait for the other stream's frames of the same time; longer than `Ordering` waits for packets."""

AT_ONCE_S = 1_000.0

Opened = Callable[[Path, float], None]


class Take:
    """`opened` is told the file's name and the time, by our clock, of its beginning. `flush` it a few times a second."""

    def __init__(self, path: Callable[[], Path], person: PersonClock, opened: Opened) -> None:
        self.streams: list[Stream] = []
        self._path = path
        self._person = person
        self._opened = opened
        self._file: WebmFile | None = None
        self._begin_s = 0.0
        self._last_ms = {webm.VIDEO: -1, webm.AUDIO: -1}

    def flush(self, now_s: float) -> None:
        """Write what will not be overtaken by anything any more."""
        if all(stream.settled(now_s) for stream in self.streams):
            self._write(now_s - HOLD_S)

    def close(self, now_s: float) -> Path | None:
        """Write what there is and finish the file; where it is, or None if nothing came."""
        for stream in self.streams:
            stream.settled(now_s + AT_ONCE_S)  # nothing more will come: times are what they are
        self._write(now_s + AT_ONCE_S)
        if self._file is None:
            return None
        self._file.finish()
        whole = finished(self._file.path)
        self._file.path.rename(whole)
        self._file = None
        return whole

    def _write(self, until_s: float) -> None:
        if self._file is None:
            self._person.settle()
        due: list[tuple[float, int, Frame]] = []
        for stream in self.streams:
            track = webm.VIDEO if stream.kind == "video" else webm.AUDIO
            due += _take_due(stream, track, until_s)
        if due:
            due.sort(key=lambda one: one[0])
            self._file_for(due).write([self._block(*one) for one in due])

    def _file_for(self, due: Sequence[tuple[float, int, Frame]]) -> WebmFile:
        file = self._file
        if file is None:
            self._begin_s = due[0][0]
            file = self._file = WebmFile(self._path())
            self._opened(file.path, self._begin_s)
        for _, track, frame in due:
            if track == webm.AUDIO:
                file.has_audio()
            elif frame.size is not None:
                file.has_video(*frame.size)
        return file

    def _block(self, at_s: float, track: int, frame: Frame) -> Block:
        """A track's time never goes back, even when a sender corrects its clock."""
        at_ms = max(round((at_s - self._begin_s) * 1000), self._last_ms[track] + 1)
        self._last_ms[track] = at_ms
        return Block(at_ms, track, frame.key, frame.data)


def finished(path: Path) -> Path:
    """The name of a file when it is whole."""
    return path.with_name(path.name.removesuffix(UNFINISHED) + ".webm")


def _take_due(stream: Stream, track: int, until_s: float) -> list[tuple[float, int, Frame]]:
    """Take them out of the stream; they are in order."""
    count = 0
    due: list[tuple[float, int, Frame]] = []
    for frame in stream.waiting:
        at_s = stream.at_s(frame)
        if at_s > until_s:
            break
        due.append((at_s, track, frame))
        count += 1
    del stream.waiting[:count]
    return due
