"""Whose request or socket this is.

Guide 002's requests name nobody: the token tells. One that looks like ours is verified in every mode, so that a client
learns when its token has expired. In open mode anything else is believed: a `userId` in the query, an `X-User-Id`
header or the socket's `auth`, else a guest's name that stays the same with the same token.
"""

from __future__ import annotations

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.dialects.nearby.problems import Asked
from tutti.service.dialect import Declined
from tutti.service.hall import Hall
from tutti.service.identity import MAX_ID, believed, matched
from tutti.service.passes import is_pass
from tutti.service.ports import Principal

NAME = "nearby"
MAX_TOKEN = 8_192
NO_TOKEN = Refused(Reason.UNAUTHENTICATED, "This token is not valid")


async def known(hall: Hall, token: str | None, claimed: MemberId | None, client: str) -> Principal | Refused:
    """Who it is that comes with this token, or says so."""
    if token is not None and (len(token) > MAX_TOKEN or is_pass(token)):
        return NO_TOKEN
    if hall.gate.verifies(NAME) or looks_signed(token):
        principal = await hall.verify(token, client)
        return principal if isinstance(principal, Refused) else matched(principal, claimed)
    return believed(token, claimed)


async def asking(hall: Hall, request: Asked) -> Principal:
    """Who sends this request. Counted: a person asks only so often."""
    who = await known(hall, bearer(request), _claim(request), address(request))
    if isinstance(who, Refused):
        raise Declined(who)
    slow = hall.taken(hall.people, who.id)
    if slow is not None:
        raise Declined(slow)
    return who


def address(request: Asked) -> str:
    return request.client.host if request.client else ""


def looks_signed(token: str | None) -> bool:
    """A JSON Web Token: three parts, of which the first is a JSON object in base 64."""
    return token is not None and token.startswith("eyJ") and token.count(".") == 2


def bearer(request: Asked) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _claim(request: Asked) -> MemberId | None:
    claimed = request.headers.get("x-user-id") or request.query_params.get("userId")
    if not claimed:
        return None
    if len(claimed) > MAX_ID or not claimed.isprintable():
        raise Declined(Refused(Reason.OUT_OF_RANGE, "A user id has 1 to 128 characters that can be printed"))
    return MemberId(claimed)
