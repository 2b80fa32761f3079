"""Examples in the OpenAPI document: what was asked and answered in the transcripts that the tests play.

`examples.json` is written by `python -m tests.transcripts.examples`. `<party>` and the like stand for what differs from
one time to the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin

FILE = Path(__file__).with_name("examples.json")
Schema = dict[str, Any]


class JsonDocument(JsonRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: Schema) -> bytes:
        return super().render(request, with_examples(openapi_schema))


class SwaggerPage(SwaggerRenderPlugin):
    def render(self, request: Request[Any, Any, Any], openapi_schema: Schema) -> bytes:
        return super().render(request, with_examples(openapi_schema))


def with_examples(schema: Schema) -> Schema:
    """Each with the operation that it is of; one whose answer is not in the document is left out of it."""
    patterns = {path: _pattern(path) for path in schema["paths"]}
    for example in _examples():
        path = _most_exact(path for path, pattern in patterns.items() if pattern.fullmatch(example["path"]))
        operation = schema["paths"].get(path, {}).get(example["method"])
        if operation is not None:
            _put(operation.get("requestBody"), example, "asked")
            _put(operation.get("responses", {}).get(example["status"]), example, "answered")
    return schema


def _put(place: Schema | None, example: Schema, what: str) -> None:
    content = (place or {}).get("content", {}).get("application/json")
    if content is None or example[what] is None:
        return
    named = content.setdefault("examples", {})
    name = f"{example['method']} {example['path']} {example['status']}"
    named[name] = {"summary": example["title"], "value": example[what]}


def _most_exact(paths: Iterable[str]) -> str:
    """The one with the fewest parameters."""
    return min(paths, key=lambda path: path.count("{"), default="")


def _pattern(path: str) -> re.Pattern[str]:
    exact = re.escape(path.rstrip("/"))
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", exact))


@cache
def _examples() -> tuple[Schema, ...]:
    return tuple(json.loads(FILE.read_text("utf-8")))
