"""Parties: what a list of them, a message in their chat and a vote in their polls cost.

list: 20 of somebody's parties over HTTP, with a JWT, from PostgreSQL, against Django REST framework with the same rows.
chat: one message to 1 000 members of a party, stored before it is shown, against Django Channels and Redis.
polls: 1 000 votes in two seconds: whether the counts are exact, and how often results are told.
"""

from __future__ import annotations

from bench import options, party_chat, party_list, party_polls
from bench.report import Figure

PARTS: dict[str, options.Measure] = {
    "list": party_list.measure,
    "chat": party_chat.measure,
    "polls": party_polls.measure,
}


def measure(given: options.Options) -> list[Figure]:
    return [figure for part in PARTS.values() for figure in part(given)]


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False, parts=PARTS)
