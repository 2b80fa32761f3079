"""What two browsers say to each other through the server arrives in order, once, and one of two offers is answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from tests.clocks import TurnedClock
from tutti.core.ids import MemberId
from tutti.service import signalling
from tutti.service.signalling import Kind, Outcome, Signalling
from tutti.service.timers import TimerWheel

ADA, BOB, CY = MemberId("ada"), MemberId("bob"), MemberId("cy")


class Stage:
    """Three people, who joined in this order; what each has been sent."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.wheel = TimerWheel(self.clock.now_ms() / 1000)
        self.joined: dict[MemberId, float] = {ADA: 1.0, BOB: 2.0, CY: 3.0}
        self.away: set[MemberId] = set()
        self.takes: dict[MemberId, int] = {}
        """So many messages more, and then the line is lost again."""
        self.heard: dict[MemberId, list[bytes]] = {ADA: [], BOB: [], CY: []}
        self.signalling = Signalling(self._send, self.joined.get, wheel=self.wheel, clock=self.clock)

    def says(self, sender: MemberId, kind: Kind, target: MemberId, what: str) -> Outcome:
        return self.signalling.signal(kind, sender, target, what.encode())

    def comes_back(self, member: MemberId) -> None:
        self.away.discard(member)
        self.signalling.back(member)

    def leaves(self, member: MemberId) -> None:
        del self.joined[member]
        self.signalling.gone(member)

    def turn(self, by_ms: float) -> None:
        self.wheel.turn(self.clock.turn(by_ms) / 1000)

    def words(self, member: MemberId) -> list[str]:
        return [frame.decode() for frame in self.heard[member]]

    def _send(self, member: MemberId, frame: bytes) -> bool:
        if member in self.away or self.takes.get(member, 1) == 0:
            return False
        if member in self.takes:
            self.takes[member] -= 1
        self.heard[member].append(frame)
        return True


def test_one_after_the_other_to_the_one_who_is_named() -> None:
    stage = Stage()
    assert stage.says(BOB, "offer", ADA, "o") is Outcome.SENT
    assert stage.says(BOB, "candidate", ADA, "c") is Outcome.SENT
    assert stage.says(ADA, "answer", BOB, "a") is Outcome.SENT
    assert (stage.words(ADA), stage.words(BOB), stage.words(CY)) == (["o", "c"], ["a"], [])


def test_a_candidate_waits_for_its_offer() -> None:
    stage = Stage()
    assert stage.says(BOB, "candidate", ADA, "c1") is Outcome.WAITS
    assert stage.says(BOB, "candidate", ADA, "c2") is Outcome.WAITS
    stage.says(BOB, "offer", ADA, "o")
    assert stage.words(ADA) == ["o", "c1", "c2"]


def test_a_candidate_waits_for_its_answer() -> None:
    stage = Stage()
    stage.says(BOB, "offer", ADA, "o")
    stage.says(ADA, "candidate", BOB, "c")
    stage.says(ADA, "answer", BOB, "a")
    assert stage.words(BOB) == ["a", "c"]


def test_candidates_without_an_offer_are_bounded() -> None:
    stage = Stage()
    outcomes = [stage.says(BOB, "candidate", ADA, "c" * 100) for _ in range(500)]
    assert outcomes.count(Outcome.WAITS) == signalling.MOST_HELD
    assert set(outcomes[signalling.MOST_HELD :]) == {Outcome.TOO_MANY}


def test_candidates_without_an_offer_are_bounded_in_bytes_as_well() -> None:
    stage = Stage()
    outcomes = [stage.says(BOB, "candidate", ADA, "c" * 10_000) for _ in range(20)]
    assert outcomes.count(Outcome.WAITS) == signalling.MOST_HELD_BYTES // 10_000 < signalling.MOST_HELD


def test_nobody_else_is_a_target() -> None:
    stage = Stage()
    assert stage.says(BOB, "offer", MemberId("eve"), "o") is Outcome.UNKNOWN
    assert stage.says(BOB, "offer", BOB, "o") is Outcome.UNKNOWN
    stage.leaves(ADA)
    assert stage.says(BOB, "candidate", ADA, "c") is Outcome.UNKNOWN


