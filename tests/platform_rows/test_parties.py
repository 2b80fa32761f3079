"""Parties in rows, on both databases: who sees them, who comes in and how, who runs them, and what they cost to list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.platform_rows.desk import DAY_MS, LAPTOP, PASSWORD, SECRET, Desk, entered
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.parties.course import REMIND, START, Edit
from tutti.platform.parties.invitations import LETTER, Words
from tutti.platform.parties.letters import written
from tutti.platform.parties.models import Invitation, Party
from tutti.platform.parties.parties import Entrance, Parties
from tutti.platform.parties.schemas import (
    Facts,
    House,
    Joined,
    Link,
    Listed,
    NewParty,
    Problem,
    Rules,
    Seen,
    Visibility,
    Wrong,
)
from tutti.platform.people.models import Block, Friendship, pair_of

HOUR_MS = 3_600_000


class Diary:
    """What was planned, told and posted."""

    def __init__(self) -> None:
        self.planned: dict[tuple[str, str], float] = {}
        self.told: list[tuple[str, str]] = []

    async def add(
        self,
        db: AsyncSession,
        kind: str,
        payload: Mapping[str, object],
        *,
        at_ms: float | None = None,
        key: str | None = None,
    ) -> None:
        assert list(payload.values()) == [key]
        self.planned[kind, key or ""] = at_ms or 0.0

    async def cancel(self, db: AsyncSession, kind: str, key: str) -> None:
        self.planned.pop((kind, key), None)

    async def tell(  # noqa: PLR0917 - a `Tells`
        self,
        db: AsyncSession,
        user: str,
        type: str,  # noqa: A002 - a `Tells`
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> None:
        self.told.append((user, type))

    async def tell_all(  # noqa: PLR0917 - a `Tells`
        self,
        db: AsyncSession,
        users: Iterable[str],
        type: str,  # noqa: A002 - a `Tells`
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> None:
        self.told += [(user, type) for user in users]

    @property
    def letters(self) -> list[str]:
        return [key for kind, key in self.planned if kind == LETTER]


class Hosts:
    """A few people and their parties."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self.database = database
        self.desk = desk
        self.clock = desk.clock
        self.diary = Diary()
        self.parties = Parties(
            database,
            desk.clock,
            desk.random,
            secret=SECRET,
            plans=self.diary,
            tells=self.diary,
        )

    async def person(self, name: str) -> str:
        made = await self.desk.accounts.register(
            NewAccount(email=f"{name}@example.org", password=PASSWORD, username=name), LAPTOP
        )
        return entered(made).person.id

    async def party(self, host: str, visibility: Visibility = "public", **further: Any) -> Facts:
        self.clock.turn(1)
        new = NewParty(title="Film night", visibility=visibility, **further)
        made = await self.parties.writing(lambda db: self.parties.course.create(db, host, new))
        assert isinstance(made, Facts)
        return made

    async def join(self, user: str, party: Facts, by_code: bool = False) -> Joined | Problem:
        membership = self.parties.membership
        if by_code:
            return await self.parties.writing(lambda db: membership.join(db, user, party.room_code, "code"))
        return await self.parties.writing(lambda db: membership.join(db, user, party.id))

    async def invite(self, by: str, party: Facts, **whom: Any) -> object:
        return await self.parties.writing(
            lambda db: self.parties.invitations.invite(db, by, party.id, **whom)
        )

    async def accept(self, user: str, token: str) -> Joined | Problem:
        return await self.parties.writing(lambda db: self.parties.invitations.accept(db, user, token))

    async def link(self, by: str, party: Facts) -> str:
        made = await self.parties.writing(lambda db: self.parties.invitations.link(db, by, party.id))
        assert isinstance(made, Link)
        return made.token

    async def act(self, verb: str, by: str, party: Facts, *about: Any) -> object:
        """A word of membership's."""
        work = getattr(self.parties.membership, verb)
        return await self.parties.writing(lambda db: work(db, by, party.id, *about))

    async def run(self, verb: str, by: str, party: Facts, *about: Any) -> object:
        """A word of the party's course."""
        work = getattr(self.parties.course, verb)
        return await self.parties.writing(lambda db: work(db, by, party.id, *about))

    async def titles(self, user: str, **asked: Any) -> list[str]:
        return [one.party.id for one in (await self.parties.listed(user, **asked)).rows]

    async def house(self, party: Facts) -> House:
        house = await self.parties.house(party.id)
        assert house is not None
        return house

    async def block(self, blocker: str, blocked: str) -> None:
        async with self.database.writing() as db:
            db.add(Block(blocker_id=blocker, blocked_id=blocked, at_ms=0))

    async def befriend(self, a: str, b: str) -> None:
        async with self.database.writing() as db:
            db.add(
                Friendship(
                    id=f"{a[:17]}-{b[:17]}",
                    pair=pair_of(a, b),
                    requester_id=a,
                    addressee_id=b,
                    status="accepted",
                    at_ms=0,
                )
            )


