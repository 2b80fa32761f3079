"""How long a connection may go on as who it is: as long as its token lives, and as the login that it came from.

A connection whose token has died says nothing more that is heeded, and has 30 seconds to show a fresh one. One whose
login is ended is closed at once, and what is left of its tokens opens no other.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from tutti.service.timers import Timer, TimerWheel

FRESH_WITHIN_S = 30.0
POLICY = 1008
REMEMBERED = 100_000


class Closable(Protocol):
    def close(self, code: int, reason: str) -> None: ...


class Logins:
    """Every connection that is live on a login, and the logins that have ended lately."""

    def __init__(self) -> None:
        self._live: dict[str, set[Tenure]] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    def end(self, login: str) -> None:
        """Close what is live on it. It is remembered as ended for longer than its access tokens live."""
        self.remember(login)
        for tenure in tuple(self._live.get(login, ())):
            tenure.cut()

    def remember(self, login: str) -> None:
        self._ended[login] = None
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def has_ended(self, login: str) -> bool:
        return login in self._ended

    def enter(self, login: str, tenure: Tenure) -> None:
        self._live.setdefault(login, set()).add(tenure)

    def leave(self, login: str, tenure: Tenure) -> None:
        live = self._live.get(login)
        if live is not None:
            live.discard(tenure)
            if not live:
                del self._live[login]


class Tenure:
    """One connection's: `begin` with each token that it shows, `end` when it has gone."""

    __slots__ = ("_connection", "_login", "_logins", "_timer", "_wheel")

    def __init__(self, logins: Logins, wheel: TimerWheel, connection: Closable) -> None:
        self._logins = logins
        self._wheel = wheel
        self._connection = connection
        self._login: str | None = None
        self._timer: Timer | None = None

    def begin(self, login: str | None, lives_s: float | None) -> None:
        """`lives_s`: how long the token does; None: nobody knows. The one before counts no longer."""
        self.end()
        if lives_s is not None:
            self._timer = self._wheel.after(lives_s + FRESH_WITHIN_S, self._expired)
        if login is not None:
            self._login = login
            self._logins.enter(login, self)
            if self._logins.has_ended(login):  # while its token was being verified
                self.cut()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._login is not None:
            self._logins.leave(self._login, self)
            self._login = None

    def cut(self) -> None:
        self.end()
        self._connection.close(POLICY, "logged out")

    def _expired(self) -> None:
        self.end()
        self._connection.close(POLICY, "token expired")
