"""What the page of a party's sockets says is what is spoken: no message, field or code is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from tutti.core.refusals import Reason
from tutti.dialects.party import chat_rest, polls_rest
from tutti.dialects.party.sockets import errors, fields, party, polls, shapes
from tutti.dialects.party.sockets.lines import WORDS

PAGE = (Path(__file__).parents[2] / "docs/reference/protocol/party-sockets.md").read_text(encoding="utf-8")
BLOCKS = [block.partition("```")[0] for block in PAGE.split("```json\n")[1:]]


@pytest.mark.parametrize(("address", "words"), WORDS, ids=lambda one: str(one)[:30])
def test_every_message_of_every_line_stands_in_the_page_with_its_fields(address: str, words: object) -> None:
    line = next(one for at, one in WORDS if at == address)
    assert f"`{address}`" in PAGE
    for kind, said in {**line.everything_heard, **line.everything_spoken}.items():
        assert re.search(rf"`{kind}[`{{]|\"{kind}\"", PAGE), kind
        names = [field.encode_name for field in msgspec.structs.fields(said)]
        assert [name for name in names if not re.search(rf"\b{name}\b", PAGE)] == [], kind


def test_every_code_stands_in_the_page() -> None:
    codes = {reason.code for reason in Reason} | {errors.INVALID_MESSAGE}
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
    closes = {*errors.CLOSE_CODES.values(), errors.NORMAL}
    assert closes == set(map(int, re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)))


def test_every_path_over_http_stands_in_the_page() -> None:
    assert {chat_rest.PREFIX, polls_rest.PREFIX} <= set(re.findall(r"/api/(?:chat|interactive)", PAGE))


def test_what_is_printed_is_what_is_told() -> None:
    kinds: list[type[msgspec.Struct]] = [party.PartyState, shapes.Message, polls.Poll]
    for block, kind in zip(BLOCKS, kinds, strict=True):
        msgspec.json.decode(block, type=kind)
        names = {field.encode_name for field in msgspec.structs.fields(kind)}
        assert set(json.loads(block)) - {"type"} == names


def test_the_numbers_are_those_of_the_server() -> None:
    assert f"up to {fields.LONGEST_MESSAGE} characters" in PAGE
