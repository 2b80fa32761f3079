"""Answers remembered for a while, and never the same question asked twice at once.

A question belongs to nobody in particular: whoever stops waiting does not stop it for the others.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tutti.service.ports import Unavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """`value` None is a no, which is an answer as well. `keep_ms` 0: not to be remembered."""

    value: T | None
    keep_ms: float


class Answers(Generic[T]):
    """At most `size` of them, the least recently used forgotten first."""

    def __init__(self, now_ms: Callable[[], float], size: int) -> None:
        self._now_ms = now_ms
        self._size = size
        self._known: OrderedDict[bytes, tuple[float, T | None]] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[T | Unavailable | None]] = {}

    def __len__(self) -> int:
        return len(self._known)

    async def get(
        self, key: bytes, ask: Callable[[], Awaitable[Answer[T]]], asking: bytes | None = None
    ) -> T | None:
        """What is known under `key`, else what `ask` finds out. Raises `Unavailable` if `ask` does.

        `asking` names the question where it is not the key itself: two ways to ask for the same thing.
        """
        known = self._known.get(key)
        if known is not None and self._now_ms() < known[0]:
            self._known.move_to_end(key)
            return known[1]
        question = key if asking is None else asking
        task = self._under_way.get(question)
        if task is None:
            task = self._under_way[question] = asyncio.create_task(self._find_out(key, question, ask))
        found = await asyncio.shield(task)
        if isinstance(found, Unavailable):
            raise Unavailable(*found.args)
        return found

    def forget(self, key: bytes) -> None:
        self._known.pop(key, None)

    async def aclose(self) -> None:
        """End what is under way; whoever waits for it hears `Unavailable`."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _find_out(
        self, key: bytes, question: bytes, ask: Callable[[], Awaitable[Answer[T]]]
    ) -> T | Unavailable | None:
        """A problem is a value here, so that it is no loose end when nobody waits any more."""
        try:
            answer = await ask()
        except Unavailable as problem:
            return problem
        except asyncio.CancelledError:
            return Unavailable("closing")
        finally:
            del self._under_way[question]
        self._remember(key, answer)
        return answer.value

    def _remember(self, key: bytes, answer: Answer[T]) -> None:
        if answer.keep_ms <= 0:
            return
        self._known[key] = (self._now_ms() + answer.keep_ms, answer.value)
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
