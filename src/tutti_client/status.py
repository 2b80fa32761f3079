"""What is told on the terminal: one line that stays up to date, lines for what happens, or JSON for programs.

On a terminal the line is redrawn in place; anywhere else a line is written when what it says in words has changed. In
JSON every line is an object with `event`; docs/howto/join-with-mpv.md lists them, and what is listed there stays.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TextIO

from tutti_client.player import Note, Standing
from tutti_client.room import Room

GOOD_MS: Final = 10.0
FAIR_MS: Final = 40.0
_GREEN, _YELLOW, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
_MARKS: Final = {"playing": "▶", "paused": "⏸", "seeking": "⤳", "buffering": "…", "ended": "■"}


class Listener:
    """Where it is told. `gone`: nobody reads it any more."""

    def __init__(self, out: TextIO) -> None:
        self.gone = False
        self._out = out

    def write(self, text: str) -> None:
        if self.gone:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            self.gone = True


class Show(Protocol):
    """What happens, as it is told."""

    def joined(self, room: Room, again: bool) -> None: ...
    def status(self, room: Room | None, standing: Standing, connection: str) -> None: ...
    def note(self, note: Note) -> None: ...
    def lost(self, why: str, retry_in_s: float) -> None: ...
    def left(self, why: str, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Json:
    """One object a line."""

    out: Listener

    def joined(self, room: Room, again: bool) -> None:
        self._write(
            "rejoined" if again else "joined", room=room.id, name=room.name, me=room.me, people=_people(room)
        )

    def status(self, room: Room | None, standing: Standing, connection: str) -> None:
        self._write(
            "status",
            connection=connection,
            state=standing.state,
            error=_rounded(standing.error_ms),
            bound=_rounded(standing.bound_ms),
            position=_rounded(standing.position_ms),
            target=_rounded(standing.target_ms),
            rate=round(standing.rate, 5),
            roomTime=_rounded(standing.at_ms),
            people=_people(room) if room is not None else [],
        )

    def note(self, note: Note) -> None:
        if note.kind == "seek":
            self._write("seek", to=_rounded(note.position_ms))
        else:
            self._write(note.kind, message=note.text)

    def lost(self, why: str, retry_in_s: float) -> None:
        self._write("reconnecting", message=why, inMs=round(retry_in_s * 1000))

    def left(self, why: str, message: str) -> None:
        self._write("left", why=why, message=message)

    def _write(self, event: str, **fields: Any) -> None:
        self.out.write(f"{json.dumps({'event': event, **fields}, ensure_ascii=False)}\n")


class Terminal:
    """`redraws`: on a terminal. `colours`: unless NO_COLOR is set."""

    def __init__(self, out: Listener, *, redraws: bool, colours: bool, width: Callable[[], int]) -> None:
        self._out = out
        self._redraws = redraws
        self._colours = colours
        self._width = width
        self._line = ""
        self._words = ""
        self._waits: str | None = None

    def joined(self, room: Room, again: bool) -> None:
        self._waits = None
        self._say(f"{'Back in' if again else 'In'} {_printable(room.name or room.id)} with {_names(room)}")

    def status(self, room: Room | None, standing: Standing, connection: str) -> None:
        parts = [f"{_MARKS.get(standing.state, '·')} {_time(standing.position_ms)}", self._mine(standing)]
        if room is not None:
            parts += [self._others(room), *_waiting(room)]
        if connection != "connected":
            parts.append(self._coloured(self._waits or "connecting", _RED))
        words = f"{standing.state} {connection} {len(room.members) if room is not None else 0}"
        self._draw(" · ".join(part for part in parts if part), words)

    def note(self, note: Note) -> None:
        if note.kind != "seek":
            self._say(self._coloured(_printable(note.text), _YELLOW))

    def lost(self, why: str, retry_in_s: float) -> None:
        said = f"{_printable(why)}; trying again"
        if self._waits != said:
            self._waits = said
            self._say(self._coloured(f"{said} in {retry_in_s:.1f} s, and until it works", _RED))

    def left(self, why: str, message: str) -> None:  # noqa: ARG002 - `why` is for programs
        self._say(_printable(message))
        self._line = ""

    def _mine(self, standing: Standing) -> str:
        if standing.error_ms is None:
            return "error unknown"
        bound = f" ±{standing.bound_ms:.0f}" if standing.bound_ms is not None else ""
        return self._coloured(f"{standing.error_ms:+.0f}{bound} ms", _colour(standing.error_ms))

    def _others(self, room: Room) -> str:
        told = []
        for member in room.members:
            if member.id == room.me:
                continue
            standing = room.standings.get(member.id)
            error = standing.error if standing is not None else None
            shown = (
                self._coloured("?", _DIM)
                if error is None
                else self._coloured(f"{error:+.0f}", _colour(error))
            )
            told.append(f"{_printable(member.name or member.id)} {shown}")
        return ", ".join(told) or "nobody else is here"

    def _draw(self, line: str, words: str) -> None:
        if self._redraws:
            self._line = line
            self._out.write(f"\r\x1b[K{_cut(line, self._width() - 1)}")
        elif words != self._words:
            self._words = words
            self._out.write(f"{line}\n")

    def _say(self, line: str) -> None:
        if self._redraws:
            self._out.write(f"\r\x1b[K{line}\n{_cut(self._line, self._width() - 1)}")
        else:
            self._out.write(f"{line}\n")

    def _coloured(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours else text


def told_to(out: Listener, *, as_json: bool) -> Show:
    if as_json:
        return Json(out)
    tty = sys.stdout.isatty()
    colours = tty and not os.environ.get("NO_COLOR")
    return Terminal(out, redraws=tty, colours=colours, width=lambda: shutil.get_terminal_size().columns)


def _people(room: Room) -> list[dict[str, Any]]:
    people = []
    for member in room.members:
        standing = room.standings.get(member.id)
        people.append(
            {
                "id": member.id,
                "name": member.name,
                "error": _rounded(standing.error) if standing is not None else None,
                "bound": _rounded(standing.bound) if standing is not None else None,
                "state": standing.state if standing is not None else None,
            }
        )
    return people


def _names(room: Room) -> str:
    others = [_printable(member.name or member.id) for member in room.members if member.id != room.me]
    return ", ".join(others) or "nobody else yet"


def _waiting(room: Room) -> tuple[str, ...]:
    names = [_printable(member.name or member.id) for member in room.members if member.id in room.awaited]
    return (f"waiting for {', '.join(names)}",) if names else ()


def _colour(error_ms: float) -> str:
    size = abs(error_ms)
    return _GREEN if size <= GOOD_MS else _YELLOW if size <= FAIR_MS else _RED


def _time(position_ms: float | None) -> str:
    if position_ms is None:
        return "--:--"
    minutes, seconds = divmod(int(position_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _printable(text: str) -> str:
    """Names come from strangers: nothing in them commands the terminal."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def _cut(line: str, width: int) -> str:
    """To so many columns, colours not counted."""
    shown, kept, i = 0, [], 0
    while i < len(line) and shown < width:
        if line[i] == "\x1b":
            end = line.index("m", i) + 1
            kept.append(line[i:end])
            i = end
            continue
        kept.append(line[i])
        shown += 1
        i += 1
    return "".join(kept) + (_PLAIN if "\x1b" in line else "")
