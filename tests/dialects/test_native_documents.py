"""What the protocol page prints is what is spoken: every message in it is decoded, and none is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tutti.core.refusals import Reason
from tutti.dialects.native import errors, rest, spoken, wire
from tutti.dialects.native.dialect import Native
from tutti.service import dialect as d

PAGE = (Path(__file__).parents[2] / "docs/reference/protocol/native.md").read_text(encoding="utf-8")
INLINE = re.findall(r"`(\{\"type\".*?\})`", PAGE)
BLOCKS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects that a block prints. `{…}` stands for one that is printed elsewhere."""
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.replace("{…}", "null")
    while (at := text.find("{", at)) >= 0:
        one, at = decoder.raw_decode(text, at)
        found.append(one)
    return found


def section(title: str) -> str:
    return re.split(r"\n#+ ", PAGE.partition(f"# {title}\n")[2])[0]


PRINTED = [one for text in [*BLOCKS, *(i for i in INLINE if "…}" not in i)] for one in objects(text)]
SAID = [one for one in PRINTED if one.get("type") in wire.HEARD]
TOLD = [one for one in PRINTED if one.get("type") in spoken.SPOKEN and one.get("type") not in wire.HEARD]


def test_every_sentence_is_printed_and_none_that_there_is_not() -> None:
    named = {one["type"] for one in SAID} | set(
        re.findall(r"^\| .*?, `(\w+)` \|", section("What you say"), re.MULTILINE)
    )
    assert named == set(wire.HEARD)
    assert {one["type"] for one in PRINTED if "type" in one} <= {*wire.HEARD, *spoken.SPOKEN}


@pytest.mark.parametrize("said", [one for one in SAID if one["type"] != "ping"], ids=lambda one: one["type"])
def test_each_printed_sentence_is_understood(said: dict[str, Any]) -> None:
    sentence = Native().hear(said["type"], (msgspec.Raw(json.dumps(said).encode()), msgspec.Raw(b'"R"')), 0.0)
    assert isinstance(sentence, d.Ask | d.Enter | d.SignIn)
    fields = {field.encode_name for field in msgspec.structs.fields(wire.HEARD[said["type"]])}
    assert set(said) - {"type"} <= fields, "nothing is printed that would be ignored"


@pytest.mark.parametrize("told", TOLD, ids=lambda one: one["type"])
def test_each_printed_message_has_the_fields_that_are_told(told: dict[str, Any]) -> None:
    struct = spoken.SPOKEN[told["type"]]
    fields = {field.encode_name: field.required for field in msgspec.structs.fields(struct)}
    assert {name for name, required in fields.items() if required} <= set(told) - {"type"} <= set(fields)


def test_every_event_stands_in_the_table_with_its_fields() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section("What you hear"), re.MULTILINE))
    assert set(rows) == {str(event.__struct_config__.tag) for event in spoken.EVENTS}
    for event in spoken.EVENTS:
        row = rows[str(event.__struct_config__.tag)]
        own = [field.encode_name for field in msgspec.structs.fields(event)][2:]
        assert [name for name in own if f"`{name}`" not in row] == []


def test_every_message_without_a_number_is_printed() -> None:
    printed = {one["type"] for one in PRINTED if "type" in one}
    assert {str(other.__struct_config__.tag) for other in spoken.OTHERS} <= printed


def test_the_room_is_printed_with_all_that_there_is_of_it() -> None:
    (room,) = (one for text in BLOCKS if '"chatOn"' in text for one in objects(text))
    assert set(room) == {field.encode_name for field in msgspec.structs.fields(spoken.Snapshot)}
    room["queue"][0]["media"] = room["media"]
    assert msgspec.convert(room, spoken.Snapshot).host == "ada"


def test_what_is_printed_of_http_is_what_is_asked_and_answered() -> None:
    asked, answered = (
        one
        for one in map(objects, BLOCKS)
        if "name" in one[0] and "type" not in one[0] and "host" not in one[0]
    )
    assert set(asked[0]) == {field.encode_name for field in msgspec.structs.fields(rest.NewRoom)}
    msgspec.convert(asked[0], rest.NewRoom).opening()
    assert set(answered[0]) == {field.encode_name for field in msgspec.structs.fields(rest.MadeRoom)}


def test_every_refusal_and_every_close_stands_in_the_tables() -> None:
    refusals = set(re.findall(r"`([a-z_]+)`", section("Refusals")))
    assert {reason.code for reason in Reason} - refusals == {"room_exists"}, "the server makes the ids"
    retried = re.findall(r"^\| (.*?) \| yes \|", section("Refusals"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(retried))) == {r.code for r in Reason if r.may_retry}
    closes = set(map(int, re.findall(r"\b([14]\d{3})\b", section("Closing"))))
    assert set(errors.CLOSE_CODES.values()) <= closes
