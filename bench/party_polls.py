"""A poll in a party of a thousand: everybody votes within two seconds, while everybody watches the result.

Each member is on a socket of their own. The counts that each is told last must be exact, and no member may be told more
than four results in any second; for the way to the member a second is 50 ms shorter here.
"""

from __future__ import annotations

import time
from collections import Counter

import msgspec

from bench import Unmeasured, options, party_members, postgres, process
from bench import party_servers as servers
from bench.client import Crowd
from bench.party_members import Member
from bench.party_rows import crowded, fill_tutti
from bench.report import Figure, print_table

LINE = "/ws/interactive/{id}/?token={token}"
VOTES_WITHIN_S = 2.0
SECOND_S = 0.95
OPTIONS = ("The first", "The second", "The third", "None of them")
RESULTS, CREATED, CLOSED = b'{"type":"poll_results"', b'{"type":"poll_created"', b'{"type":"poll_closed"'


class _Option(msgspec.Struct):
    votes: int


class _Poll(msgspec.Struct):
    id: str
    options: list[_Option]
    total_votes: int


class _Told(msgspec.Struct):
    poll: _Poll


_told = msgspec.json.Decoder(_Told)


class Watching:
    """What everybody was told: when, and what last."""

    def __init__(self) -> None:
        self.created: list[bytes] = []
        self.closed: dict[Member, bytes] = {}
        self.results: dict[Member, list[float]] = {}
        self.last: dict[Member, bytes] = {}

    def hear(self, member: Member, text: bytes) -> None:
        if text.startswith(RESULTS):
            self.results.setdefault(member, []).append(time.perf_counter())
            self.last[member] = text
        elif text.startswith(CREATED):
            self.created.append(text)
        elif text.startswith(CLOSED):
            self.closed[member] = text

    def most_in_a_second(self) -> int:
        return max(
            sum(began <= at < began + SECOND_S for at in times)
            for times in self.results.values()
            for began in times
        )


def measure(given: options.Options) -> list[Figure]:
    rows = crowded(process.sockets(given.pick(1_000, 100), servers=1))
    crowd, seen = Crowd(), Watching()
    with postgres.running() as database:
        url = database.fresh(servers.TUTTIS)
        with process.running(servers.tutti(database)) as [server]:
            fill_tutti(url, rows)
            members = party_members.enter(crowd, server, LINE, rows, seen.hear)
            poll = _open(crowd, members, seen)
            cpu, began = server.cpu_s(), time.perf_counter()
            expected = _vote(crowd, members, poll)
            voted_s = time.perf_counter() - began
            everybody = len(members)
            crowd.pump_until(lambda: _last_total(seen) == everybody, "telling everybody how it stands")
            party_members.settle(crowd, members)
            cpu_us = (server.cpu_s() - cpu) / everybody * 1e6
            members[0].say("close_poll", poll_id=poll)
            crowd.pump_until(lambda: len(seen.closed) == everybody, "telling everybody how it ended")
            crowd.close()
    wrong = sum(_counts(text) != expected for told in (seen.last, seen.closed) for text in told.values())
    unheard = everybody - len(seen.last)
    each = [len(times) for times in seen.results.values()]
    print(f"\n{everybody} people vote within {voted_s:.2f} s and see the result as it comes")
    print_table(
        ("votes", "counted, by option", "results to each", "most in a second", "told wrong", "CPU a vote"),
        [
            (
                str(everybody), " ".join(map(str, _counts(next(iter(seen.closed.values()))))),
                f"{min(each)} – {max(each)}", str(seen.most_in_a_second()), str(wrong + unheard), f"{cpu_us:.0f} µs",
            )
        ],
    )  # fmt: skip
    name = f"poll with {everybody} votes in {VOTES_WITHIN_S:.0f} s"
    return [
        Figure(f"{name}: members whose counts were wrong", wrong + unheard, "", must=0),
        Figure(f"{name}: results to a member in a second", seen.most_in_a_second(), "", must=4),
    ]


def _open(crowd: Crowd, members: list[Member], seen: Watching) -> str:
    members[0].say("create_poll", question="Which film is next?", options=OPTIONS)
    crowd.pump_until(lambda: len(seen.created) == len(members), "telling everybody of a poll")
    return _told.decode(seen.created[0]).poll.id


def _vote(crowd: Crowd, members: list[Member], poll: str) -> list[int]:
    """One after the other, at even times; how many voted for what."""
    began = time.perf_counter()
    votes: Counter[int] = Counter()
    for number, member in enumerate(members):
        due = began + VOTES_WITHIN_S * number / len(members)
        while time.perf_counter() < due:
            crowd.pump(0.0005)
        option = number * 7 % 10 % len(OPTIONS)
        member.say("vote", poll_id=poll, option=option)
        votes[option] += 1
    late_s = time.perf_counter() - began - VOTES_WITHIN_S
    if late_s > VOTES_WITHIN_S / 2:
        raise Unmeasured(f"the generator took {late_s:.1f} s more to vote: the machine was too busy")
    return [votes[option] for option in range(len(OPTIONS))]


def _counts(text: bytes) -> list[int]:
    return [option.votes for option in _told.decode(text).poll.options]


def _last_total(seen: Watching) -> int:
    """What the one who knows least was told."""
    return min((_told.decode(text).poll.total_votes for text in seen.last.values()), default=0)


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
