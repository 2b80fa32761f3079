"""Whatever is sent to a path below `/api/` that the OpenAPI document names, the server does not fail.

Schemathesis makes the requests: what the document allows, and what it does not, every second one about something that
is there. They are the same on each run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.core.result import Err, Ok

from tests.e2e.server import serving

pytestmark = pytest.mark.e2e

Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]
Call = Callable[[Request], Response]

BEN = {"email": "ben@example.org", "password": "correct horse battery", "username": "ben"}
ANN = {"email": "ann@example.org", "password": "correct horse battery", "username": "ann"}
CHEAP = {"TUTTI_LIMITS": "off", "PASSWORD_MEMORY_KIB": "8", "PASSWORD_PASSES": "1", "TUTTI_LOG": "json"}
EXAMPLES = 5
"""Of each operation and mode: there are many operations."""
ENDS_SOMETHING = ("/end", "/leave", "/block", "/kick")
ENDS_THE_LOGIN = ("/logout", "/auth/sessions", "/change-password", "/reset-password")
NOT_SET_UP = "Signing in with Spotify is not set up on this server"


@dataclass
class Seen:
    """`failed`: by operation, what was sent that the server could not answer, and what it said.

    `untold`: what accounts answer and the document does not say.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    untold: set[tuple[str, int]] = field(default_factory=set)


@pytest.mark.timeout(180)
async def test_nothing_that_is_sent_below_api_makes_the_server_fail(tmp_path: Path) -> None:
    async with serving(tmp_path, env=CHEAP) as server:
        async with httpx.AsyncClient(base_url=server.url) as http:
            token, there = await _an_evening(http)
            described = (await http.get("/docs/openapi.json")).json()
        seen = await asyncio.to_thread(_try, server.url, described, token, there)
        bugs = [line for line in server.lines if '"bug"' in line]
    assert seen.failed == {}
    assert bugs == []
    assert seen.untold == set()
    assert seen.statuses[200] + seen.statuses[201] > 60, seen.statuses
    assert seen.statuses[400] + seen.statuses[404] + seen.statuses[422] > 200, seen.statuses


async def _an_evening(http: httpx.AsyncClient) -> tuple[str, dict[str, dict[str, str]]]:
    """Ann's token, and what there is for her: ids by the beginning of a path, and by their names in it."""
    ben = (await http.post("/api/auth/register/", json=BEN)).json()
    ann = (await http.post("/api/auth/register/", json=ANN)).json()
    http.headers["Authorization"] = f"Bearer {ann['access']}"

    async def made(path: str, body: object) -> str:
        answer = await http.post(path, json=body)
        assert answer.is_success, (path, answer.text)
        return str(answer.json().get("id"))

    party = await made("/api/parties/", {"title": "Film night", "visibility": "public"})
    await made(f"/api/parties/{party}/start/", {})
    line = await made(f"/api/chat/{party}/messages/send/", {"message": "Hello"})
    question = {"question": "Now?", "poll_type": "yes_no"}
    poll = await made(f"/api/interactive/{party}/polls/", question)
    with_ben = {"type": "direct", "participant_ids": [ben["user"]["id"]]}
    conversation = await made("/api/messaging/conversations/", with_ben)
    message = await made(f"/api/messaging/conversations/{conversation}/messages/", {"content": "Hello"})
    return ann["access"], {
        "/api/parties/": {"party_id": party},
        "/api/chat/": {"party_id": party, "message_id": line},
        "/api/interactive/": {"party_id": party, "poll_id": poll},
        "/api/messaging/conversations/": {
            "which": conversation,
            "message": message,
            "user_id": ben["user"]["id"],
        },
        "/api/users/": {"which": ben["user"]["id"], "user_id": ben["user"]["id"]},
    }


def _try(url: str, described: dict[str, Any], token: str, there: dict[str, dict[str, str]]) -> Seen:
    document = schemathesis.openapi.from_dict(described).include(path_regex="^/api/")
    found = list(document.get_all_operations())
    assert [one.err() for one in found if isinstance(one, Err)] == []
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    operations.sort(key=_lateness)
    seen = Seen()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    for operation in operations:
        ids = next((known for path, known in there.items() if operation.path.startswith(path)), {})
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _ask(partial(Request.call, base_url=url, session=session), operation, mode, ids, seen)
    return seen


def _lateness(operation: Operation) -> int:
    """What leaves nothing to try anything with comes last."""
    if operation.path.endswith(ENDS_THE_LOGIN):
        return 2
    return 1 if operation.method == "delete" or operation.path.endswith(ENDS_SOMETHING) else 0


def _ask(call: Call, operation: Operation, mode: GenerationMode, ids: Mapping[str, str], seen: Seen) -> None:
    numbers = count()
    told = {int(status) for status in operation.definition.raw["responses"]}
    if "{" in operation.path:
        told.add(404)  # what is sent for an id may be another path
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
        if next(numbers) % 2:
            case.path_parameters.update(
                {name: ids[name] for name in case.path_parameters.keys() & ids.keys()}
            )
        said = call(case)
        seen.statuses[said.status_code] += 1
        if operation.path.startswith("/api/auth/") and said.status_code not in told:
            seen.untold.add((operation.label, said.status_code))
        if said.status_code >= 500 and NOT_SET_UP not in said.text:
            seen.failed[operation.label] = (
                f"{said.status_code} {said.text[:200]} after {case.as_curl_command()}"
            )

    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        sent()  # where nothing is asked for, nothing can be wrong