@pytest.fixture
async def hosts(database: Database, desk: Desk) -> AsyncIterator[Hosts]:
    yield Hosts(database, desk)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What was asked of the database meanwhile."""
    said: list[str] = []

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith("BEGIN"):
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def wrong(outcome: object) -> Wrong:
    assert isinstance(outcome, Problem), outcome
    return outcome.wrong


def standing(outcome: object) -> str:
    assert isinstance(outcome, Joined), outcome
    return outcome.standing


# -- who sees it


async def test_a_party_is_hosted_and_has_a_code_without_look_alikes(hosts: Hosts) -> None:
    ann = await hosts.person("ann")
    party = await hosts.party(ann, "private")
    assert (party.status, party.host_id, party.participant_count) == ("scheduled", ann, 1)
    assert len(party.room_code) == 8
    assert not set(party.room_code) & set("01IO")
    seen = await hosts.parties.seen(ann, party.id)
    assert isinstance(seen, Seen)
    assert [(one.who.username, one.role, one.standing) for one in seen.people] == [
        ("ann", "host", "approved")
    ]
    by_code = await hosts.parties.visible(ann, party.room_code.lower())
    assert isinstance(by_code, Listed)
    assert by_code.party == party


@pytest.mark.parametrize(
    ("visibility", "by_a_stranger", "by_a_friend"),
    [("public", True, True), ("friends", False, True), ("private", False, False)],
)
async def test_who_may_see_a_party_is_as_its_host_wants(
    hosts: Hosts, visibility: Visibility, by_a_stranger: bool, by_a_friend: bool
) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    await hosts.befriend(ben, ann)
    party = await hosts.party(ann, visibility)
    for user, may in ((ben, by_a_friend), (eve, by_a_stranger)):
        seen = await hosts.parties.visible(user, party.id)
        assert isinstance(seen, Listed) is may
        joined = await hosts.join(user, party)
        assert standing(joined) == "approved" if may else wrong(joined) is Wrong.NOT_FOUND


async def test_for_whom_the_host_blocks_or_who_blocks_the_host_it_does_not_exist(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann)
    await hosts.join(ben, party)
    assert await hosts.titles(ben) == [party.id]
    await hosts.block(ann, ben)
    await hosts.block(eve, ann)
    token = await hosts.link(ann, party)
    for user in (ben, eve):
        assert wrong(await hosts.parties.seen(user, party.id)) is Wrong.NOT_FOUND
        assert wrong(await hosts.join(user, party)) is Wrong.NOT_FOUND
        assert wrong(await hosts.join(user, party, by_code=True)) is Wrong.NOT_FOUND
        assert wrong(await hosts.accept(user, token)) is Wrong.NOT_FOUND
        assert await hosts.titles(user) == []
        assert (await hosts.parties.public(user)).rows == ()
        assert wrong(await hosts.parties.entrance(party.id, user)) is Wrong.NOT_FOUND
    house = await hosts.house(party)
    assert {ben, eve} <= house.barred
    assert set(house.people) == {ann}


# -- who comes in


async def test_whoever_needs_approval_waits_until_somebody_lets_them_in(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann, rules=Rules(require_approval=True))
    assert standing(await hosts.join(ben, party)) == "pending"
    assert wrong(await hosts.parties.entrance(party.id, ben)) is Wrong.PRIVATE
    assert (ann, "party_join_request") in hosts.diary.told
    assert wrong(await hosts.act("approve", ben, party, ben)) is Wrong.NOT_ALLOWED
    approved = await hosts.act("approve", ann, party, ben)
    assert isinstance(approved, Facts)
    assert approved.participant_count == 2
    assert (ben, "party_approved") in hosts.diary.told
    assert standing(await hosts.join(eve, party)) == "pending"
    await hosts.act("reject", ann, party, eve)
    assert wrong(await hosts.join(eve, party)) is Wrong.REJECTED
    assert dict((await hosts.house(party)).people) == {ann: "host", ben: "participant"}
    assert (await hosts.house(party)).invited_only


async def test_the_code_of_a_private_party_lets_one_ask(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    party = await hosts.party(ann, "private")
    assert wrong(await hosts.join(ben, party)) is Wrong.NOT_FOUND
    assert standing(await hosts.join(ben, party, by_code=True)) == "pending"
    assert isinstance(await hosts.parties.visible(ben, party.id), Listed)


async def test_who_was_kicked_never_comes_back(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    party = await hosts.party(ann)
    await hosts.join(ben, party)
    token = await hosts.link(ann, party)
    kicked = await hosts.act("kick", ann, party, ben)
    assert isinstance(kicked, Facts)
    assert kicked.participant_count == 1
    assert wrong(await hosts.join(ben, party)) is Wrong.KICKED
    assert wrong(await hosts.join(ben, party, by_code=True)) is Wrong.KICKED
    assert wrong(await hosts.accept(ben, token)) is Wrong.KICKED
    assert ben in (await hosts.house(party)).barred
    assert await hosts.titles(ben) == []


async def test_who_was_kicked_sees_no_party_for_friends_any_more(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    await hosts.befriend(ann, ben)
    party = await hosts.party(ann, "friends")
    await hosts.join(ben, party)
    await hosts.act("kick", ann, party, ben)
    assert wrong(await hosts.parties.visible(ben, party.id)) is Wrong.NOT_FOUND
    assert wrong(await hosts.join(ben, party)) is Wrong.NOT_FOUND


async def test_who_leaves_may_come_back_to_what_they_may_see(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    party = await hosts.party(ann)
    await hosts.join(ben, party)
    left = await hosts.act("leave", ben, party)
    assert isinstance(left, Facts)
    assert left.participant_count == 1
    assert await hosts.titles(ben) == []
    assert standing(await hosts.join(ben, party)) == "approved"
    assert wrong(await hosts.act("leave", ann, party)) is Wrong.HOST_STAYS


async def test_a_full_party_lets_nobody_in_however_many_come_at_once(hosts: Hosts) -> None:
    ann, *others = [await hosts.person(name) for name in ("ann", "ben", "eve", "joe", "kim")]
    party = await hosts.party(ann, max_participants=3)
    outcomes = await asyncio.gather(*(hosts.join(user, party) for user in others))
    assert sum(isinstance(outcome, Joined) for outcome in outcomes) == 2
    assert [wrong(one) for one in outcomes if isinstance(one, Problem)] == [Wrong.FULL] * 2
    seen = await hosts.parties.seen(ann, party.id)
    assert isinstance(seen, Seen)
    assert seen.listed.party.participant_count == len(seen.people) == 3


async def test_the_entrance_takes_whoever_may_come_to_a_public_party(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    party = await hosts.party(ann)
    entrance = await hosts.parties.entrance(party.room_code, ben)
    assert isinstance(entrance, Entrance)
    assert (entrance.room_id, entrance.role) == (party.room_code, "participant")
    assert (await hosts.house(party)).people == {ann: "host", ben: "participant"}
    await hosts.run("end", ann, party)
    assert wrong(await hosts.parties.entrance(party.id, ben)) is Wrong.OVER


# -- who runs it


async def test_moderators_run_the_party_with_its_host_and_below_them(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann)
    for user in (ben, eve):
        await hosts.join(user, party)
    assert wrong(await hosts.act("promote", ben, party, ben, "moderator")) is Wrong.NOT_ALLOWED
    assert isinstance(await hosts.act("promote", ann, party, ben, "moderator"), Facts)
    for verb, about in (("kick", (ann,)), ("promote", (eve, "moderator"))):
        assert wrong(await hosts.act(verb, ben, party, *about)) is Wrong.NOT_ALLOWED
    for verb in ("start", "end"):
        assert wrong(await hosts.run(verb, ben, party)) is Wrong.NOT_ALLOWED
    assert isinstance(await hosts.act("kick", ben, party, eve), Facts)
    assert wrong(await hosts.act("kick", eve, party, ben)) is Wrong.NOT_ALLOWED


async def test_moderators_do_not_remove_one_another_and_run_nothing_once_they_have_left(hosts: Hosts) -> None:
    ann, ben, eve, joe = [await hosts.person(name) for name in ("ann", "ben", "eve", "joe")]
    party = await hosts.party(ann)
    for user in (ben, eve, joe):
        await hosts.join(user, party)
    for user in (ben, eve):
        await hosts.act("promote", ann, party, user, "moderator")
    assert wrong(await hosts.act("kick", ben, party, eve)) is Wrong.NOT_ALLOWED
    await hosts.act("leave", ben, party)
    assert wrong(await hosts.act("kick", ben, party, joe)) is Wrong.NOT_ALLOWED
    assert wrong(await hosts.invite(ben, party, emails=("x@example.org",))) is Wrong.NOT_ALLOWED
    assert isinstance(await hosts.act("kick", ann, party, eve), Facts)


async def test_only_those_who_run_it_see_who_waits(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann, rules=Rules(require_approval=True))
    for user in (ben, eve):
        await hosts.join(user, party)
    await hosts.act("approve", ann, party, ben)
    for user, shown in ((ann, {ann, ben, eve}), (ben, {ann, ben}), (eve, {ann, ben})):
        seen = await hosts.parties.seen(user, party.id)
        assert isinstance(seen, Seen)
        assert {one.who.id for one in seen.people} == shown


async def test_the_host_may_hand_the_party_over(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    party = await hosts.party(ann)
    await hosts.join(ben, party)
    await hosts.act("promote", ann, party, ben, "host")
    house = await hosts.house(party)
    assert (house.party.host_id, dict(house.people)) == (ben, {ann: "moderator", ben: "host"})


async def test_what_was_edited_holds_and_the_rest_stays(hosts: Hosts) -> None:
    ann = await hosts.person("ann")
    party = await hosts.party(ann)
    at_ms = int(hosts.clock()) + 2 * HOUR_MS
    edited = await hosts.run("edit", ann, party, Edit(title="Other", scheduled_for_ms=at_ms))
    assert isinstance(edited, Facts)
    assert (edited.title, edited.visibility, edited.scheduled_for_ms) == ("Other", "public", at_ms)
    past = Edit(scheduled_for_ms=int(hosts.clock()) - HOUR_MS)
    assert wrong(await hosts.run("edit", ann, party, past)) is Wrong.PAST
    await hosts.run("start", ann, party)
    assert wrong(await hosts.run("edit", ann, party, Edit(scheduled_for_ms=None))) is Wrong.FIXED


# -- its clock


async def test_a_planned_party_reminds_and_starts_on_time(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    at_ms = int(hosts.clock()) + HOUR_MS
    party = await hosts.party(ann, scheduled_for_ms=at_ms)
    await hosts.join(ben, party)
    assert hosts.diary.planned == {(START, party.id): at_ms, (REMIND, party.id): at_ms - 900_000}
    await hosts.parties.writing(lambda db: hosts.parties.course.remind(db, party.id))
    assert {(ann, "party_reminder"), (ben, "party_reminder")} <= set(hosts.diary.told)
    on_time = hosts.parties.course.start_on_time
    assert await hosts.parties.writing(lambda db: on_time(db, party.id)) is None
    hosts.clock.turn(HOUR_MS)
    started = await hosts.parties.writing(lambda db: on_time(db, party.id))
    assert isinstance(started, Facts)
    assert (started.status, started.started_at_ms) == ("live", int(hosts.clock()))
    assert (ben, "party_started") in hosts.diary.told
    assert hosts.diary.planned == {}
    assert await hosts.parties.writing(lambda db: on_time(db, party.id)) is None


async def test_another_time_replaces_the_plan_and_the_end_takes_it_back(hosts: Hosts) -> None:
    ann = await hosts.person("ann")
    party = await hosts.party(ann, scheduled_for_ms=int(hosts.clock()) + HOUR_MS)
    at_ms = int(hosts.clock()) + 10 * 60_000
    await hosts.run("edit", ann, party, Edit(scheduled_for_ms=at_ms))
    assert hosts.diary.planned == {(START, party.id): at_ms}
    ended = await hosts.run("end", ann, party)
    assert isinstance(ended, Facts)
    assert (ended.status, hosts.diary.planned) == ("cancelled", {})


async def test_a_party_follows_what_its_room_does(hosts: Hosts) -> None:
    ann = await hosts.person("ann")
    party = await hosts.party(ann)

    async def synced(playing: bool, position_ms: float) -> str | None:
        """The party's id, where that has given it another status."""
        return await hosts.parties.writing(
            lambda db: hosts.parties.course.synced(
                db, party.room_code, playing=playing, position_ms=position_ms, moved=True
            )
        )

    async def now() -> tuple[str, int, bool]:
        seen = await hosts.parties.visible(ann, party.id)
        assert isinstance(seen, Listed)
        return seen.party.status, seen.party.position_ms, seen.party.playing

    assert await synced(True, 5.0) is None
    assert await now() == ("scheduled", 5, True)
    await hosts.run("start", ann, party)
    assert await synced(False, 61_500.0) == party.id
    assert await now() == ("paused", 61_500, False)
    assert await synced(False, 70_000.0) is None
    assert await now() == ("paused", 70_000, False)
    assert await synced(True, 70_000.0) == party.id
    assert await now() == ("live", 70_000, True)
    assert (
        await hosts.parties.writing(lambda db: hosts.parties.course.closed(db, party.room_code)) == party.id
    )
    assert await synced(True, 0.0) is None
    assert await now() == ("ended", 70_000, False)
    assert await hosts.parties.writing(lambda db: hosts.parties.course.closed(db, party.room_code)) is None