class TestOffersThatCross:
    def test_the_later_joiners_is_dropped_with_its_candidates_up_to_its_answer(self) -> None:
        stage = Stage()
        stage.says(ADA, "offer", BOB, "ada")
        assert stage.says(BOB, "offer", ADA, "bob") is Outcome.DROPPED
        assert stage.says(BOB, "candidate", ADA, "c1") is Outcome.DROPPED
        stage.says(BOB, "answer", ADA, "answer")
        stage.says(BOB, "candidate", ADA, "c2")
        assert stage.words(ADA) == ["answer", "c2"]

    def test_the_earlier_joiner_may_yield_to_an_offer_that_reached_it(self) -> None:
        stage = Stage()
        stage.says(BOB, "offer", ADA, "bob")
        assert stage.says(ADA, "offer", BOB, "ada") is Outcome.WAITS
        stage.says(ADA, "candidate", BOB, "c1")
        stage.says(ADA, "answer", BOB, "answer")
        stage.says(ADA, "candidate", BOB, "c2")
        stage.turn(10_000)
        assert (stage.words(ADA), stage.words(BOB)) == (["bob"], ["answer", "c2"])

    def test_the_earlier_joiners_goes_out_if_it_does_not_yield(self) -> None:
        stage = Stage()
        stage.says(BOB, "offer", ADA, "bob")
        stage.says(ADA, "offer", BOB, "ada")
        stage.says(ADA, "candidate", BOB, "c1")
        stage.turn(signalling.YIELD_S * 1000 + 200)
        assert stage.says(BOB, "candidate", ADA, "lost") is Outcome.DROPPED
        assert stage.says(ADA, "answer", BOB, "too late") is Outcome.DROPPED
        stage.says(BOB, "answer", ADA, "answer")
        assert (stage.words(ADA), stage.words(BOB)) == (["bob", "answer"], ["ada", "c1"])

    def test_an_offer_long_unanswered_stands_in_nobodys_way(self) -> None:
        stage = Stage()
        stage.says(ADA, "offer", BOB, "lost on the way")
        stage.turn(signalling.CROSSING_MS)
        assert stage.says(BOB, "offer", ADA, "bob") is Outcome.SENT
        assert stage.says(ADA, "answer", BOB, "answer") is Outcome.SENT

    def test_an_offer_that_waited_for_somebody_counts_from_when_they_heard_it(self) -> None:
        stage = Stage()
        stage.away.add(BOB)
        stage.says(ADA, "offer", BOB, "ada")
        stage.turn(2 * signalling.CROSSING_MS)
        stage.comes_back(BOB)
        assert stage.says(BOB, "offer", ADA, "bob, before that was heard") is Outcome.DROPPED
        stage.says(BOB, "answer", ADA, "answer")
        assert (stage.words(ADA), stage.words(BOB)) == (["answer"], ["ada"])

    def test_a_second_answer_is_one_too_many(self) -> None:
        stage = Stage()
        stage.says(BOB, "offer", ADA, "o")
        assert stage.says(ADA, "answer", BOB, "a") is Outcome.SENT
        assert stage.says(ADA, "answer", BOB, "a") is Outcome.DROPPED

    def test_an_answer_to_an_offer_from_before_a_restart_passes(self) -> None:
        assert Stage().says(ADA, "answer", BOB, "a") is Outcome.SENT


