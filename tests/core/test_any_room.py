"""Whatever anybody asks, in whatever order: what holds for every room, and that two folds of its log agree."""

from __future__ import annotations

import json
import math
from typing import Any

from tests.core import reducer
from tests.core.anything import MOST_AHEAD_MS, START_MS, Step, story
from tutti.core.access import Access
from tutti.core.decide import decide
from tutti.core.events import EVENTS, Event, MemberJoined, Recorded, RoomOpened
from tutti.core.ids import Epoch, RoomId, Seq
from tutti.core.polls import is_answer, tally
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import RELAYS, Back, BreakoutsShown, ClosingSoon, Lost, Moved, Relay, Rewired
from tutti.core.room import Room, evolve, fold
from tutti.core.roster import Kind, Member, Role
from tutti.infra.event_codec import decode_event, decode_snapshot, encode_event, encode_snapshot

ROOM, EPOCH = RoomId("r1"), Epoch("e1")
THE_SERVICES = {Lost, Back, Rewired, ClosingSoon, BreakoutsShown, Moved}
"""What no room decides: the service tells it by itself."""

NOT_THE_CORES = {
    Reason.UNKNOWN_PROVIDER,
    Reason.UNAUTHENTICATED,
    Reason.NOT_YOURSELF,
    Reason.RATE_LIMITED,
    Reason.UNAVAILABLE,
    Reason.DRAINING,
    Reason.INTERNAL,
}
"""What only the layers around the core refuse for."""


class Reached:
    """What was reached over all stories."""

    def __init__(self) -> None:
        self.events: set[type[Event]] = set()
        self.relays: set[type[Relay]] = set()
        self.reasons: set[Reason] = set()


def test_every_room_keeps_its_rules_and_everything_that_can_happen_did() -> None:
    reached = Reached()
    for seed in range(3_000):
        try:
            _play(story(seed), reached)
        except BaseException as failure:
            failure.add_note(f"in the story of seed {seed}")
            raise
    assert reached.events == set(EVENTS)
    assert reached.relays == set(RELAYS) - THE_SERVICES
    assert reached.reasons == set(Reason) - NOT_THE_CORES


def _play(steps: list[Step], reached: Reached) -> None:
    room: Room | None = None
    log: list[Recorded] = []
    snapshots: list[dict[str, Any]] = []
    now_ms = START_MS
    for step in steps:
        now_ms += step.wait_ms
        decision = decide(room, step.command, step.who, now_ms, step.lead_ms)
        if isinstance(decision, Refused):
            reached.reasons.add(decision.reason)
            continue
        if isinstance(decision, Relay):
            reached.relays.add(type(decision))
            continue
        if room is not None and decision and isinstance(decision[0], RoomOpened):
            break  # another life of the room
        for event in decision:
            recorded = Recorded(EPOCH, Seq(len(log) + 1), now_ms, event)
            before, room = room, evolve(ROOM, room, recorded)
            log.append(recorded)
            snapshots.append(_shown(room))
            reached.events.add(type(event))
            _check_admission(before, event)
        if room is not None and decision:
            _check(room, log, now_ms)
    assert fold(ROOM, _stored(log)) == room
    _check_second_opinion(log, snapshots)


def _check(room: Room, log: list[Recorded], now_ms: float) -> None:
    """What holds after every command."""
    assert (room.epoch, room.seq, room.active_at_ms) == (EPOCH, len(log), now_ms)
    people = [member for member in room.members.values() if member.kind is Kind.PERSON]
    hosts = [member.id for member in room.members.values() if member.role is Role.HOST]
    if room.access is not None and room.access.host is not None:
        _check_seats(room, room.access, people)
    elif people:
        assert hosts == [room.host]
    else:
        assert room.host is None or room.closed is not None
        assert room.recording is None or room.closed is not None
    assert set(room.sharing) <= set(room.members)
    assert len(room.sharing) <= 1 or not room.one_share
    assert list(room.hands) == sorted(
        (m.id for m in room.members.values() if m.hand_ms is not None), key=room.hands.index
    )
    assert not set(room.knocks) & set(room.members)
    assert room.lobby or not room.knocks
    assert all(room.recording is not None for m in room.members.values() if m.kind is Kind.RECORDER)
    assert all(key == member.id and abs(member.offset_ms) <= 5_000.0 for key, member in room.members.items())
    position_ms = room.position_at(now_ms)
    assert math.isfinite(position_ms)
    assert 0.0 <= position_ms <= (room.duration_ms or math.inf)
    assert 0.25 <= room.timeline.rate <= 4.0
    assert room.timeline.anchored_at_ms <= now_ms + MOST_AHEAD_MS
    _check_company(room, now_ms)
    assert decode_snapshot(encode_snapshot(room)) == room


