"""What the protocol page says is what is spoken: no event or code is left out, and what it prints is understood."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from tests.clocks import TurnedClock
from tutti.core.refusals import Reason
from tutti.dialects.meet import dialect, errors, fields, spoken
from tutti.dialects.meet.dialect import Meet
from tutti.service import dialect as d

PAGE = (Path(__file__).parents[2] / "docs/reference/protocol/meet.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("event", sorted(dialect.HEARD))
def test_every_event_that_clients_say_stands_in_the_page(event: str) -> None:
    assert re.search(rf"`{event}[`{{]", PAGE), event


@pytest.mark.parametrize("event", sorted(dialect.SPOKEN))
def test_every_event_that_is_told_stands_in_the_page_with_its_fields(event: str) -> None:
    assert re.search(rf"`{event}[`{{]|\"{event}\"", PAGE), event
    names = [field.encode_name for field in msgspec.structs.fields(dialect.SPOKEN[event])]
    assert [name for name in names if not re.search(rf"\b{name}\b", PAGE)] == []


def test_every_code_and_every_close_stands_in_the_tables() -> None:
    codes = {errors.code(reason) for reason in Reason} | {errors.INVALID_MESSAGE}
    assert codes == set(re.findall(r"^\| (?:＋ )?`([A-Z_]+)` \|", PAGE, re.MULTILINE))
    closes = {code for code in errors.CLOSE_CODES.values() if code is not None}
    assert closes <= set(map(int, re.findall(r"^\| (1\d{3}) \|", PAGE, re.MULTILINE)))


def test_the_emoji_are_the_guides() -> None:
    assert all(emoji in PAGE for emoji in fields.Emoji.__args__)  # type: ignore[attr-defined] # of a Literal


def test_what_is_printed_of_joining_is_what_is_said_and_told() -> None:
    block = PAGE.partition("```json\n")[2].partition("```")[0]
    decoder = json.JSONDecoder()
    join, end = decoder.raw_decode(block)
    peers, _ = decoder.raw_decode(block[end:].lstrip())
    meet = Meet(TurnedClock(), issue=lambda room, member: "", new_id=lambda: "")
    said = msgspec.Raw(json.dumps(join["data"]).encode())
    assert isinstance(meet.hear(join["event"], (said, msgspec.Raw(b'["r",null]')), 0.0), d.Enter)
    told = msgspec.convert(peers["data"], spoken.Peers)
    assert told.your_id == "peer_abc123"
    fields_ = {field.encode_name for field in msgspec.structs.fields(spoken.Peers)}
    assert set(peers["data"]) == fields_ - {"recording"}