class TestAMemberInItsGrace:
    def test_hears_all_that_it_missed_in_order_and_then_the_rest(self) -> None:
        stage = Stage()
        stage.says(BOB, "offer", ADA, "o")
        stage.away.add(ADA)
        assert stage.says(BOB, "candidate", ADA, "c1") is Outcome.WAITS
        stage.away.discard(ADA)  # there is a connection, but it has not been told yet where everybody is
        stage.says(BOB, "candidate", ADA, "c2")
        assert stage.words(ADA) == ["o"]
        stage.comes_back(ADA)
        stage.says(BOB, "candidate", ADA, "c3")
        assert stage.words(ADA) == ["o", "c1", "c2", "c3"]

    def test_hears_nothing_of_those_who_left_meanwhile(self) -> None:
        stage = Stage()
        stage.away.add(ADA)
        stage.says(BOB, "offer", ADA, "bob")
        stage.says(CY, "offer", ADA, "cy")
        stage.leaves(BOB)
        stage.comes_back(ADA)
        assert stage.words(ADA) == ["cy"]

    def test_leaves_its_mailbox_to_nobody(self) -> None:
        stage = Stage()
        stage.away.add(ADA)
        stage.says(BOB, "offer", ADA, "o")
        stage.leaves(ADA)
        stage.joined[ADA] = 9.0
        stage.comes_back(ADA)
        assert stage.words(ADA) == []

    def test_has_a_mailbox_that_one_sender_cannot_fill(self) -> None:
        stage = Stage()
        stage.away.add(ADA)
        stage.says(BOB, "offer", ADA, "o")
        outcomes = [stage.says(BOB, "candidate", ADA, "c") for _ in range(1_000)]
        assert outcomes.count(Outcome.WAITS) == signalling.MOST_FROM_ONE - 1
        assert stage.says(CY, "offer", ADA, "cy") is Outcome.WAITS

    def test_is_sent_as_much_again_once_some_of_it_was_delivered(self) -> None:
        stage = Stage()
        stage.away.add(ADA)
        stage.says(BOB, "offer", ADA, "o")
        while stage.says(BOB, "candidate", ADA, "c") is Outcome.WAITS:
            pass
        stage.takes[ADA] = 10
        stage.comes_back(ADA)
        assert len(stage.words(ADA)) == 10
        outcomes = [stage.says(BOB, "candidate", ADA, "c") for _ in range(20)]
        assert outcomes == [Outcome.WAITS] * 10 + [Outcome.TOO_MANY] * 10

    def test_has_a_mailbox_of_so_many_bytes(self) -> None:
        stage = Stage()
        stage.away.add(ADA)
        outcomes = [stage.says(BOB, "offer", ADA, "o" * 60_000) for _ in range(100)]
        assert outcomes.count(Outcome.WAITS) == signalling.MOST_WAITING_BYTES // 60_000
        stage.comes_back(ADA)
        assert len(stage.words(ADA)) == outcomes.count(Outcome.WAITS)

    def test_may_lose_its_connection_again_while_it_hears(self) -> None:
        stage = Stage()
        stage.away.add(ADA)
        stage.says(BOB, "offer", ADA, "o")
        stage.signalling.back(ADA)
        stage.comes_back(ADA)
        assert stage.words(ADA) == ["o"]


# -- two browsers, whatever the network does


@dataclass
class Browser:
    """One end of a peer connection. `polite` None: it takes its own offer back for any other (implicit rollback);
    False: it ignores the other's while its own is unanswered, True: it does not (perfect negotiation)."""

    name: str
    say: Callable[[Kind, str], None]
    polite: bool | None
    own: str | None = None
    agreed: list[str] = field(default_factory=list)
    remote: str | None = None
    faults: list[str] = field(default_factory=list)
    count: int = 0

    def offer(self) -> None:
        if self.own is not None:
            return
        self.count += 1
        self.own = f"{self.name}{self.count}"
        self.say("offer", self.own)
        for n in range(2):
            self.say("candidate", f"{self.own}/{n}")

    def hear(self, kind: Kind, what: str) -> None:
        if kind == "offer":
            if self.own is not None and self.polite is False:
                return
            self.own, self.remote = None, what
            self.agreed.append(what)
            self.say("answer", what)
            self.say("candidate", f"{what}/of {self.name}")
        elif kind == "answer":
            if what != self.own:
                self.faults.append(f"an answer to {what} while {self.own} is open")
            self.agreed.append(what)
            self.own, self.remote = None, what
        elif self.remote != what.partition("/")[0] and not (self.polite is False and self.own):
            self.faults.append(f"{what} while {self.remote} counts")


POLITENESS = st.sampled_from([(None, None), (False, True)])
"""The earlier joiner's and the later one's."""
STEPS = st.lists(
    st.sampled_from(["ada offers", "bob offers", "ada>", "bob>", ">ada", ">bob"]), min_size=2, max_size=60
)