# -- invitations


async def test_an_invitation_by_mail_lets_in_the_first_who_has_it(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann, "private")
    await hosts.invite(ann, party, emails=("Ben@Example.org", "ben@example.org"), words=Words("Come!"))
    (waiting,) = hosts.diary.letters
    letter = await hosts.parties.looking(lambda db: hosts.parties.invitations.letter(db, waiting))
    assert letter is not None
    assert (letter.to, letter.inviter, letter.message) == ("ben@example.org", "ann", "Come!")
    said = written(letter, f"https://tutti.test/parties/join?token={letter.token}")
    assert "“Come!”" in said.text
    assert letter.token in said.text
    token = letter.token
    assert standing(await hosts.accept(ben, token)) == "approved"
    assert standing(await hosts.accept(ben, token)) == "approved"
    assert wrong(await hosts.accept(eve, token)) is Wrong.EXPIRED
    assert await hosts.parties.looking(lambda db: hosts.parties.invitations.letter(db, waiting)) is None


async def test_a_link_lets_in_many_until_it_expires(hosts: Hosts) -> None:
    ann, ben, eve, joe = [await hosts.person(name) for name in ("ann", "ben", "eve", "joe")]
    party = await hosts.party(ann, "private", rules=Rules(require_approval=True))
    token = await hosts.link(ann, party)
    for user in (ben, eve):
        assert standing(await hosts.accept(user, token)) == "approved"
    hosts.clock.turn(7 * DAY_MS)
    assert wrong(await hosts.accept(joe, token)) is Wrong.EXPIRED
    assert wrong(await hosts.accept(joe, "rubbish")) is Wrong.NOT_FOUND


