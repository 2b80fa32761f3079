"""A party's chat: one message to everybody in it, stored before it is shown; CPU µs of the server per delivery.

Tutti keeps it in its room's log and copies it to PostgreSQL. The peer is Django Channels with Redis: one row in
PostgreSQL, then one `group_send` of a text that is encoded once. Redis and PostgreSQL are in nobody's figures. The next
message is sent when everybody has the last one. Afterwards all that was said must be found where it is kept.
"""

from __future__ import annotations

import http.client
import json
from functools import partial

import psycopg

from bench import Unmeasured, install, options, party_members, postgres, process
from bench import party_servers as servers
from bench.client import Crowd
from bench.compare import interleaved
from bench.party_rows import Rows, crowded, fill_django, fill_tutti
from bench.redis import redis_server
from bench.report import Figure, conclude

OURS, THEIRS = "tutti", "Django Channels"
LINE = "/ws/chat/{id}/?token={token}"
SAID = b'{"type":"chat_message"'
PAGE = 100


class Chatting:
    """A server with the whole party in its chat. `others`: what it has others do for it, whose CPU is told apart."""

    def __init__(
        self, server: process.Server, crowd: Crowd, rows: Rows, others: dict[str, process.Server]
    ) -> None:
        self.server = server
        self.said = 0
        self.bytes = 0
        self.others = others
        self.others_s = dict.fromkeys(others, 0.0)
        self.delivered = 0
        self._crowd = crowd
        self._arrived = 0
        self._members = party_members.enter(crowd, server, LINE, rows, self._hear)
        self._heard = len(self._members)

    def learn(self) -> None:
        """Whether whoever says something hears it too, and warm up."""
        self._say()
        self._crowd.pump_until(
            lambda: self._arrived >= self._heard - 1, f"{self.server.name}: a first message"
        )
        party_members.settle(self._crowd, self._members)
        if self._arrived not in {self._heard, self._heard - 1}:
            raise Unmeasured(f"{self.server.name}: {self._arrived} of {self._heard} heard it")
        self._heard = self._arrived
        for _ in range(5):
            self._say_and_wait()

    def cpu_us_per_delivery(self, messages: int) -> float:
        before = self.server.cpu_s()
        others = {name: other.cpu_s() for name, other in self.others.items()}
        for _ in range(messages):
            self._say_and_wait()
        for name, other in self.others.items():
            self.others_s[name] += other.cpu_s() - others[name]
        self.delivered += messages * self._heard
        return (self.server.cpu_s() - before) / (messages * self._heard) * 1e6

    def _say_and_wait(self) -> None:
        wanted = self._arrived + self._heard
        self._say()
        self._crowd.pump_until(lambda: self._arrived >= wanted, f"{self.server.name}: a message to everybody")

    def _say(self) -> None:
        speaker = self._members[self.said % len(self._members)]
        speaker.say(
            "chat_message", content=f"What a film! I have never seen anything like number {self.said}."
        )
        self.said += 1

    def _hear(self, _: party_members.Member, text: bytes) -> None:
        if text.startswith(SAID):
            self._arrived += 1
            self.bytes = len(text)


def measure(given: options.Options) -> list[Figure]:
    rounds, messages = given.pick(7, 2), given.pick(24, 4)
    install.debian("redis-server")
    with postgres.running() as database:
        ours_url, theirs_url = database.fresh(servers.TUTTIS), database.fresh(servers.DJANGOS)
        servers.make_tables(database)
        members = process.sockets(given.pick(1_000, 100), servers=2)
        rows = crowded(members)
        fill_django(theirs_url, rows)
        with (
            process.running(redis_server()) as [redis],
            process.running(servers.tutti(database), servers.django_channels(database, redis)) as (
                ours,
                theirs,
            ),
        ):
            fill_tutti(ours_url, rows)
            crowd = Crowd()
            subjects = [Chatting(ours, crowd, rows, {}), Chatting(theirs, crowd, rows, {"Redis": redis})]
            for one in subjects:
                one.learn()
            names = (OURS, THEIRS)
            probes = {
                name: partial(one.cpu_us_per_delivery, messages)
                for name, one in zip(names, subjects, strict=True)
            }
            result = interleaved("µs", rounds, probes)
            crowd.close()
            _all_stored(ours, theirs_url, rows, subjects)
    for one in subjects:
        further = "".join(
            f"; {name} {s / one.delivered * 1e6:.1f} µs more" for name, s in one.others_s.items()
        )
        print(f"{one.server.name}: {one.said} messages of {one.bytes} bytes, all of them stored{further}")
    ratio = conclude(f"chat to {members} members of a party: CPU per delivery", result, OURS, THEIRS)
    name = f"chat to {members} of a party, stored, against Django Channels + Redis"
    return [Figure(name, ratio, "×", must=0.2, aim=0.1)]


def _all_stored(ours: process.Server, theirs_url: str, rows: Rows, subjects: list[Chatting]) -> None:
    with psycopg.connect(theirs_url) as db:
        row = db.execute("SELECT count(*) FROM watch_party_chatmessage").fetchone()
    kept = (_told(ours, rows), row[0] if row else 0)
    for one, stored in zip(subjects, kept, strict=True):
        if stored != one.said:
            raise Unmeasured(f"{one.server.name} has kept {stored} of {one.said} messages")


def _told(server: process.Server, rows: Rows) -> int:
    """How many messages can be read over HTTP, page by page."""
    [token] = servers.tokens(rows.askers[:1])
    address: str | None = f"/api/chat/{rows.parties[0]['id']}/messages/?page_size={PAGE}"
    texts: set[str] = set()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    while address is not None:
        connection.request("GET", address, headers={"Authorization": f"Bearer {token}"})
        page = json.loads(connection.getresponse().read())
        texts.update(one["message"] for one in page["results"])
        address = page["next"]
    connection.close()
    return len(texts)


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
