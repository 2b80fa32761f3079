"""Which STUN and TURN servers a peer is told of, with credentials of its own that end.

TURN: `username` is `expiry:peer`, `credential` base64(HMAC-SHA1(secret, username)), as coturn's `use-auth-secret`
expects them (draft-uberti-behave-turn-rest-00). The secret itself never leaves the server. Without settings nobody is
told of any server: no third party learns of a meeting unless the operator says so.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec


class IceServer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An `RTCIceServer`, as browsers take it."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Ice:
    """What the operator has set. `turn_secret`: shared with the TURN servers; None: there are none."""

    stun_urls: Sequence[str] = ()
    turn_urls: Sequence[str] = ()
    turn_secret: bytes | None = field(default=None, repr=False)
    turn_ttl_s: int = 3600

    @property
    def refresh_every_s(self) -> float | None:
        """How often everybody is to be told anew, so that nobody's credentials end; None: they have none.

        Twice a life: whoever is told at any moment still has half of it when the next time comes.
        """
        return self.turn_ttl_s / 2 if self._has_turn else None

    def ice_servers(self, peer: str, now_wall_s: float) -> tuple[IceServer, ...]:
        """For this peer, from now on. `now_wall_s`: seconds since 1970, as the TURN server's clock has it too."""
        stun = (IceServer(tuple(self.stun_urls)),) if self.stun_urls else ()
        return (*stun, *self._turn(peer, now_wall_s))

    @property
    def _has_turn(self) -> bool:
        return bool(self.turn_urls) and self.turn_secret is not None

    def _turn(self, peer: str, now_wall_s: float) -> tuple[IceServer, ...]:
        if not self.turn_urls or self.turn_secret is None:
            return ()
        username = f"{int(now_wall_s) + self.turn_ttl_s}:{peer}"
        password = b64encode(hmac.digest(self.turn_secret, username.encode(), "sha1")).decode()
        return (IceServer(tuple(self.turn_urls), username, password),)
