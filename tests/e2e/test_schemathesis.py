"""Whatever is sent to a path below `/api/` that the OpenAPI document names, the server does not fail.

Schemathesis makes the requests: what the document allows, and what it does not. They are the same on each run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.result import Err, Ok

from tests.e2e.server import serving

pytestmark = pytest.mark.e2e

Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]

ANN = {"email": "ann@example.org", "password": "correct horse battery", "username": "ann"}
CHEAP = {"TUTTI_LIMITS": "off", "PASSWORD_MEMORY_KIB": "8", "PASSWORD_PASSES": "1", "TUTTI_LOG": "json"}
EXAMPLES = 5
"""Of each operation and mode: there are many operations."""
ENDS_THE_LOGIN = frozenset(("/api/auth/logout", "/api/auth/sessions", "/api/auth/change-password"))
NOT_SET_UP = "Signing in with Spotify is not set up on this server"


@dataclass
class Seen:
    """`failed`: by operation, what was sent that the server could not answer, and what it said."""

    statuses: Counter[int] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)


@pytest.mark.timeout(180)
async def test_nothing_that_is_sent_below_api_makes_the_server_fail(tmp_path: Path) -> None:
    async with serving(tmp_path, env=CHEAP) as server:
        async with httpx.AsyncClient(base_url=server.url) as http:
            made = await http.post("/api/auth/register/", json=ANN)
            described = (await http.get("/docs/openapi.json")).json()
        seen = await asyncio.to_thread(_try, server.url, described, made.json()["access"])
        bugs = [line for line in server.lines if '"bug"' in line]
    assert seen.failed == {}
    assert bugs == []
    assert seen.statuses[200] + seen.statuses[201] > 30, seen.statuses
    assert seen.statuses[400] + seen.statuses[404] + seen.statuses[422] > 200, seen.statuses


def _try(url: str, described: dict[str, Any], token: str) -> Seen:
    document = schemathesis.openapi.from_dict(described).include(path_regex="^/api/")
    found = list(document.get_all_operations())
    assert [one.err() for one in found if isinstance(one, Err)] == []
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    operations.sort(key=lambda operation: operation.path in ENDS_THE_LOGIN)
    seen = Seen()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _ask(session, url, operation, mode, seen)
    return seen


def _ask(session: requests.Session, url: str, operation: Operation, mode: GenerationMode, seen: Seen) -> None:
    cases: st.SearchStrategy[Request] = operation.as_strategy(generation_mode=mode)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def sent(case: Request) -> None:
        said = case.call(base_url=url, session=session)
        seen.statuses[said.status_code] += 1
        if said.status_code >= 500 and NOT_SET_UP not in said.text:
            seen.failed[operation.label] = (
                f"{said.status_code} {said.text[:200]} after {case.as_curl_command()}"
            )

    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        sent()  # where nothing is asked for, nothing can be wrong