async def test_an_invitation_to_somebody_is_theirs_alone_and_shows_them_the_party(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann, "private")
    await hosts.invite(ann, party, users=(ben,))
    assert hosts.diary.told == [(ben, "party_invitation")]
    assert isinstance(await hosts.parties.visible(ben, party.id), Listed)
    assert wrong(await hosts.parties.visible(eve, party.id)) is Wrong.NOT_FOUND
    assert standing(await hosts.join(ben, party)) == "approved"
    hosts.clock.turn(8 * DAY_MS)
    await hosts.invite(ann, party, users=(eve,))
    hosts.clock.turn(8 * DAY_MS)
    assert wrong(await hosts.parties.visible(eve, party.id)) is Wrong.NOT_FOUND


async def test_an_invitation_is_worth_nothing_to_others_or_once_another_was_made(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann, "private")
    for whom in ({"users": (ben,)}, {"users": (ben,)}, {"emails": ("x@example.org",)}):
        await hosts.invite(ann, party, **whom)
    await hosts.invite(ann, party, emails=("x@example.org",))
    async with hosts.database.reading() as db:
        rows = (await db.scalars(select(Invitation).order_by(Invitation.id))).all()
    made = [(row.user_id is None, row.status, hosts.parties.invitations.token(row.id)) for row in rows]
    by_mail = [(status, token) for mailed, status, token in made if mailed]
    his = [(status, token) for mailed, status, token in made if not mailed]
    for invitations in (by_mail, his):
        assert sorted(status for status, _ in invitations) == ["pending", "revoked"]
    for status, token in his:
        assert wrong(await hosts.accept(eve, token)) is Wrong.NOT_FOUND, status
    for status, token in (*by_mail, *his):
        if status == "revoked":
            assert wrong(await hosts.accept(ben, token)) is Wrong.EXPIRED
    assert standing(await hosts.accept(ben, dict(his)["pending"])) == "approved"


