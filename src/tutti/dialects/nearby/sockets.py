"""Guide 002 over Socket.IO: a desk beside the rooms, at `/` and at `/realtime`.

One socket's events are heeded one after the other. What waits is bounded: whoever says more than that is told to wait,
and nothing of it is kept. A socket hears what its person hears, as long as its token is valid.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.dialects.nearby import problems
from tutti.dialects.nearby.actions import Actions
from tutti.dialects.nearby.caller import NAME, known, looks_signed
from tutti.dialects.nearby.spoken import Connected, told
from tutti.dialects.nearby.wire import HEARD, Authenticate, Location, Problem, Said, Settings, explained
from tutti.service.connection import Connection
from tutti.service.dialect import Declined
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.inbox import MOST_WAITING, Reply
from tutti.service.limits import Bucket
from tutti.service.logins import Tenure
from tutti.service.nearby.values import NearbyEvent, PlaceChanged
from tutti.service.ports import Principal
from tutti.service.timers import Timer

log = structlog.get_logger("tutti.nearby")

AUTHENTICATE = "authenticate"
ITS_OWN = "/realtime"
"""The namespace where everybody is a client of guide 002. At `/`, whoever comes with another dialect's token may be
a client of that, and is not greeted before it says something of ours."""
EXPIRED = Refused(Reason.UNAUTHENTICATED, "Your token has expired; sign in again")
NOBODY = Refused(
    Reason.UNAUTHENTICATED, "Connect with your access token, auth: { token }, or send authenticate"
)

_decoders = {name: msgspec.json.Decoder(struct) for name, struct in HEARD.items()}
_authenticate = msgspec.json.Decoder(Authenticate)
_encode = msgspec.json.Encoder().encode


Work = Callable[[], Awaitable[None]]


class EventFrame(Protocol):
    """A Socket.IO event: its name, the JSON of its one argument, and where it is said."""

    def __call__(self, name: str, arg: bytes, /, *, namespace: str) -> Frame: ...


class Desk:
    """`actions`: what people may do, however they ask for it."""

    name = NAME
    events = frozenset(HEARD)
    overheard = frozenset((AUTHENTICATE,))

    def __init__(self, hall: Hall, actions: Actions, event_frame: EventFrame) -> None:
        self.hall = hall
        self.actions = actions
        self._event_frame = event_frame
        self._last: NearbyEvent | None = None
        self._frames: dict[str, Frame] = {}

    def receive(
        self,
        connection: Connection,
        namespace: str,
        *,
        token: str | None,
        claimed: str | None,
        principal: Principal | None,
    ) -> Conversation:
        conversation = Conversation(self, connection, namespace, token, claimed)
        if principal is not None or claimed is not None or looks_signed(token) or namespace == ITS_OWN:
            conversation.greet(principal)
        return conversation

    def frame(self, name: str, said: msgspec.Struct, namespace: str) -> Frame:
        return self._event_frame(name, _encode(said), namespace=namespace)

    def told(self, event: NearbyEvent, namespace: str) -> Frame | None:
        """Made once for everybody who hears of the same thing in the same moment."""
        if event is not self._last:
            self._last = event
            self._frames = {}
        frame = self._frames.get(namespace)
        if frame is None:
            said = told(event)
            if said is None:
                return None
            frame = self._frames[namespace] = self.frame(*said, namespace)
        self.hall.rooms.metrics.deliveries[NAME] += 1
        return frame


class Conversation:
    """One socket's. Whatever it is asked is answered later, also what is wrong."""

    __slots__ = (
        "_bucket",
        "_claimed",
        "_connection",
        "_desk",
        "_expiry",
        "_gone",
        "_listing",
        "_namespace",
        "_tenure",
        "_token",
        "_unsubscribe",
        "_waiting",
        "_who",
        "_working",
    )

    def __init__(
        self, desk: Desk, connection: Connection, namespace: str, token: str | None, claimed: str | None
    ) -> None:
        self._desk = desk
        self._connection = connection
        self._namespace = namespace
        self._token = token
        self._claimed = claimed
        self._who: Principal | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._expiry: Timer | None = None
        self._tenure: Tenure | None = None
        self._waiting: deque[Work] | None = None  # most sockets at `/` never say anything of ours
        self._bucket: Bucket | None = None
        self._working = False
        self._listing = False
        self._gone = False

    @property
    def signed_in(self) -> bool:
        return self._who is not None

    def greet(self, principal: Principal | None) -> None:
        """Tell somebody who says who they are that they are known."""
        if principal is not None or self._token is not None or self._claimed is not None:
            self._soon(lambda: self._introduced(principal))

    def hear(self, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        if self._gone:
            return
        wait_s = self._too_fast()
        if wait_s or len(self._waiting or ()) >= MOST_WAITING:
            refused = Refused(Reason.RATE_LIMITED, retry_after_s=wait_s or 1.0)
            self._refuse(refused, name, reply)
        elif name == AUTHENTICATE:
            self._soon(lambda: self._refresh(args, reply))
        elif self._working or self._who is None:
            self._soon(lambda: self._identified(name, args, reply))
        else:
            self._heed(self._who, name, args, reply)

    def closed(self) -> None:
        self._gone = True
        self._waiting = None
        self._forget()
        if self._tenure is not None:
            self._tenure.end()

    # -- one after the other

    def _soon(self, work: Work, *, first: bool = False) -> None:
        """`first`: before what waits already, because it was heard before that."""
        if self._waiting is None:
            self._waiting = deque()
        if first:
            self._waiting.appendleft(work)
        else:
            self._waiting.append(work)
        if not self._working:
            self._working = True
            self._desk.hall.rooms.spawn(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._waiting.popleft()()
        except Exception:
            log.exception("bug", connection=self._connection.id)
            self._connection.close(1011, "internal error")
        finally:
            self._working = False

    async def _identified(self, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        """One sentence of somebody who may not be known yet."""
        if self._who is None:
            try:
                await self._sign_in(self._token, self._claim)
            except Declined as declined:
                self._refuse(declined.refused, name, reply)
        if self._who is not None:
            self._heed(self._who, name, args, reply)

    def _heed(self, who: Principal, name: str, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        slow = self._desk.hall.taken(self._desk.hall.people, who.id)  # from however many sockets
        if slow is not None:
            self._refuse(slow, name, reply)
            return
        try:
            said: Said = _decoders[name].decode(args[0] if args and bytes(args[0]) != b"null" else b"{}")
            if isinstance(said, Settings):
                self._soon(lambda: self._goes_live(who, said, name, reply), first=True)
                return
            answer = self._desk.actions.do(said, who)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
            self._wrong(400, explained(problem), name, reply)
        except Declined as declined:
            self._refuse(declined.refused, name, reply)
        else:
            if reply is not None:
                reply(_acknowledged(answer))
            if isinstance(said, Location):
                self._list_soon()

    async def _goes_live(self, who: Principal, said: Settings, name: str, reply: Reply | None) -> None:
        """Settings are kept before it is answered; what is said meanwhile waits."""
        try:
            answer = await self._desk.actions.go_live(who, said)
        except Declined as declined:
            self._refuse(declined.refused, name, reply)
        else:
            if reply is not None:
                reply(_acknowledged(answer))
            self._list_soon()

    async def _refresh(self, args: Sequence[msgspec.Raw], reply: Reply | None) -> None:
        """With another token, or a fresh one. At `/` it is others' sentence, and what is wrong with it they say."""
        try:
            said = _authenticate.decode(args[0] if args else b"{}")
            token = said.token.removeprefix("Bearer ").strip()
            if self._namespace != ITS_OWN and self._who is None and not looks_signed(token):
                return
            await self._sign_in(token, None)
            self._token = token
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
            if self._namespace == ITS_OWN:
                self._wrong(400, explained(problem), AUTHENTICATE, reply)
        except Declined as declined:
            if self._namespace == ITS_OWN:
                self._refuse(declined.refused, AUTHENTICATE, reply)
        else:
            if reply is not None:
                reply(_acknowledged(None))

    # -- who it is

    @property
    def _claim(self) -> MemberId | None:
        return MemberId(self._claimed) if self._claimed is not None else None

    async def _introduced(self, principal: Principal | None) -> None:
        if principal is not None:
            self._is(principal)
            return
        try:
            await self._sign_in(self._token, self._claim)
        except Declined as declined:
            self._refuse(declined.refused, "connect", None)

    async def _sign_in(self, token: str | None, claimed: MemberId | None) -> None:
        if token is None and claimed is None:
            raise Declined(NOBODY)
        who = await known(self._desk.hall, token, claimed, self._connection.client)
        if isinstance(who, Refused):
            raise Declined(who)
        self._is(who)

    def _is(self, who: Principal) -> None:
        """From now on it speaks and hears as this person."""
        before, self._who = self._who, who
        if self._gone:
            return
        self._stop_expiry()
        self._keep_to(who)
        if before is None or before.id != who.id:
            if self._unsubscribe is not None:
                self._unsubscribe()
            self._say("connected", Connected(who.id))
            self._unsubscribe = self._desk.actions.subscribe(who, self._hears)

    def _keep_to(self, who: Principal) -> None:
        """It lives as long as the login does, and hears as long as the token is valid."""
        rooms = self._desk.hall.rooms
        lives_s: float | None = None
        if who.expires_ms is not None:
            lives_s = max(who.expires_ms - rooms.clock.wall_ms(rooms.clock.now_ms()), 0.0) / 1000
            self._expiry = rooms.wheel.after(lives_s, self._expired)
        if self._tenure is None:
            self._tenure = Tenure(self._desk.hall.logins, rooms.wheel, self._connection)
        self._tenure.begin(who.session, lives_s)

    def _expired(self) -> None:
        """It hears nothing more until it signs in again."""
        self._forget()
        self._refuse(EXPIRED, AUTHENTICATE, None)

    def _forget(self) -> None:
        self._who = None
        self._stop_expiry()
        if self._unsubscribe is not None:
            unsubscribe, self._unsubscribe = self._unsubscribe, None
            unsubscribe()

    def _stop_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    # -- what it is told

    def _hears(self, event: NearbyEvent) -> None:
        if isinstance(event, PlaceChanged):
            self._list_soon()
            return
        frame = self._desk.told(event, self._namespace)
        if frame is not None:
            self._connection.send(frame)

    def _list_soon(self) -> None:
        """Tell who is near, once what is happening has happened."""
        if not self._listing:
            self._listing = True
            self._desk.hall.rooms.soon(self._list)

    def _list(self) -> None:
        self._listing = False
        if self._who is None or self._gone:
            return
        try:
            self._say("live:nearby_users", self._desk.actions.nearby(self._who))
        except Declined:
            return  # not live any more, which it was told

    def _say(self, name: str, said: msgspec.Struct) -> None:
        self._connection.send(self._desk.frame(name, said, self._namespace))

    def _refuse(self, refused: Refused, name: str, reply: Reply | None) -> None:
        self._desk.hall.rooms.metrics.refusals[NAME, refused.reason.code] += 1
        self._wrong(problems.status(refused.reason), problems.sentence(refused), name, reply)

    def _wrong(self, status: int, message: str, name: str, reply: Reply | None) -> None:
        """Whoever asked for an answer hears it there; anybody else as an event."""
        clock = self._desk.hall.rooms.clock
        problem = problems.problem(status, message, path=name, method=problems.EVENT, clock=clock)
        if status == 400:
            self._desk.hall.rooms.metrics.malformed[NAME] += 1
        if reply is not None:
            reply(_failed(problem))
        else:
            self._say("error", problem)

    def _too_fast(self) -> float:
        rooms = self._desk.hall.rooms
        if rooms.limits is None:
            return 0.0
        now_ms = rooms.clock.now_ms()
        if self._bucket is None:
            self._bucket = Bucket(rooms.limits.per_connection, now_ms)
        return self._bucket.take(rooms.limits.per_connection, now_ms)


def _acknowledged(answer: msgspec.Struct | None) -> bytes:
    return _encode({"success": True, **({} if answer is None else msgspec.to_builtins(answer))})


def _failed(problem: Problem) -> bytes:
    return _encode({"success": False, **msgspec.to_builtins(problem)})
