"""Where the token of a WebSocket stands: pages cannot set headers, so it comes in the address or as a subprotocol.

`?token=…`, the subprotocols `bearer, <token>`, `token.<token>` or the bare token, or, from what is no page, the header
`Authorization: Bearer …`. A browser gives up unless one of the subprotocols that it offered is chosen.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tutti.transports.handshake import Handshake

SCHEMES: Final = frozenset(("bearer", "token", "jwt", "access_token", "authorization"))
"""What may be offered beside a token; it is chosen, so that the token need not be said back."""
PREFIXES: Final = ("token.", "bearer.")
LONGEST: Final = 8_192


class Shown(NamedTuple):
    """`token` None: nobody says who this is. `subprotocol`: the one to choose; None: none was offered."""

    token: str | None
    subprotocol: str | None


def token_of(request: Handshake) -> Shown:
    """The token in the address counts before one among the subprotocols, and that before the header's."""
    offered = request.subprotocols
    chosen = next((one for one in offered if one.lower() in SCHEMES), offered[0] if offered else None)
    token = request.query.get("token") or _among(offered) or _in_header(request.headers.get("authorization"))
    return Shown(token if token is not None and len(token) <= LONGEST else None, chosen)


def _among(offered: tuple[str, ...]) -> str | None:
    for one in offered:
        for prefix in PREFIXES:
            if one.lower().startswith(prefix):
                return one[len(prefix) :] or None
    return next((one for one in offered if one.lower() not in SCHEMES), None)


def _in_header(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
