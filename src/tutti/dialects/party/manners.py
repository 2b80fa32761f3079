"""What every route of guide 003 does in one way: who asks, from where, how often, in pages, and once.

Tokens are verified in open mode too: what is told here belongs to accounts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from litestar import Response

from tutti.core.refusals import Reason, Refused
from tutti.dialects.party.pages import Cursors
from tutti.dialects.party.problems import Asked, Unprocessable
from tutti.platform.accounts.throttles import Scope, Throttles
from tutti.platform.once.models import LONGEST_KEY
from tutti.platform.once.once import AnotherRequest, Once, Transaction
from tutti.service.dialect import Declined
from tutti.service.hall import Hall
from tutti.service.ports import Principal

MAX_TOKEN = 8_192
JSON = "application/json"


class Manners:
    def __init__(self, hall: Hall, throttles: Throttles, secret: bytes, once: Once | None = None) -> None:
        self.cursors = Cursors(secret)
        self._hall = hall
        self._throttles = throttles
        self._once = once

    async def owner(self, request: Asked) -> Principal:
        """Whose token this is; else 401."""
        who = await self._hall.verify(bearer(request), address(request))
        if isinstance(who, Refused):
            raise Declined(who)
        return who

    def spend(self, scope: Scope, key: str) -> None:
        """One more of these; else 429."""
        wait_s = self._throttles.take(scope, key)
        if wait_s:
            raise Declined(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s))

    async def once(
        self,
        request: Asked,
        owner: Principal,
        work: Callable[[Transaction], Awaitable[msgspec.Struct]],
        status: int = 200,
    ) -> Response[bytes]:
        """A write in one transaction. With an `Idempotency-Key` it is done once, and answered again for a day."""
        assert self._once is not None, "this server keeps no answers"

        async def done(db: Transaction) -> tuple[int, bytes]:
            return status, msgspec.json.encode(await work(db))

        asked = b"\0".join(
            (request.method.encode(), request.url.path.rstrip("/").encode(), await request.body())
        )
        answer = await self._once.do(owner.id, _key(request), asked, done)
        if isinstance(answer, AnotherRequest):
            raise Unprocessable("This Idempotency-Key was used for another request.")
        headers = {"Idempotent-Replayed": "true"} if answer.again else {}
        return Response(answer.body, status_code=answer.status, media_type=JSON, headers=headers)


def bearer(request: Asked) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token[: MAX_TOKEN + 1] if scheme.lower() == "bearer" and token else None


def address(request: Asked) -> str:
    return request.client.host if request.client else ""


def _key(request: Asked) -> str | None:
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Unprocessable(f"An Idempotency-Key has up to {LONGEST_KEY} printable characters.")
    return key or None
