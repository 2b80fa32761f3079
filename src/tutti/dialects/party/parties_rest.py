"""Guide 003's `/api/parties/` over HTTP: parties, who takes part, invitations, and moving the video.

What somebody may not know of is 404 in every way of asking; what they see and may not do is 403. Lists and one party are
answered from the rows; where the video is and who is there now from the party's room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Self, TypeVar

import msgspec
from litestar import Response, Router, delete, get, post, route
from litestar.params import FromPath, JSONBody

from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.dialects.party import parties_bodies as b
from tutti.dialects.party.auth_bodies import Detail
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.pages import Listed
from tutti.dialects.party.problems import (
    HANDLERS,
    Asked,
    Conflict,
    Forbidden,
    Invalid,
    NoSuch,
    only,
)
from tutti.dialects.party.sockets.polls import shown
from tutti.platform.accounts.throttles import Scope
from tutti.platform.once.once import Transaction
from tutti.platform.parties.doors import Doors
from tutti.platform.parties.models import CODE_LENGTH
from tutti.platform.parties.parties import Parties
from tutti.platform.parties.reading import Part
from tutti.platform.parties.schemas import OVER, Facts, Joined, Problem, Seen, Wrong
from tutti.platform.rows import ID_LENGTH, WallMs
from tutti.service.dialect import Declined
from tutti.service.live_room import Answer
from tutti.service.ports import Principal

T = TypeVar("T")

PREFIX: Final = "/api/parties"
MAX_BODY: Final = 32 * 1024
PARTS: Final[dict[str, Part]] = {
    "hosting": "hosting",
    "host": "hosting",
    "attending": "attending",
    "participant": "attending",
}


class PartiesRest:
    """`page`: the address where the invitation of this token is taken."""

    def __init__(
        self, parties: Parties, doors: Doors, manners: Manners, wall_ms: WallMs, page: Callable[[str], str]
    ) -> None:
        self._parties = parties
        self._doors = doors
        self._manners = manners
        self._wall_ms = wall_ms
        self._page = page

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same parties."""
        return self

    # -- lists and one

    async def listed(self, request: Asked) -> Listed[b.PartyItem]:
        """What you host and attend, the newest first: `?status=`, `?role=hosting|attending`, `?cursor=`."""
        user = (await self._manners.owner(request)).id
        asked = self._manners.cursors.page_request(request)
        query = request.query_params
        found = await self._parties.listed(
            user,
            part=_part(query.get("role")),
            statuses=b.statuses(query.get("status")),
            wanted=asked.wanted,
            size=asked.size,
        )
        now_ms = self._wall_ms()
        return self._manners.cursors.listed(request, found, lambda one: b.PartyItem.of(one, now_ms))

    async def public(self, request: Asked) -> Listed[b.PartyItem]:
        """What anybody may come to: `?status=`, `?cursor=`."""
        user = (await self._manners.owner(request)).id
        asked = self._manners.cursors.page_request(request)
        statuses = b.statuses(request.query_params.get("status"))
        found = await self._parties.public(user, statuses=statuses, wanted=asked.wanted, size=asked.size)
        now_ms = self._wall_ms()
        return self._manners.cursors.listed(request, found, lambda one: b.PartyItem.of(one, now_ms))

    async def create(self, request: Asked, data: JSONBody[b.PartyBody]) -> Response[bytes]:
        """With `scheduled_for` it starts by itself then. An `Idempotency-Key` makes it once."""
        owner = await self._manners.owner(request)
        self._manners.spend(Scope.PARTY_BY_ACCOUNT, owner.id)
        new = data.new()

        async def work(db: Transaction) -> b.PartyItem:
            made = _or_refused(await self._parties.course.create(db, owner.id, new))
            found = _or_refused(await self._parties.visible_in(db, owner.id, made.id))
            return b.PartyItem.of(found, self._wall_ms())

        return await self._then_told(request, owner, work, 201)

    async def detail(self, request: Asked, party_id: FromPath[str]) -> b.PartyDetail:
        """`party_id` may be the room's code. Who waits to be let in is listed for those who may let them in."""
        owner = await self._manners.owner(request)
        return await self._detail(owner, party_id)

    async def edit(
        self, request: Asked, party_id: FromPath[str], data: JSONBody[b.PartyBody]
    ) -> b.PartyDetail:
        """What is left out stays as it is."""
        owner = await self._manners.owner(request)
        seen = _or_refused(await self._parties.visible(owner.id, _id(party_id)))
        edit = data.edit(seen.party.rules)
        course = self._parties.course
        await self._write(lambda db: course.edit(db, owner.id, seen.party.id, edit))
        media = edit.video is not msgspec.UNSET
        await self._doors.changed(seen.party.id, settle=True, media=media)
        return await self._detail(owner, seen.party.id)

    async def cancel(self, request: Asked, party_id: FromPath[str]) -> None:
        """A party that has started ends; one that has not is cancelled."""
        owner = await self._manners.owner(request)
        course = self._parties.course
        party = await self._write(lambda db: course.end(db, owner.id, _id(party_id)))
        await self._doors.changed(party.id)

    # -- its course

    async def start(self, request: Asked, party_id: FromPath[str]) -> b.PartyDetail:
        """Now, if not before."""
        owner = await self._manners.owner(request)
        course = self._parties.course
        party = await self._write(lambda db: course.start(db, owner.id, _id(party_id)))
        await self._doors.changed(party.id)
        return await self._detail(owner, party.id)

    async def end(self, request: Asked, party_id: FromPath[str]) -> b.PartyDetail:
        """For everybody, in every program."""
        await self.cancel(request, party_id)
        return await self._detail(await self._manners.owner(request), party_id)

    async def control(
        self, request: Asked, party_id: FromPath[str], data: JSONBody[b.ControlBody]
    ) -> b.SyncState:
        """`play`, `pause` or `seek`, at `timestamp` seconds."""
        owner = await self._manners.owner(request)
        action, at_ms = data.meaning()
        party = _or_refused(await self._parties.may_control(owner.id, _id(party_id)))
        command: c.Command
        match action:
            case "play":
                command = c.Play(at_ms)
            case "pause":
                command = c.Pause(at_ms)
            case "seek":
                command = c.Seek(at_ms or 0.0)
        return await self._sync(party, await self._act(owner, party, command))

    async def react(self, request: Asked, party_id: FromPath[str], data: JSONBody[b.ReactBody]) -> Detail:
        """Shown to everybody who is there, and not kept."""
        owner = await self._manners.owner(request)
        emoji, at_ms = data.meaning()
        party = await self._mine(owner, party_id)
        if party.status in OVER:
            raise Conflict(Wrong.OVER.sentence, Wrong.OVER.code)
        await self._act(owner, party, c.React(emoji, at_ms))
        return Detail("Shown.")

    async def sync_state(self, request: Asked, party_id: FromPath[str]) -> b.SyncState:
        """Where the video is now."""
        owner = await self._manners.owner(request)
        party = await self._mine(owner, party_id)
        return await self._sync(party, await self._doors.rooms.look(RoomId(party.room_code)))

    # -- who takes part

    async def participants(self, request: Asked, party_id: FromPath[str]) -> b.Participants:
        owner = await self._manners.owner(request)
        seen = _or_refused(await self._parties.seen(owner.id, _id(party_id)))
        present = await self._doors.rooms.online(RoomId(seen.listed.party.room_code))
        people = tuple(b.ParticipantBody.of(one, present) for one in seen.people)
        return b.Participants(people, len(people))

    async def join(self, request: Asked, party_id: FromPath[str]) -> Response[bytes]:
        """A party that you see, or by its `code` or an invitation's `token` in the body."""
        owner = await self._manners.owner(request)
        said = await _join_body(request)
        if said.token or said.invite_token:
            return await self._accept(request, owner, said.by_token())
        if said.room_code or said.code:
            return await self._by_code(request, owner, said.by_code())
        return await self._once(
            request, owner, lambda db: self._parties.membership.join(db, owner.id, _id(party_id))
        )

    async def join_by_code(self, request: Asked, data: JSONBody[b.JoinBody]) -> Response[bytes]:
        """The code of a party that you could not see lets you ask: those who run it let you in, or not."""
        owner = await self._manners.owner(request)
        return await self._by_code(request, owner, data.by_code())

    async def join_by_invite(self, request: Asked, data: JSONBody[b.JoinBody]) -> Response[bytes]:
        owner = await self._manners.owner(request)
        return await self._accept(request, owner, data.by_token())

    async def leave(self, request: Asked, party_id: FromPath[str]) -> Detail:
        owner = await self._manners.owner(request)
        membership = self._parties.membership
        party = await self._write(lambda db: membership.leave(db, owner.id, _id(party_id)))
        await self._doors.left(party.room_code, owner.id)
        await self._doors.changed(party.id, about=(owner.id,))
        return Detail("You have left the party.")

    async def kick(self, request: Asked, party_id: FromPath[str], data: JSONBody[b.About]) -> Detail:
        """For good, from every program."""
        return await self._about(request, party_id, data, self._parties.membership.kick, "Removed.")

    async def approve(self, request: Asked, party_id: FromPath[str], data: JSONBody[b.About]) -> Detail:
        return await self._about(request, party_id, data, self._parties.membership.approve, "Let in.")

    async def reject(self, request: Asked, party_id: FromPath[str], data: JSONBody[b.About]) -> Detail:
        return await self._about(request, party_id, data, self._parties.membership.reject, "Not let in.")

    async def promote(self, request: Asked, party_id: FromPath[str], data: JSONBody[b.About]) -> Detail:
        """`role`: `moderator` if left out; `participant` takes that back; `host` hands the party over."""
        owner = await self._manners.owner(request)
        who, role = data.who(), data.as_role()
        membership = self._parties.membership
        party = await self._write(lambda db: membership.promote(db, owner.id, _id(party_id), _id(who), role))
        await self._doors.changed(party.id)
        return Detail(f"Now a {role}.")

    # -- invitations

    async def invite(
        self, request: Asked, party_id: FromPath[str], data: JSONBody[b.InviteBody]
    ) -> Response[bytes]:
        """Addresses, people, or both. What became of each is not told: nobody learns who has an account."""
        owner = await self._manners.owner(request)
        emails, users, words = data.meaning()
        for _ in (*emails, *users):
            self._manners.spend(Scope.INVITE_BY_ACCOUNT, owner.id)
        invitations = self._parties.invitations

        async def work(db: Transaction) -> b.InvitedBody:
            done = await invitations.invite(
                db, owner.id, _id(party_id), emails=emails, users=users, words=words
            )
            return b.InvitedBody.of(_or_refused(done))

        return await self._manners.once(request, owner, work, 201)

    async def generate_invite(self, request: Asked, party_id: FromPath[str]) -> b.LinkOut:
        """A link for whoever has it, for `expires_in_days`. It is told this once, and kept nowhere."""
        owner = await self._manners.owner(request)
        self._manners.spend(Scope.INVITE_BY_ACCOUNT, owner.id)
        lives_ms = (await _read(request, b.LinkBody)).lives_ms()
        invitations = self._parties.invitations
        link = await self._write(lambda db: invitations.link(db, owner.id, _id(party_id), lives_ms))
        return b.LinkOut.of(link, self._page)

    # -- in common

    async def _detail(self, owner: Principal, party_id: str) -> b.PartyDetail:
        seen = _or_refused(await self._parties.seen(owner.id, _id(party_id)))
        code = RoomId(seen.listed.party.room_code)
        room, present = await self._doors.rooms.look(code), await self._doors.rooms.online(code)
        said = b.item(seen, self._wall_ms())
        if isinstance(room, Room):
            said |= {
                "status": b.status(seen.listed.party, room),
                "current_timestamp": round(room.position_at(self._doors.rooms.now_ms()) / 1000, 3),
                "is_playing": room.timeline.playing,
            }
        return b.PartyDetail(
            **said,
            participants=tuple(b.ParticipantBody.of(one, present) for one in seen.people),
            **self._inside(owner, seen, room),
        )

    def _inside(self, owner: Principal, seen: Seen, room: Room | Refused) -> dict[str, Any]:
        """What is said and asked in its room: for those who are in the party."""
        rooms, who = self._doors.rooms, MemberId(owner.id)
        enabled = seen.listed.party.rules.allow_chat if isinstance(room, Refused) else room.chat_on
        if isinstance(room, Refused) or seen.listed.standing != "approved":
            return {"chat_summary": b.chat_summary((), rooms.clock, enabled=enabled), "polls": ()}
        lines = [line for line in room.chat if rooms.may_meet(who, line.member)]
        return {
            "chat_summary": b.chat_summary(lines, rooms.clock, enabled=enabled),
            "polls": tuple(shown(poll, rooms.clock, who) for poll in reversed(room.polls)),
        }

    async def _sync(self, party: Facts, room: Room | Refused) -> b.SyncState:
        now_ms = self._wall_ms()
        if isinstance(room, Refused):
            return b.SyncState.of_rows(party, now_ms)
        present = await self._doors.rooms.online(RoomId(party.room_code))
        return b.SyncState.of_room(party, room, self._doors.rooms.now_ms(), now_ms, len(present))

    async def _act(self, owner: Principal, party: Facts, command: c.Command) -> Room:
        """As somebody in the party's room, who need not be connected to it."""
        name = owner.name or owner.id
        opened = await self._doors.open(party.id)
        if isinstance(opened, Refused):
            raise Declined(opened)
        answer: Answer = await self._doors.rooms.act(
            RoomId(party.room_code), MemberId(owner.id), name, command
        )
        if isinstance(answer, Refused):
            raise Declined(answer)
        return answer.room

    async def _mine(self, owner: Principal, party_id: str) -> Facts:
        """One that they take part in."""
        found = _or_refused(await self._parties.visible(owner.id, _id(party_id)))
        if found.standing != "approved":
            raise Forbidden
        return found.party

    async def _by_code(self, request: Asked, owner: Principal, code: str) -> Response[bytes]:
        self._manners.spend(Scope.PARTY_CODE_BY_ACCOUNT, owner.id)
        membership = self._parties.membership
        return await self._once(request, owner, lambda db: membership.join(db, owner.id, _code(code), "code"))

    async def _accept(self, request: Asked, owner: Principal, token: str) -> Response[bytes]:
        self._manners.spend(Scope.PARTY_CODE_BY_ACCOUNT, owner.id)
        return await self._once(
            request, owner, lambda db: self._parties.invitations.accept(db, owner.id, token[:200])
        )

    async def _once(
        self,
        request: Asked,
        owner: Principal,
        join: Callable[[Transaction], Awaitable[Joined | Problem]],
    ) -> Response[bytes]:
        async def work(db: Transaction) -> b.JoinedBody:
            return b.JoinedBody.of(_or_refused(await join(db)))

        return await self._then_told(request, owner, work, 200)

    async def _then_told(
        self,
        request: Asked,
        owner: Principal,
        work: Callable[[Transaction], Awaitable[msgspec.Struct]],
        status: int,
    ) -> Response[bytes]:
        """A write; then the party's room hears of it, also when it was done before."""
        answer = await self._manners.once(request, owner, work, status)
        said = msgspec.json.decode(answer.content)
        await self._doors.changed(said.get("party_id") or said["id"])
        return answer

    async def _about(
        self,
        request: Asked,
        party_id: str,
        data: b.About,
        work: Callable[[Transaction, str, str, str], Awaitable[Facts | Problem]],
        said: str,
    ) -> Detail:
        """Something that those who run the party do about somebody else."""
        owner = await self._manners.owner(request)
        who = data.who()
        party = await self._write(lambda db: work(db, owner.id, _id(party_id), _id(who)))
        await self._doors.changed(party.id, about=(_id(who),))
        return Detail(said)

    async def _write(self, work: Callable[[Transaction], Awaitable[T | Problem]]) -> T:
        return _or_refused(await self._parties.writing(work))