async def test_nobody_whom_the_host_blocks_is_invited_by_a_moderator_either(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann)
    await hosts.join(ben, party)
    await hosts.act("promote", ann, party, ben, "moderator")
    await hosts.block(ann, eve)
    hosts.diary.told.clear()
    await hosts.invite(ben, party, users=(eve,))
    assert hosts.diary.told == []


async def test_inviting_says_nothing_of_who_is_there(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    party = await hosts.party(ann, "private")
    await hosts.block(ben, ann)
    blocked = await hosts.invite(ann, party, users=(ben,))
    nobody = await hosts.invite(ann, party, users=("0" * 36,))
    assert hosts.diary.told == []
    assert (blocked.sent, nobody.sent) == (1, 1)  # type: ignore[attr-defined]  # `Invited`
    assert wrong(await hosts.join(ben, party)) is Wrong.NOT_FOUND


async def test_only_those_who_run_it_invite(hosts: Hosts) -> None:
    ann, ben, eve = [await hosts.person(name) for name in ("ann", "ben", "eve")]
    party = await hosts.party(ann)
    await hosts.join(ben, party)
    assert wrong(await hosts.invite(ben, party, emails=("x@example.org",))) is Wrong.NOT_ALLOWED
    private = await hosts.party(ann, "private")
    assert wrong(await hosts.invite(eve, private, emails=("x@example.org",))) is Wrong.NOT_FOUND
    assert hosts.diary.letters == []


# -- lists


async def test_a_list_is_what_one_hosts_and_attends_the_newest_first(hosts: Hosts) -> None:
    ann, ben = [await hosts.person(name) for name in ("ann", "ben")]
    mine, theirs = await hosts.party(ann), await hosts.party(ben)
    await hosts.party(ben)
    await hosts.join(ann, theirs)
    await hosts.run("start", ann, mine)
    assert await hosts.titles(ann) == [theirs.id, mine.id]
    assert await hosts.titles(ann, part="hosting") == [mine.id]
    assert await hosts.titles(ann, part="attending") == [theirs.id]
    assert await hosts.titles(ann, statuses=("live", "paused")) == [mine.id]
    first = await hosts.parties.listed(ann, size=1)
    assert [one.role for one in first.rows] == ["participant"]
    second = await hosts.parties.listed(ann, wanted=first.next, size=1)
    assert [(one.party.id, one.host.username) for one in second.rows] == [(mine.id, "ann")]
    assert len((await hosts.parties.public(ann)).rows) == 3


async def test_no_list_asks_more_of_the_database_because_there_is_more_in_it(hosts: Hosts) -> None:
    ann, *others = [await hosts.person(name) for name in ("ann", "ben", "eve", "joe")]

    async def counts() -> list[int]:
        found = []
        for look in (
            lambda: hosts.parties.listed(ann),
            lambda: hosts.parties.public(ann),
            lambda: hosts.parties.seen(ann, party.id),
            lambda: hosts.parties.house(party.id),
        ):
            with statements() as said:
                await look()
            found.append(len(said))
        return found

    party = await hosts.party(ann)
    few = await counts()
    assert few[:2] == [1, 1]
    for user in others:
        await hosts.join(user, party)
        for _ in range(3):
            await hosts.join(ann, await hosts.party(user))
    assert len(await hosts.titles(ann)) == 10
    assert await counts() == few


async def test_an_account_that_goes_takes_its_parties_with_it(hosts: Hosts) -> None:
    ann = await hosts.person("ann")
    await hosts.party(ann)
    async with hosts.database.writing() as db:
        await db.delete(await db.get_one(User, ann))
    async with hosts.database.reading() as db:
        assert (await db.scalars(select(Party))).all() == []
