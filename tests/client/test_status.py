"""What is told on a terminal, and to programs."""

from __future__ import annotations

import io
import json

from tutti_client.player import Note, Standing
from tutti_client.room import Room
from tutti_client.status import Json, Listener, Terminal
from tutti_client.wire import Member, Waiting
from tutti_client.wire import Standing as Told

PLAYING = Standing("playing", 5.0, error_ms=3.2, bound_ms=1.4, position_ms=3_723_000.0, target_ms=3_722_996.8)


def a_room(*names: str, waiting: Waiting | None = None) -> Room:
    members = tuple(Member(id=name.lower(), name=name, ready=False) for name in ("Ann", *names))
    told = {"ben": Told("ben", error=-12.0, bound=1.0, state="playing")}
    return Room("r1", "e1", 1, "ann", name="Film night", members=members, standings=told, waiting=waiting)


def terminal(
    *, redraws: bool = False, colours: bool = False, width: int = 200
) -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    return Terminal(Listener(out), redraws=redraws, colours=colours, width=lambda: width), out


def test_the_line_tells_where_i_am_and_how_far_off_everybody_is() -> None:
    shown, out = terminal()
    shown.status(a_room("Ben", "Cid"), PLAYING, "connected")
    assert out.getvalue() == "▶ 1:02:03 · +3 ±1 ms · Ben -12, Cid ?\n"


def test_it_tells_who_is_waited_for_and_that_it_is_reconnecting() -> None:
    shown, out = terminal()
    shown.lost("the connection was lost", 0.5)
    shown.status(a_room("Ben", waiting=Waiting(("ben",), 9.0)), PLAYING, "lost")
    assert "waiting for Ben" in out.getvalue()
    assert out.getvalue().count("the connection was lost; trying again") == 2, (
        "as it happens, and on the line"
    )


def test_where_lines_cannot_be_redrawn_only_news_makes_another() -> None:
    shown, out = terminal()
    for error in (1.0, 2.0, 3.0):
        shown.status(a_room("Ben"), Standing("playing", 5.0, error_ms=error, bound_ms=1.0), "connected")
    shown.status(a_room("Ben"), Standing("paused", 5.0, error_ms=0.0, bound_ms=1.0), "connected")
    assert len(out.getvalue().splitlines()) == 2


def test_on_a_terminal_it_is_redrawn_within_its_width() -> None:
    shown, out = terminal(redraws=True, colours=True, width=12)
    shown.status(a_room("Ben"), PLAYING, "connected")
    assert "\n" not in out.getvalue()
    assert out.getvalue().startswith("\r\x1b[K▶ 1:02:03 ·")
    assert "Ben" not in out.getvalue()


def test_strangers_names_do_not_command_the_terminal() -> None:
    shown, out = terminal()
    room = a_room("\x1b[2JBen\r\n")
    shown.joined(room, again=False)
    shown.status(room, PLAYING, "connected")
    shown.note(Note("warning", "\x1b]0;title\x07"))
    shown.left("expelled", "\x1b[31mOut")
    assert "\x1b" not in out.getvalue()
    assert "\r" not in out.getvalue()


def test_programs_are_told_the_same_as_json() -> None:
    out = io.StringIO()
    shown = Json(Listener(out))
    room = a_room("Ben")
    shown.joined(room, again=False)
    shown.status(room, PLAYING, "connected")
    shown.note(Note("seek", "to 1.0 s", 1_000.0))
    shown.note(Note("refused", "No"))
    shown.lost("gone", 0.25)
    shown.joined(room, again=True)
    shown.left("left", "Left the room")
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [one["event"] for one in told] == [
        "joined",
        "status",
        "seek",
        "refused",
        "reconnecting",
        "rejoined",
        "left",
    ]
    people = [
        {"id": "ann", "name": "Ann", "error": None, "bound": None, "state": None},
        {"id": "ben", "name": "Ben", "error": -12.0, "bound": 1.0, "state": "playing"},
    ]
    assert told[0] == {"event": "joined", "room": "r1", "name": "Film night", "me": "ann", "people": people}
    assert told[1] == {
        "event": "status", "connection": "connected", "state": "playing", "error": 3.2, "bound": 1.4,
        "position": 3_723_000.0, "target": 3_722_996.8, "rate": 1.0, "roomTime": 5.0, "people": people,
    }  # fmt: skip
    assert told[2] == {"event": "seek", "to": 1_000.0}
    assert told[4] == {"event": "reconnecting", "message": "gone", "inMs": 250}