def router(
    parties: Parties, doors: Doors, manners: Manners, wall_ms: WallMs, page: Callable[[str], str]
) -> Router:
    rest = PartiesRest(parties, doors, manners, wall_ms, page)
    one = "/{party_id:str}"
    acts: tuple[tuple[str, Any, str], ...] = (
        ("start", rest.start, "Start a party"),
        ("end", rest.end, "End a party"),
        ("control", rest.control, "Play, pause, seek"),
        ("react", rest.react, "React"),
        ("join", rest.join, "Join a party"),
        ("leave", rest.leave, "Leave a party"),
        ("kick", rest.kick, "Remove somebody"),
        ("approve", rest.approve, "Let somebody in"),
        ("reject", rest.reject, "Do not let somebody in"),
        ("promote", rest.promote, "Change somebody's role"),
    )
    return Router(
        PREFIX,
        route_handlers=[
            get("/", summary="Your parties")(rest.listed),
            post("/", status_code=201, summary="Make a party")(rest.create),
            get("/public", summary="Public parties")(rest.public),
            post("/join-by-code", status_code=200, summary="Join by code")(rest.join_by_code),
            post("/join-by-invite", status_code=200, summary="Join by invitation")(rest.join_by_invite),
            get(one, summary="A party")(rest.detail),
            route(one, http_method=["PATCH", "PUT"], status_code=200, summary="Change a party")(rest.edit),
            delete(one, summary="Cancel a party")(rest.cancel),
            get(f"{one}/participants", summary="Who takes part")(rest.participants),
            get(f"{one}/sync_state", summary="Where the video is")(rest.sync_state),
            post(f"{one}/invite", status_code=201, summary="Invite people")(rest.invite),
            post(f"{one}/generate-invite", status_code=201, summary="Make a link")(rest.generate_invite),
            *(post(f"{one}/{verb}", status_code=200, summary=said)(work) for verb, work, said in acts),
            *(only(f"{one}/{verb}", "POST") for verb, _, _ in acts),
            only("/", "GET", "POST"),
            only("/public", "GET"),
            only("/join-by-code", "POST"),
            only("/join-by-invite", "POST"),
            only(one, "GET", "PATCH", "PUT", "DELETE"),
            only(f"{one}/participants", "GET"),
            only(f"{one}/sync_state", "GET"),
            only(f"{one}/invite", "POST"),
            only(f"{one}/generate-invite", "POST"),
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["parties"],
    )


_FORBIDDEN: Final = (Wrong.NOT_ALLOWED, Wrong.KICKED, Wrong.REJECTED, Wrong.PRIVATE)


def _or_refused(outcome: T | Problem) -> T:
    if not isinstance(outcome, Problem):
        return outcome
    wrong = outcome.wrong
    if wrong in (Wrong.NOT_FOUND, Wrong.NOT_IN, Wrong.NOT_PENDING):
        raise NoSuch(outcome.sentence, None if wrong is Wrong.NOT_FOUND else wrong.code)
    if wrong is Wrong.NOBODY:
        raise Declined(Refused(Reason.UNAUTHENTICATED, outcome.sentence))
    if wrong in _FORBIDDEN:
        raise Forbidden(outcome.sentence, wrong.code)
    if outcome.field is not None:
        raise Invalid({outcome.field: [outcome.sentence]})
    raise Conflict(outcome.sentence, wrong.code)


async def _join_body(request: Asked) -> b.JoinBody:
    return await _read(request, b.JoinBody)


async def _read(request: Asked, kind: type[T]) -> T:
    """A body that may be left out."""
    raw = await request.body()
    if not raw.strip():
        return kind()
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        raise Invalid({"non_field_errors": ["Not a valid body."]}) from None
    except msgspec.DecodeError:
        raise Invalid({"non_field_errors": ["JSON parse error"]}) from None


def _part(asked: str | None) -> Part | None:
    if not asked:
        return None
    if asked not in PARTS:
        raise Invalid({"role": [f'"{asked[:40]}" is not a valid choice.']})
    return PARTS[asked]


def _id(text: str) -> str:
    """Of a party, a room or a person; what cannot be one is nobody's."""
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= ID_LENGTH):
        raise NoSuch
    return text


def _code(text: str) -> str:
    """As people write it down."""
    code = text.replace("-", "").replace(" ", "")
    if len(code) != CODE_LENGTH:
        raise NoSuch
    return _id(code)
