"""The OpenAPI document shows what the transcripts say, and what they say now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.test_front_door import asking, serving
from tests.transcripts.examples import KEPT, taken, written
from tutti.examples import with_examples


async def document(folder: Path) -> dict[str, Any]:
    async with serving(folder) as node, asking(node) as http:
        told: dict[str, Any] = (await http.get("/docs/openapi.json")).json()
    return told


def shown(told: dict[str, Any]) -> set[tuple[str, str]]:
    """Operations of which something is shown, by method and path."""
    found = set()
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            places = [operation.get("requestBody") or {}, *operation.get("responses", {}).values()]
            if any("examples" in one.get("content", {}).get("application/json", {}) for one in places):
                found.add((method, path))
    return found


def test_the_file_is_what_the_transcripts_say_now() -> None:
    assert KEPT.read_text("utf-8") == written(), "write it anew: python -m tests.transcripts.examples"


async def test_what_the_transcripts_ask_is_shown_where_it_is_asked(tmp_path: Path) -> None:
    told = await document(tmp_path)
    operations = shown(told)
    assert len(operations) > 30
    assert {
        ("post", "/api/auth/login"),
        ("post", "/api/parties"),
        ("get", "/api/parties/{party_id}/sync_state"),
    } <= operations
    made = told["paths"]["/api/parties"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert "post /api/parties 201" in made
    assert made["post /api/parties 201"]["value"]["title"] == "Film <b>night</b>"


async def test_every_example_is_of_an_operation_that_there_is(tmp_path: Path) -> None:
    told = await document(tmp_path)
    nowhere: dict[str, Any] = {"paths": {"/elsewhere": {"get": {"responses": {}}}}}
    assert shown(with_examples(nowhere)) == set()
    documented = {path for path in told["paths"] if path.startswith("/api/")}
    assert documented
    lost = [one["path"] for one in taken() if not any(_is_of(one["path"], path) for path in documented)]
    assert set(lost) <= {"/api/nowhere"}


def _is_of(concrete: str, path: str) -> bool:
    asked, parts = concrete.split("/"), path.rstrip("/").split("/")
    return len(asked) == len(parts) and all(
        part.startswith("{") or part == one for one, part in zip(asked, parts, strict=True)
    )
