"""Whatever people do with a party, in whatever order and at once: what holds of every party holds of this one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from tests.platform_rows.desk import Desk
from tests.platform_rows.test_parties import Hosts
from tutti.infra.sql import Database
from tutti.platform.parties.course import Edit
from tutti.platform.parties.models import Participant, Party
from tutti.platform.parties.schemas import OVER, VISIBILITIES, Facts, Listed, Problem, Rules

STEPS = 25
AT_ONCE = 4
CAPACITY = 4


@pytest.fixture
async def hosts(database: Database, desk: Desk) -> AsyncIterator[Hosts]:
    yield Hosts(database, desk)


class Crowd:
    def __init__(self, hosts: Hosts, people: list[str], party: Facts, chance: random.Random) -> None:
        self.hosts = hosts
        self.people = people
        self.party = party
        self.chance = chance
        self.kicked: set[str] = set()
        self.links: list[str] = []

    async def step(self) -> None:
        who, other = self.chance.choice(self.people), self.chance.choice(self.people)
        hosts, party = self.hosts, self.party
        match self.chance.randrange(11):
            case 0 | 1:
                await hosts.join(who, party)
            case 2:
                await hosts.join(who, party, by_code=True)
            case 3:
                await hosts.act("leave", who, party)
            case 4:
                outcome = await hosts.act("kick", who, party, other)
                if not isinstance(outcome, Problem):
                    self.kicked.add(other)
            case 5 | 6:
                await hosts.act(self.chance.choice(("approve", "reject")), who, party, other)
            case 7:
                role = self.chance.choice(("participant", "moderator", "host"))
                await hosts.act("promote", who, party, other, role)
            case 8:
                made = await hosts.parties.writing(
                    lambda db: hosts.parties.invitations.link(db, who, party.id)
                )
                if not isinstance(made, Problem):
                    self.links.append(made.token)
            case 9:
                if self.links:
                    await hosts.accept(who, self.chance.choice(self.links))
            case _:
                rules = Rules(require_approval=self.chance.random() < 0.5)
                visibility = self.chance.choice(VISIBILITIES)
                await hosts.run("edit", who, party, Edit(rules=rules, visibility=visibility))

    async def holds(self) -> None:
        async with self.hosts.database.reading() as db:
            party = (await db.scalars(select(Party))).one()
            rows = (await db.scalars(select(Participant))).all()
        approved = {row.user_id: row.role for row in rows if row.status == "approved"}
        assert party.participant_count == len(approved) <= CAPACITY
        assert [user for user, role in approved.items() if role == "host"] == [party.host_id]
        assert not self.kicked & approved.keys()
        house = await self.hosts.house(self.party)
        assert dict(house.people) == approved
        assert house.barred == self.kicked
        for user in self.people:
            listed = [one.party.id for one in (await self.hosts.parties.listed(user)).rows]
            seen = await self.hosts.parties.visible(user, self.party.id)
            assert not listed or isinstance(seen, Listed)
            assert (user in approved) <= bool(listed)


@pytest.mark.parametrize("seed", range(3))
async def test_what_holds_of_a_party_holds_whatever_is_done_to_it(hosts: Hosts, seed: int) -> None:
    chance = random.Random(seed)
    people = [await hosts.person(f"guest{n}") for n in range(6)]
    party = await hosts.party(people[0], "public", max_participants=CAPACITY)
    crowd = Crowd(hosts, people, party, chance)
    for _ in range(STEPS):
        await asyncio.gather(*(crowd.step() for _ in range(AT_ONCE)))
        await crowd.holds()
    house = await hosts.house(party)
    ended = await hosts.run("end", house.party.host_id, party)
    assert isinstance(ended, Facts)
    assert ended.status in OVER
    for user in people:
        assert isinstance(await hosts.join(user, party), Problem)