def _check_seats(room: Room, access: Access, people: list[Member]) -> None:
    """Whose room it is, is whose the list says it is; and everybody is as it says."""
    here = {member.id for member in people}
    moderators = {who for who, role in access.people.items() if role is Role.MODERATOR} & here
    if access.host in here or not moderators:
        assert room.host == (access.host if access.host in here else None)
    else:
        assert room.host in moderators
    for member in people:
        assert access.refuses(member.id) is None
        listed = access.people.get(member.id, Role.MEMBER)
        assert member.role is (Role.HOST if member.id == room.host else listed)


def _check_company(room: Room, now_ms: float) -> None:
    """What is kept is bounded, and a wait is for somebody who can end it, and for no longer than it may be."""
    assert len(room.chat) <= 200
    assert len(room.polls) <= 20
    for poll in room.polls:
        told = tally(poll)
        assert told.total == len(poll.votes) == (sum(told.counts) or len(told.texts))
        assert all(is_answer(poll, answer) for answer in poll.votes.values())
    assert len(room.queue) <= 100
    assert len({entry.id for entry in room.queue}) == len(room.queue)
    if room.waiting is not None and room.closed is None:
        assert room.waits
        assert not room.timeline.playing
        assert any(m.ready is False for m in room.members.values() if m.id in room.waiting.members)
        assert room.waiting.until_ms <= now_ms + 5_000.0


def _check_admission(before: Room | None, event: Event) -> None:
    """Nobody was let into a room that was full, locked with somebody in it, or over; nothing happens in one that is."""
    if before is None:
        return
    assert before.closed is None
    if isinstance(event, MemberJoined):
        assert event.member.id not in before.members
        people = [member for member in before.members.values() if member.kind is Kind.PERSON]
        invited = event.member.id in before.knocks or (before.seat and before.seat.member == event.member.id)
        if event.member.kind is Kind.PERSON and not invited:
            assert len(people) < before.capacity


def _check_second_opinion(log: list[Recorded], snapshots: list[dict[str, Any]]) -> None:
    """Any snapshot and the events after it are the newest snapshot, to a client that shares no code with us."""
    for start in {0, len(log) // 2} if log else ():
        view = _begun(log[0]) if start == 0 else json.loads(json.dumps(snapshots[start - 1]))
        for recorded, expected in list(zip(log, snapshots, strict=True))[max(start, 1) :]:
            name, fields = json.loads(encode_event(recorded.event))
            reducer.reduce(view, recorded.seq, recorded.at_ms, name, fields)
            assert view == expected
            assert list(view["members"]) == list(expected["members"])


def _begun(first: Recorded) -> reducer.View:
    name, fields = json.loads(encode_event(first.event))
    assert name == "RoomOpened"
    return reducer.opened(ROOM, first.epoch, first.at_ms, fields)


def _shown(room: Room) -> dict[str, Any]:
    """The room as a stored snapshot shows it."""
    shown: dict[str, Any] = json.loads(encode_snapshot(room))[1]
    return shown


def _stored(log: list[Recorded]) -> tuple[Recorded, ...]:
    """The log after a trip through the store."""
    return tuple(Recorded(r.epoch, r.seq, r.at_ms, decode_event(encode_event(r.event))) for r in log)