@given(POLITENESS, STEPS)
def test_two_browsers_end_with_one_agreement(
    politeness: tuple[bool | None, bool | None], steps: list[str]
) -> None:
    stage = Stage()
    out: dict[MemberId, deque[tuple[Kind, str]]] = {ADA: deque(), BOB: deque()}
    other = {ADA: BOB, BOB: ADA}
    kinds: dict[str, Kind] = {"o": "offer", "a": "answer", "c": "candidate"}
    read = {ADA: 0, BOB: 0}

    def sayer(me: MemberId) -> Callable[[Kind, str], None]:
        return lambda kind, what: out[me].append((kind, what))

    browsers = {me: Browser(me, sayer(me), polite) for me, polite in zip((ADA, BOB), politeness, strict=True)}

    def reach_server(me: MemberId) -> None:
        if out[me]:
            kind, what = out[me].popleft()
            outcome = stage.says(me, kind, other[me], kind[0] + what)
            event(f"{kind}: {outcome.name}")

    def reach_browser(me: MemberId) -> None:
        if read[me] < len(stage.heard[me]):
            word = stage.words(me)[read[me]]
            read[me] += 1
            browsers[me].hear(kinds[word[0]], word[1:])

    act: dict[str, Callable[[], Any]] = {
        "ada offers": browsers[ADA].offer,
        "bob offers": browsers[BOB].offer,
        "ada>": lambda: reach_server(ADA),
        "bob>": lambda: reach_server(BOB),
        ">ada": lambda: reach_browser(ADA),
        ">bob": lambda: reach_browser(BOB),
    }
    for step in steps:
        act[step]()
    for _ in range(4):
        while any(out.values()) or any(read[me] < len(stage.heard[me]) for me in read):
            for step in ("ada>", "bob>", ">ada", ">bob"):
                act[step]()
        stage.turn(signalling.YIELD_S * 1000 + 200)
    ada, bob = browsers[ADA], browsers[BOB]
    assert (ada.faults, bob.faults) == ([], [])
    assert (ada.own, bob.own) == (None, None), "somebody's offer is still open"
    assert ada.agreed == bob.agreed


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ADA, BOB, CY]),
            st.sampled_from([ADA, BOB, CY]),
            st.sampled_from(["candidate", "candidate", "offer", "answer", "lost", "back"]),
        ),
        max_size=80,
    )
)
def test_nothing_is_lost_doubled_or_reordered_over_a_gap(steps: list[tuple[MemberId, MemberId, str]]) -> None:
    stage = Stage()
    kept: dict[tuple[MemberId, MemberId], list[str]] = {}
    kinds: dict[str, Kind] = {"candidate": "candidate", "offer": "offer", "answer": "answer"}
    for number, (sender, target, what) in enumerate(steps):
        if what == "lost":
            stage.away.add(sender)
        elif what == "back":
            stage.turn(5_000)
            stage.comes_back(sender)
        else:
            word = f"{sender}>{target} {what} {number}"
            if stage.says(sender, kinds[what], target, word) in (Outcome.SENT, Outcome.WAITS):
                kept.setdefault((sender, target), []).append(word)
    for member in (ADA, BOB, CY):
        stage.comes_back(member)
    for (sender, target), words in kept.items():
        heard = [word for word in stage.words(target) if word.startswith(f"{sender}>")]
        assert len(set(heard)) == len(heard)
        assert set(heard) <= set(words)
        for kind in kinds:
            numbers = [int(word.rsplit(" ", 1)[1]) for word in heard if f" {kind} " in word]
            assert all(a < b for a, b in pairwise(numbers)), "reordered"
        descriptions = [word for word in heard if " candidate " not in word]
        assert heard[:1] == descriptions[:1], "a candidate came first"


@given(st.lists(st.tuples(st.sampled_from([ADA, BOB]), st.booleans()), max_size=40))
def test_whatever_two_say_arrives_whole_over_the_gaps_of_both(steps: list[tuple[MemberId, bool]]) -> None:
    """Bob has offered and Ada answered: then candidates of both, and connections that come and go."""
    stage = Stage()
    other = {ADA: BOB, BOB: ADA}
    said: dict[MemberId, list[str]] = {ADA: ["answer"], BOB: ["offer"]}
    stage.says(BOB, "offer", ADA, "offer")
    stage.says(ADA, "answer", BOB, "answer")
    for number, (me, comes_or_goes) in enumerate(steps):
        if comes_or_goes and me in stage.away:
            stage.turn(5_000)
            stage.comes_back(me)
        elif comes_or_goes:
            stage.away.add(me)
        else:
            stage.says(me, "candidate", other[me], str(number))
            said[me].append(str(number))
    for me in (ADA, BOB):
        stage.comes_back(me)
        event("somebody was away" if any(came for _, came in steps) else "nobody was away")
    assert (stage.words(ADA), stage.words(BOB)) == (said[BOB], said[ADA])
