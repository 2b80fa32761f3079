"""Whatever others obtain depends on somebody's place through the published cell alone: their bytes do not change.

One script is played twice. Everybody says and does the same in both, but for one person, who is elsewhere: inside the
cell, or anywhere between two publications. Then what each of the others was answered and told is compared, byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dialects.neighbourhood import BESIDE, FAR_OFF, HERE, Ear, Street
from tests.service.world import settle
from tutti.dialects.nearby.sockets import Conversation

LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz"
SOME_WAY_OFF = "u09tuw"
WALKER, OTHERS = "walker", ("ada", "bob", "eve")
HOMES = {"ada": HERE, "bob": BESIDE, "eve": FAR_OFF}

tails = st.text(LETTERS, max_size=6)
cells = st.text(LETTERS, min_size=6, max_size=6)


@dataclass(frozen=True)
class Asks:
    """One of the others does something that could tell them more."""

    who: str
    method: str
    path: str
    body: object = None


@dataclass(frozen=True)
class Says:
    who: str
    event: str
    said: object = None


@dataclass(frozen=True)
class Walks:
    """The one person says where they are: here in one run, there in the other."""

    here: str
    there: str
    by: Literal["http", "socket"]


@dataclass(frozen=True)
class Passes:
    seconds: int


Step = Asks | Says | Walks | Passes


def asked(who: str) -> st.SearchStrategy[Step]:
    return st.one_of(
        st.builds(
            Asks, st.just(who), st.just("GET"), st.sampled_from(("/presence/live-users", "/find/active"))
        ),
        st.builds(
            lambda km, limit: Asks(who, "GET", f"/location/nearby?radiusKm={km}&limit={limit}"),
            st.floats(0.1, 10).map(lambda km: round(km, 2)),
            st.integers(1, 50),
        ),
        st.builds(lambda cell: Asks(who, "POST", "/location/update", {"geohash": cell}), cells),
        st.just(Asks(who, "GET", "/vibe/matches")),
        st.just(Asks(who, "POST", "/find/start", {"targetId": WALKER})),
        st.just(Asks(who, "POST", f"/vibe/{WALKER}/together")),
        st.just(Says(who, "user:heartbeat")),
        st.just(Says(who, "user:go_live", {"shareTrack": True})),
        st.builds(lambda cell: Says(who, "user:update_location", {"geohash": cell}), cells),
        st.just(Says(who, "find:start", {"targetId": WALKER})),
    )


walker_does = st.sampled_from(
    (
        Says(WALKER, "user:heartbeat"),
        Says(WALKER, "user:update_track", {"trackId": "t", "artist": "Miles Davis"}),
        Says(WALKER, "user:go_live", {"shareTrack": True, "allowFind": True}),
        Asks(WALKER, "PATCH", "/presence/settings", {"shareTrack": False}),
        Asks(WALKER, "GET", "/location/nearby"),
    )
)
others_do = st.sampled_from(OTHERS).flatmap(asked)
by = st.sampled_from(("http", "socket"))
inside_the_cell = st.builds(lambda here, there, by: Walks(HERE + here, HERE + there, by), tails, tails, by)
anywhere = st.builds(Walks, cells, cells, by)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(inside_the_cell, others_do, walker_does, st.builds(Passes, st.integers(1, 400))),
        max_size=25,
    )
)
async def test_moving_inside_the_cell_changes_no_byte_of_anybody_elses(script: list[Step]) -> None:
    await the_others_are_told_the_same(script)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.one_of(anywhere, others_do, walker_does, st.builds(Passes, st.integers(1, 8))), max_size=25)
)
async def test_moving_between_publications_changes_no_byte_of_anybody_elses(script: list[Step]) -> None:
    """A script takes less than the five minutes before which nothing further is published."""
    await the_others_are_told_the_same(script)


async def test_what_is_compared_would_show_a_published_move() -> None:
    """The property is not empty: once it is time, another cell is another byte."""
    script: list[Step] = [Walks(HERE, SOME_WAY_OFF, "http")]
    for _ in range(22):
        script += [Passes(30), *(Says(who, "user:heartbeat") for who in (*OTHERS, WALKER))]
    script.append(Asks("ada", "GET", "/location/nearby?radiusKm=10"))
    assert await played(script, there=False) != await played(script, there=True)


async def the_others_are_told_the_same(script: list[Step]) -> None:
    here, there = await played(script, there=False), await played(script, there=True)
    for who in OTHERS:
        assert here[who] == there[who]


async def played(script: list[Step], *, there: bool) -> dict[str, list[bytes]]:
    """What each of the others was answered and told, in order."""
    async with Street() as street:
        sockets: dict[str, tuple[Ear, Conversation]] = {}
        answers: dict[str, list[bytes]] = {who: [] for who in OTHERS}
        for who in (*OTHERS, WALKER):
            sockets[who] = await street.connect(who)
            await street.arrives(who, HOMES.get(who, HERE), shareTrack=True, allowFind=True)
        for step in script:
            await _take(step, street, sockets, answers, there=there)
        return {who: [*answers[who], *sockets[who][0].wire] for who in OTHERS}


async def _take(
    step: Step,
    street: Street,
    sockets: dict[str, tuple[Ear, Conversation]],
    answers: dict[str, list[bytes]],
    *,
    there: bool,
) -> None:
    match step:
        case Passes(seconds):
            await street.turn(seconds * 1000)
        case Asks(who, method, path, body):
            answer = await street.ask(who, method, path, body)
            if who in answers:
                answers[who] += [
                    str(answer.status_code).encode(),
                    str(answer.headers).encode(),
                    answer.content,
                ]
        case Says(who, event, said):
            await _emit(sockets[who][1], event, said, answers.get(who))
        case Walks(one, other, "http"):
            await street.ask(WALKER, "POST", "/location/update", {"geohash": other if there else one})
        case Walks(one, other, "socket"):
            said = {"geohash": other if there else one}
            await _emit(sockets[WALKER][1], "user:update_location", said, None)


async def _emit(conversation: Conversation, event: str, said: object, answers: list[bytes] | None) -> None:
    args = [] if said is None else [msgspec.Raw(msgspec.json.encode(said))]
    conversation.hear(event, args, answers.append if answers is not None else None)
    await settle()
