"""How often accounts may be asked what, by scope. In memory: forgetting forgives, never blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tutti.service.limits import Buckets, Rate


class Scope(Enum):
    """By whom it is counted stands in the name. Value: (name, rate)."""

    LOGIN_BY_ADDRESS = ("login", Rate(0.5, 20.0))
    REGISTER_BY_ADDRESS = ("register", Rate(1 / 60, 10.0))
    REFRESH_BY_ADDRESS = ("refresh", Rate(2.0, 60.0))
    LETTER_BY_ADDRESS = ("letter", Rate(1 / 60, 10.0))
    LETTER_BY_EMAIL = ("letter_to", Rate(1 / 600, 3.0))
    CODE_BY_ADDRESS = ("code", Rate(0.2, 20.0))
    WRONG_PASSWORD_BY_ACCOUNT = ("wrong_password", Rate(1 / 60, 10.0))
    WRONG_CODE_BY_ACCOUNT = ("wrong_code", Rate(1 / 300, 5.0))
    FRIEND_REQUEST_BY_ACCOUNT = ("friend_request", Rate(1 / 30, 30.0))
    SEARCH_BY_ACCOUNT = ("search", Rate(2.0, 40.0))
    PARTY_BY_ACCOUNT = ("party", Rate(1 / 60, 20.0))
    PARTY_CODE_BY_ACCOUNT = ("party_code", Rate(1 / 10, 20.0))
    INVITE_BY_ACCOUNT = ("invite", Rate(1 / 30, 60.0))
    CONVERSATION_BY_ACCOUNT = ("conversation", Rate(1 / 20, 30.0))
    MESSAGE_BY_ACCOUNT = ("message", Rate(2.0, 60.0))
    ATTACHMENT_BY_ACCOUNT = ("attachment", Rate(1 / 10, 30.0))
    PICTURE_BY_ACCOUNT = ("picture", Rate(1 / 30, 10.0))

    def __init__(self, word: str, rate: Rate) -> None:
        self.word = word
        self.rate = rate


@dataclass(frozen=True, slots=True)
class Throttles:
    """`now_ms` never goes back. `on` False: for load tests."""

    now_ms: Callable[[], float]
    buckets: dict[Scope, Buckets]

    @classmethod
    def of(cls, now_ms: Callable[[], float], *, on: bool = True) -> Throttles:
        return cls(now_ms, {scope: Buckets(scope.rate) for scope in Scope} if on else {})

    def take(self, scope: Scope, key: str) -> float:
        """One more, before it is tried: many at once cannot slip through. Seconds to wait; 0.0: go ahead."""
        buckets = self.buckets.get(scope)
        return 0.0 if buckets is None else buckets.take(key, self.now_ms())

    def forgive(self, scope: Scope, key: str) -> None:
        """It was right, and so does not count."""
        buckets = self.buckets.get(scope)
        if buckets is not None:
            buckets.put_back(key)
