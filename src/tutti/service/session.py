"""One connection's conversation: how fast, who speaks, and one sentence at a time; `visits.py` heeds each.

Inbound is serial: a sentence is heard when the one before it has been answered. What waits is bounded, and a
connection that sends faster than that is not read from until it is caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import msgspec
import structlog

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.connection import Connection
from tutti.service.fanout import Subscription
from tutti.service.hall import Hall
from tutti.service.identity import matched
from tutti.service.inbox import Inbox, Reply
from tutti.service.limits import Bucket
from tutti.service.live_room import LiveRoom
from tutti.service.metrics import Metrics
from tutti.service.ports import Principal
from tutti.service.speaker import Speaker, Spoken
from tutti.service.turn import Turn
from tutti.service.visits import Parted, Visits

log = structlog.get_logger("tutti.session")


class Session:
    """Feed it with `hear`; end it with `closed`."""

    __slots__ = (
        "_bucket",
        "_busy",
        "_catching_up",
        "_gone",
        "_hall",
        "_inbox",
        "_parted",
        "_parting",
        "_speaker",
        "_turn",
        "_visits",
        "connection",
    )

    def __init__(
        self,
        hall: Hall,
        connection: Connection,
        *,
        token: str | None,
        principal: Principal | None,
        parted: Parted | None = None,
        entered: Callable[[], None] | None = None,
    ) -> None:
        """`parted` is called when a room has let go of this connection, and whatever was being answered is answered.

        `entered` is called when it has been told that it is in a room.
        """
        self.connection = connection
        self._hall = hall
        self._speaker = Speaker(hall, connection, token=token, principal=principal)
        self._visits = Visits(hall, connection, self._speaker, self._part, entered)
        self._parted = parted
        self._parting: Callable[[], None] | None = None
        self._inbox: Inbox | None = None
        self._busy = False
        self._catching_up = False
        self._gone = False
        self._turn = Turn(self)
        limits = hall.rooms.limits
        self._bucket = Bucket(limits.per_connection, hall.rooms.clock.now_ms()) if limits else None

    @property
    def metrics(self) -> Metrics:
        return self._hall.rooms.metrics

    @property
    def signed_in(self) -> bool:
        """Whether it is known who this is: by a token, or by a pass that let them in."""
        return self._speaker.principal is not None or bool(self._visits)

    @property
    def where(self) -> tuple[LiveRoom, Subscription] | None:
        """The room that it is in, for connections that are in one at a time."""
        return self._visits.first

    def too_fast(self, now_ms: float) -> float:
        """Count one more thing from this connection; how long to wait before it, in seconds."""
        rate = self._hall.rooms.limits
        return 0.0 if self._bucket is None or rate is None else self._bucket.take(rate.per_connection, now_ms)

    def hear(self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        """One sentence. It is answered before the next is looked at."""
        if self._busy:
            if self._inbox is None:
                self._inbox = Inbox(self.connection)
            self._inbox.put((dialect, name, args, reply))
            return
        self._busy = True
        self._handle(dialect, name, args, reply)
        if self._inbox:
            self._next()

    def finished(self) -> None:
        """The sentence is answered: the next, if one waits."""
        self._busy = False
        if self._parting is not None:
            parting, self._parting = self._parting, None
            parting()
        if self._inbox:
            self._next()

    def present(self, token: str | None) -> None:
        """What it shows from now on to say who it is, as long as it is nobody."""
        if not self.signed_in:
            self._speaker.token = token

    def left(self) -> None:
        """As `closed`, by somebody who meant to go."""
        self._visits.leave()
        self.closed()

    def closed(self) -> None:
        """The connection is gone: its members are lost, not left."""
        self._gone = True
        self._speaker.end()
        self._visits.end()
        if self._inbox:
            self._inbox.clear()

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that has to wait, and then answers the sentence."""
        self._hall.rooms.spawn(self._whole(work))

    def fail(self) -> None:
        """Our own bug, said once. Whoever waits for an answer that will not come is better off connecting anew."""
        log.exception("bug", connection=self.connection.id)
        self.connection.close(1011, "internal error")

    def _part(self, room: Room | None, member: MemberId) -> None:
        """Whoever asked to leave still hears that it has left."""
        if self._parted is None:
            return
        if self._busy:
            self._parting = partial(self._parted, room, member)
        else:
            self._parted(room, member)

    def _next(self) -> None:
        """Go through what waited; a loop, because a sentence may be answered at once."""
        inbox = self._inbox
        if self._catching_up or inbox is None:
            return
        self._catching_up = True
        while inbox and not self._busy:
            self._busy = True
            try:
                self._handle(*inbox.take())
            except Exception:
                self.fail()
        self._catching_up = False
        inbox.caught_up()

    def _handle(
        self, dialect: d.Dialect, name: str, args: Sequence[msgspec.Raw], reply: Reply | None
    ) -> None:
        rooms = self._hall.rooms
        now_ms = rooms.clock.now_ms()
        turn = self._turn
        turn.dialect, turn.reply = dialect, reply
        if self._bucket is not None and (wait_s := self.too_fast(now_ms)):
            turn.refuse(_wait(wait_s))
            return
        try:
            sentence = dialect.hear(name, args, now_ms)
        except d.Malformed as problem:
            turn.malformed(problem)
            return
        except d.Declined as declined:
            turn.refuse(declined.refused)
            return
        if isinstance(sentence, d.SignIn):
            self.later(self._sign_in(turn, sentence.token))
            return
        who = self._speaker.of(sentence, dialect.name, now_ms, self._visits.entered_as)
        if who is None:
            self.later(self._verify(turn, sentence))
        else:
            self._admitted(turn, sentence, who)

    async def _sign_in(self, turn: Turn, token: str) -> None:
        refused = await self._speaker.sign_in(token, turn.dialect.name)
        if refused is not None:
            turn.refuse(refused)
            return
        if self._speaker.principal is not None:
            self._visits.part_from_others(self._speaker.principal.id)
        turn.done(None)

    async def _verify(self, turn: Turn, sentence: Spoken) -> None:
        """The first sentence of a dialect that verifies tokens; from then on it is known who this is."""
        principal = await self._speaker.verified()
        if isinstance(principal, Refused):
            turn.refuse(principal)
            return
        self._visits.part_from_others(principal.id)
        self._admitted(turn, sentence, matched(principal, sentence.who))

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            self.fail()

    def _admitted(self, turn: Turn, sentence: Spoken, who: Principal | Refused) -> None:
        if isinstance(who, Refused):
            turn.refuse(who)
            return
        if self._gone:
            return
        slow = self._hall.taken(self._hall.people, who.id)
        if slow is not None:
            turn.refuse(slow)
            return
        self._visits.heed(turn, sentence, who)


def _wait(wait_s: float) -> Refused:
    return Refused(Reason.RATE_LIMITED, retry_after_s=wait_s)


__all__ = ["Connection", "Hall", "Session"]
