"""Who a token belongs to: ours first, by what it says itself, then whoever else tells who people are."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from tutti.core.ids import MemberId
from tutti.platform.accounts.tokens import AccessTokens, Previous, is_of_our_kind
from tutti.service.ports import Identity, Principal, Unavailable


class JwtIdentity:
    """`wall_ms`: milliseconds since 1970. `previous`: a key that still counts. `ended`: whether that login is over."""

    def __init__(
        self,
        secret: bytes,
        wall_ms: Callable[[], float],
        *,
        previous: Previous | None = None,
        ended: Callable[[str], bool] = lambda _: False,
        random: Callable[[int], bytes] = token_bytes,
    ) -> None:
        self.tokens = AccessTokens(secret, wall_ms, random, previous=previous)
        self._ended = ended

    async def verify(self, token: str) -> Principal | None:
        claims = self.tokens.read(token)
        if claims is None or (claims.session is not None and self._ended(claims.session)):
            return None
        return Principal(MemberId(claims.user), claims.name, claims.expires_ms, claims.session)

    def issue(self, user: str, name: str | None, ttl_s: float) -> str:
        """An access token of no login: for tools, tests and the command line."""
        return self.tokens.issue(user, name, None, ttl_s)


class ChainIdentity:
    """The first that knows the token's owner. Not knowing now weighs less than a yes and more than a no."""

    def __init__(self, *identities: Identity) -> None:
        self._identities = identities

    async def verify(self, token: str) -> Principal | None:
        unsure: Unavailable | None = None
        for identity in self._identities:
            try:
                owner = await identity.verify(token)
            except Unavailable as problem:
                unsure = problem
                continue
            if owner is not None:
                return owner
        if unsure is not None:
            raise unsure
        return None


__all__ = ["ChainIdentity", "JwtIdentity", "Previous", "is_of_our_kind"]
