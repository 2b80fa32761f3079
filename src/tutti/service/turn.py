"""The sentence that is being answered: a reply or an error of its dialect, counted, and then the next one's turn."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.connection import Connection
from tutti.service.inbox import Reply
from tutti.service.live_room import Answer
from tutti.service.metrics import Metrics

T = TypeVar("T")


class Answering(Protocol):
    """The session whose sentence it is."""

    connection: Connection

    @property
    def metrics(self) -> Metrics: ...

    def finished(self) -> None:
        """The sentence is answered."""
        ...

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Answer it when this work is done."""
        ...

    def fail(self) -> None:
        """It cannot be, by a bug of ours that is being handled."""
        ...


class Turn:
    """The sentence being answered. Exactly one of `done`, `refuse` and `malformed` ends it.

    A session has one, for one sentence after the other.
    """

    __slots__ = ("_session", "dialect", "reply")

    dialect: d.Dialect
    reply: Reply | None

    def __init__(self, session: Answering) -> None:
        self._session = session

    def answered(self, answer: Answer) -> None:
        try:
            if isinstance(answer, Refused):
                self.refuse(answer)
            else:
                self.done(answer.room)
        except Exception:
            self._session.fail()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on in a task of its own."""
        self._session.later(work)

    def guard(self, then: Callable[[T], None]) -> Callable[[T], None]:
        """`then`, and the end of the connection if it fails: nobody is to wait for ever."""

        def guarded(value: T) -> None:
            try:
                then(value)
            except Exception:
                self._session.fail()

        return guarded

    def guarded(self, then: Callable[[], None]) -> Callable[[], None]:
        """As `guard`, where there is nothing to say."""
        guard = self.guard(lambda _: then())
        return lambda: guard(None)

    def hand_over(self) -> Callable[[Refused], None] | None:
        """For a sentence that wants no answer: how to say later that it was refused. None: it wants one."""
        if self.reply is not None:
            return None
        session, dialect = self._session, self.dialect

        def refuse(refused: Refused) -> None:
            session.metrics.refusals[dialect.name, refused.reason.code] += 1
            session.connection.send(dialect.refuse(refused))

        return refuse

    def handed_over(self) -> None:
        """The sentence is on its way, and the next may be heard."""
        self._session.finished()

    def done(self, room: Room | None) -> None:
        if self.reply is not None:
            self.reply(self.dialect.answer(room))
        self._session.finished()

    def refuse(self, refused: Refused) -> None:
        session = self._session
        session.metrics.refusals[self.dialect.name, refused.reason.code] += 1
        if self.reply is not None:
            self.reply(self.dialect.answer(refused))
        else:
            session.connection.send(self.dialect.refuse(refused))
        session.finished()

    def malformed(self, problem: d.Malformed) -> None:
        session = self._session
        session.metrics.malformed[self.dialect.name] += 1
        if self.reply is not None:
            self.reply(self.dialect.answer(problem))
        else:
            session.connection.send(self.dialect.malformed(str(problem)))
        session.finished()
