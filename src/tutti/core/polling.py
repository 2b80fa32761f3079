"""Polls being opened, answered and closed."""

from __future__ import annotations

import math

from tutti.core import events as e
from tutti.core import polls
from tutti.core.commands import OpenPoll, Vote
from tutti.core.events import Event
from tutti.core.polls import Poll
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Member

MOST_OPEN = 5
Decision = tuple[Event, ...] | Refused


def open_poll(room: Room, who: Member, command: OpenPoll, now_ms: float) -> Decision:
    """The same id again is the same poll."""
    if polls.find(room.polls, command.id) is not None:
        return ()
    lasts_ms = command.lasts_ms
    if lasts_ms is not None and not (math.isfinite(lasts_ms) and 1_000.0 <= lasts_ms <= polls.LONGEST_MS):
        return Refused(Reason.OUT_OF_RANGE, "A poll lasts from a second to a day")
    options = polls.options_of(command.kind, command.options)
    until_ms = None if lasts_ms is None else now_ms + lasts_ms
    poll = Poll(command.id, command.question, command.kind, options, who.id, now_ms, until_ms)
    problem = polls.unsound(poll)
    if problem is not None:
        return Refused(Reason.OUT_OF_RANGE, problem)
    if sum(not one.closed for one in room.polls) >= MOST_OPEN:
        return Refused(Reason.OUT_OF_RANGE, f"At most {MOST_OPEN} polls are open at once; close one first")
    return (e.PollOpened(poll),)


def vote(room: Room, who: Member, command: Vote, now_ms: float) -> Decision:
    poll = polls.find(room.polls, command.poll)
    if poll is None:
        return Refused(Reason.POLL_NOT_FOUND)
    if poll.closed or (poll.until_ms is not None and now_ms >= poll.until_ms):
        return Refused(Reason.POLL_CLOSED)
    if who.id in poll.votes:
        return Refused(Reason.ALREADY_VOTED)
    if not polls.is_answer(poll, command.answer):
        return Refused(Reason.OUT_OF_RANGE, "This is none of the answers that the poll takes")
    return (e.PollVoted(poll.id, who.id, command.answer),)


def close(room: Room, who: Member | None, id_: str) -> Decision:
    """`who` None: its time is up."""
    poll = polls.find(room.polls, id_)
    if poll is None:
        return Refused(Reason.POLL_NOT_FOUND)
    return () if poll.closed else (e.PollClosed(id_, who.id if who is not None else None),)


def over(room: Room, id_: str, now_ms: float) -> Decision:
    """From the timer of a poll, which may be early."""
    poll = polls.find(room.polls, id_)
    early = poll is not None and (poll.until_ms is None or now_ms < poll.until_ms)
    return () if early else close(room, None, id_)
