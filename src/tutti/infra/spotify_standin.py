"""A stand-in for Spotify's Web API, for tests and demonstrations: a server of its own that speaks the documented HTTP.

`python -m tutti.infra.spotify_standin --port N`, and the server under test with SPOTIFY_API_URL=http://127.0.0.1:N.
A token `standin:USER:Display Name` (the name may be percent-encoded, or missing) is USER's; any other is expired.
`PUT /standin/behaviour {"kind": "limited", "retry_after": 30, "times": 1}` makes it misbehave, for so many calls or until
told otherwise; `GET` and `DELETE /standin/calls` count the calls it got and forget them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
from typing import Any, Literal
from urllib.parse import unquote

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, delete, get, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

Kind = Literal["ok", "limited", "failing", "slow", "rubbish"]
LONGEST_HOLD_S = 30.0
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Behaviour(msgspec.Struct, frozen=True):
    """`retry_after` is the header of a 429 as it is sent, in seconds; None leaves it out. `times` None: until changed."""

    kind: Kind = "ok"
    retry_after: int | str | None = 30
    status: int = 503
    times: int | None = None


class StandIn:
    """What it was told to do, and what it was asked."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.calls = {"me": 0, "tracks": 0}
        self._left: int | None = None
        self._changed = asyncio.Event()
        self._called = asyncio.Condition()

    def behave(self, behaviour: Behaviour) -> None:
        """From the next call on; calls that are being held are answered."""
        self.behaviour, self._left = behaviour, behaviour.times
        self._changed.set()
        self._changed = asyncio.Event()

    def forget_calls(self) -> None:
        self.calls = dict.fromkeys(self.calls, 0)

    async def was_called(self, times: int) -> None:
        """Return when it has been called so often."""
        async with self._called:
            await self._called.wait_for(lambda: sum(self.calls.values()) >= times)

    async def misbehaviour(self, endpoint: str) -> Response[Any] | None:
        """Count the call. What to answer instead of the truth, if anything; a slow call returns when it is released."""
        self.calls[endpoint] += 1
        async with self._called:
            self._called.notify_all()
        now = self._take()
        match now.kind:
            case "ok":
                return None
            case "limited":
                headers = {} if now.retry_after is None else {"Retry-After": str(now.retry_after)}
                return problem(429, "API rate limit exceeded", headers)
            case "failing":
                return problem(now.status, "Service unavailable")
            case "rubbish":
                return Response("<html>hello</html>", media_type="text/html")
            case "slow":
                await _until(self._changed)
                return None

    def _take(self) -> Behaviour:
        if self._left is None:
            return self.behaviour
        if self._left == 0:
            return Behaviour()
        self._left -= 1
        return self.behaviour


def standin_app(standin: StandIn) -> Litestar:
    return Litestar(
        [me, track, behaviour, calls, forget],
        state=State({"standin": standin}),
        openapi_config=None,
        logging_config=None,
    )


@get("/v1/me")
async def me(request: Request[Any, Any, Any], state: State) -> Response[Any]:
    standin: StandIn = state["standin"]
    if instead := await standin.misbehaviour("me"):
        return instead
    if (owner := _owner(request)) is None:
        return problem(401, "The access token expired")
    user, name = owner
    return Response(
        {
            "id": user,
            "display_name": name,
            "type": "user",
            "uri": f"spotify:user:{user}",
            "product": "premium",
        }
    )


@get("/v1/tracks/{track_id:str}")
async def track(request: Request[Any, Any, Any], state: State, track_id: FromPath[str]) -> Response[Any]:
    """Any well-formed id is a track with facts that follow from it; one that ends in 404 does not exist."""
    standin: StandIn = state["standin"]
    if instead := await standin.misbehaviour("tracks"):
        return instead
    if _owner(request) is None:
        return problem(401, "The access token expired")
    if len(track_id) != 22 or not set(track_id) <= set(BASE62):
        return problem(400, "Invalid base62 id")
    if track_id.endswith("404"):
        return problem(404, "Resource not found")
    return Response(_track_facts(track_id))


@put("/standin/behaviour", status_code=204)
async def behaviour(data: JSONBody[Behaviour], state: State) -> None:
    state["standin"].behave(data)


@get("/standin/calls")
async def calls(state: State) -> dict[str, int]:
    found: dict[str, int] = state["standin"].calls
    return found


@delete("/standin/calls")
async def forget(state: State) -> None:
    state["standin"].forget_calls()


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response[Any]:
    """Spotify's regular error object."""
    return Response(
        {"error": {"status": status, "message": message}}, status_code=status, headers=headers or {}
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="spotify_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) is any free port")
    options = parser.parse_args(arguments)
    config = uvicorn.Config(
        standin_app(StandIn()), host=options.host, port=options.port, log_level="warning", lifespan="off"
    )
    listening = config.bind_socket()
    sys.stdout.write(f"http://{options.host}:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listening])


def _owner(request: Request[Any, Any, Any]) -> tuple[str, str | None] | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    kind, _, rest = token.partition(":")
    user, _, name = rest.partition(":")
    if scheme.lower() != "bearer" or kind != "standin" or not user:
        return None
    return user, unquote(name) or None


def _track_facts(track_id: str) -> dict[str, Any]:
    number = int.from_bytes(hashlib.sha256(track_id.encode()).digest()[:4])
    return {
        "id": track_id,
        "name": f"Track {track_id[:4]}",
        "artists": [
            {"name": f"Artist {number % 97}", "type": "artist"},
            {"name": "Orchestra", "type": "artist"},
        ],
        "duration_ms": 120_000 + number % 240_000,
        "type": "track",
        "uri": f"spotify:track:{track_id}",
    }


async def _until(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LONGEST_HOLD_S):
            await event.wait()
    except TimeoutError:
        return


if __name__ == "__main__":
    main()
