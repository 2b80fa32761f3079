"""`python -m tests.transcripts.examples`: what guide 003's transcripts ask and are answered, for the OpenAPI document.

Kept as a file of the package, which holds no tests; a test says when it has to be written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "src/tutti/examples.json"

_ASKED = re.compile(
    r"> (?P<who>\S+) (?P<method>GET|POST|PUT|PATCH|DELETE) (?P<path>/api/\S*)(?: (?P<body>\{.*))?"
)
_ANSWERED = re.compile(r"< (?P<who>\S+) (?P<status>\d{3})(?: (?P<body>[\[{].*))?")
_REST = '"...":0'


def taken() -> list[dict[str, Any]]:
    """One for each way in which something went, in the order of the transcripts; what is cut short is no example."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for path in sorted(HERE.glob("party_*.txt")):
        for example in _of(path.read_text("utf-8").splitlines()):
            key = example["method"], example["path"], example["status"]
            known = found.get(key)
            if known is None or (known["answered"] is None and example["answered"] is not None):
                found[key] = example
    return list(found.values())


def written() -> str:
    return json.dumps(taken(), ensure_ascii=False, indent=1) + "\n"


def _of(lines: list[str]) -> Iterator[dict[str, Any]]:
    title = ""
    for at, line in enumerate(lines):
        if line.startswith("# "):
            title = line[2:].rstrip(".")
        asked = _ASKED.fullmatch(line)
        answered = _ANSWERED.fullmatch(lines[at + 1]) if asked is not None and at + 1 < len(lines) else None
        if asked is None or answered is None or asked["who"] != answered["who"]:
            continue
        yield {
            "method": asked["method"].lower(),
            "path": "/" + asked["path"].partition("?")[0].strip("/"),
            "status": answered["status"],
            "title": title or f"{asked['method']} {asked['path'].partition('?')[0]}",
            "asked": _json(asked["body"]),
            "answered": _json(answered["body"]),
        }
        title = ""


def _json(text: str | None) -> Any:
    """None for what has only some of its members."""
    return None if text is None or _REST in text or '"<*>"' in text else json.loads(text)


if __name__ == "__main__":
    KEPT.write_text(written(), "utf-8")
