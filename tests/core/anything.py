"""Stories of anything that anybody may ask of a room, sensible or not; the same seed tells the same story."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple, TypeVar

from tests.core.stage import ANN, BOB, CAT, FILM, STRANGER
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core.access import Access
from tutti.core.defaults import Control, Expiry, HostLost
from tutti.core.drift import Doing
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import Answer, PollKind
from tutti.core.roster import Breakout, Password, Role

T = TypeVar("T")

START_MS = 1_000_000.0
MOST_AHEAD_MS = 1_000.0
RECORDER = MemberId("recorder-rec1")
PEOPLE = (HOST, ANN, BOB, CAT, STRANGER, RECORDER)
ROOMS = (RoomId("ROOM1"), RoomId("ROOM2"))
PASSWORD = Password("00", "11")
NO_NUMBERS = (math.nan, math.inf, -math.inf, -1.0, 1e308, -1e308, 0.0)
NAMES = ("", "Ann", "\x00", "'; DROP TABLE rooms; --", "🎬", "\u202e")
WORDS = (
    "Hello",
    "Hi",
    "Well",
    "two\nlines",
    "",
    " ",
    "\x00",
    "x" * 2_000,
    "x" * 2_001,
    "\ud800",
    "\u202e",
    "🎬",
)
SIGNS = ("🎉", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "", " ", "\n", "\u200d", "🎉" * 9, "\ud800", "ok")
MEDIA = (
    FILM,
    Media("tv1", "vidcloud", "tv", episode=3),
    Media("x", "p", "track", duration_ms=60_000.0),
    Media("x", "p", "track", duration_ms=math.nan),
    Media("x", "p", "track", episode=-1),
)


ANSWERS: tuple[Answer, ...] = (-1, 0, 0, 1, 1, 2, 5, 6, "", "Well", "x" * 201)


class Step(NamedTuple):
    """After `wait_ms`, `who` (None: the server itself) asks this. `lead_ms`: how far ahead it is scheduled."""

    wait_ms: float
    who: MemberId | None
    command: c.Command
    lead_ms: float = 0.0


def story(seed: int, length: int = 60) -> list[Step]:
    """Most begin with a room being opened; the others with people who look for one."""
    teller = _Teller(seed)
    opening = [Step(0.0, HOST, teller.opens())] if seed % 10 else []
    return opening + [teller.step() for _ in range(length)]


class _Teller:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._any: tuple[tuple[int, Callable[[], c.Command]], ...] = (
            (3, self.opens),
            (30, lambda: c.Join(self._one(NAMES))),
            (60, self._joins),
            (5, c.Leave),
            (16, lambda: c.Expel(self._one(PEOPLE))),
            (8, lambda: c.TransferHost(self._one(PEOPLE))),
            (10, lambda: c.Appoint(self._one(PEOPLE), self._one(tuple(Role)))),
            (10, lambda: c.SetLock(self._random.random() < 0.3)),
            (8, lambda: c.SetCapacity(self._random.choice((-1, 0, 1, 2, 3, 5, 100_001)))),
            (5, lambda: c.SwitchChat(self._maybe())),
            (10, lambda: c.SetOffset(self._number(-6_000.0, 6_000.0))),
            (
                10,
                lambda: c.ChangeMedia(
                    self._one(NAMES), self._one((None, "p")), self._one((None, "tv")), self._episode()
                ),
            ),
            (5, lambda: c.ChangeProvider(self._one(NAMES))),
            (5, lambda: c.ChangeEpisode(self._random.randint(-1, 3))),
            (15, lambda: c.Play(self._one((None, self._position())), self._told(), self._maybe())),
            (15, lambda: c.Pause(self._one((None, self._position())), self._told(), self._maybe())),
            (10, lambda: c.Seek(self._position(), self._told(), self._maybe())),
            (10, lambda: c.SeekBy(self._number(-60_000.0, 60_000.0))),
            (10, lambda: c.SetRate(self._number(0.0, 5.0))),
            (
                25,
                lambda: c.Report(
                    self._position(), self._moment(), self._one((None, True, False)), self._media()
                ),
            ),
            (
                10,
                lambda: c.Observe(
                    self._position(),
                    self._moment(),
                    self._one((None, self._number(-9_000.0, 9_000.0))),
                    self._number(0.0, 500.0),
                    self._one(tuple(Doing)),
                ),
            ),
            (15, lambda: c.AddToQueue(self._one(MEDIA))),
            (5, lambda: c.RemoveFromQueue(self._entry())),
            (8, lambda: c.MoveInQueue(self._entry(), self._one((None, self._entry())))),
            (8, lambda: c.PlayNext(self._one((None, self._entry())))),
            (
                45,
                lambda: c.Chat(
                    self._one(WORDS), self._one((None, "m1", "m2")), self._one((None, self._line()))
                ),
            ),
            (40, lambda: c.EditChat(self._line(), self._one(("Hallo", *WORDS[:5])))),
            (12, lambda: c.RemoveChat(self._line())),
            (30, lambda: c.SetSlowMode(self._number(30.0, 310.0))),
            (4, lambda: c.SetTyping(self._maybe())),
            (35, self._asks),
            (60, lambda: c.Vote(self._poll(), self._one(ANSWERS))),
            (6, lambda: c.ClosePoll(self._poll())),
            (6, lambda: c.EndPoll(self._poll())),
            (4, lambda: c.Annotate(self._one(("{}", "x" * 5_000)))),
            (2, c.ClearAnnotations),
            (10, c.EnterCall),
            (5, c.LeaveCall),
            (5, lambda: c.SetSpeaking(self._maybe())),
            (10, lambda: c.Signal(self._one(PEOPLE), self._one(("{}", "x" * 70_000)))),
            (12, self._lists),
            (6, lambda: c.Whisper(self._one(PEOPLE), self._one(WORDS))),
            (2, c.LowerHands),
            (10, lambda: c.SetLobby(self._random.random() < 0.6)),
            (10, lambda: c.Admit(self._one((None, *PEOPLE)))),
            (4, lambda: c.Deny(self._one(PEOPLE))),
            (4, lambda: c.SetPassword(self._one((None, None, PASSWORD)))),
            (15, lambda: c.Share(self._random.random() < 0.7)),
            (4, lambda: c.StopShare(self._one(PEOPLE))),
            (5, lambda: c.SetSharePolicy(self._maybe())),
            (8, lambda: c.SetMuted(self._maybe())),
            (6, lambda: c.Mute(self._one((None, *PEOPLE)))),
            (4, lambda: c.AskUnmute(self._one(PEOPLE))),
            (8, lambda: c.StartRecording(self._one(("rec1", "rec1", "rec1", "", "x" * 129)))),
            (4, c.StopRecording),
            (25, self._breaks_out),
            (15, lambda: c.Assign(self._one((None, *PEOPLE)), self._one((None, *ROOMS, RoomId("NOWHERE"))))),
            (12, lambda: c.ExtendBreakouts(self._number(-1.0, 90_000.0))),
            (2, c.CloseBreakouts),
            (15, lambda: c.TellBreakouts(self._one(WORDS))),
            (25, c.AskHelp),
            (4, c.EndBreakouts),
            (12, lambda: c.HangUp(self._one(PEOPLE))),
            (4, lambda: c.EndKnock(self._one(PEOPLE))),
            (5, lambda: c.React(self._one(SIGNS), self._one((None, self._position())))),
            (8, lambda: c.RaiseHand(self._maybe(), self._one((None, None, *PEOPLE)))),
            (35, lambda: c.SetReady(self._random.random() < 0.6)),
            (22, lambda: c.SetWaiting(self._random.random() < 0.7)),
            (20, c.EndWait),
            (1, c.Close),
            (14, lambda: c.Depart(self._one(PEOPLE))),
            (3, lambda: c.Expire(self._one(tuple(CloseReason)))),
        )
        self._weights = [weight for weight, _ in self._any]

    def step(self) -> Step:
        [(_, ask)] = self._random.choices(self._any, self._weights)
        who = self._one((*PEOPLE, HOST, HOST, None))
        wait_ms = self._random.choice((0.0, 40.0, 700.0, 3_000.0, 90_000.0))
        return Step(wait_ms, who, ask(), self._random.choice((0.0, 0.0, 150.0, MOST_AHEAD_MS)))

    def _line(self) -> Seq:
        return Seq(self._random.randint(2, 8))

    def _poll(self) -> str:
        return self._one(("p1", "p1", "p1", "p1", "p1", "p2", ""))

    def _asks(self) -> c.OpenPoll:
        options = self._one(((), ("A",), ("A", "B", "C"), ("A", "A"), ("A", "")))
        lasts_ms = self._one((None, self._number(0.0, 90_000.0)))
        return c.OpenPoll(
            self._poll(),
            self._one(("Again?", "Again?", *WORDS[:6])),
            self._one(tuple(PollKind)),
            options,
            lasts_ms,
        )

    def _lists(self) -> c.SetAccess:
        people = {self._one(PEOPLE): self._one(tuple(Role)[1:]) for _ in range(self._random.randint(0, 3))}
        if self._maybe():
            people[self._one(PEOPLE)] = Role.HOST
        barred = frozenset(who for who in PEOPLE if self._random.random() < 0.05 and who not in people)
        return c.SetAccess(Access(self._random.random() < 0.2, people, barred))

    def _breaks_out(self) -> c.OpenBreakouts:
        rooms = tuple(
            Breakout(one, self._one(("One", "Two", "Three", "Four", "", "x" * 101))) for one in ROOMS
        )
        assign = {self._one(PEOPLE): self._one(ROOMS) for _ in range(self._random.randint(0, 2))}
        lasts_ms = self._one((None, self._number(0.0, 90_000.0)))
        return c.OpenBreakouts(rooms, assign, self._maybe(), lasts_ms)

    def opens(self) -> c.Open:
        of = defaults(
            capacity=self._random.randint(2, 5),
            control=self._one(tuple(Control)),
            host_lost=self._one((HostLost.PASSES_ON, HostLost.PASSES_ON, HostLost.CLOSES)),
            expiry=self._one(tuple(Expiry)),
            correct_over_ms=self._one((0.0, 300.0, 2_000.0)),
            seat_ms=self._one((0.0, 40_000.0)),
        )
        return c.Open(self._one(NAMES), self._one(NAMES), of, self._one((None, FILM, self._media())))

    def _joins(self) -> c.Join:
        return c.Join(
            self._one(NAMES),
            calling=self._maybe(),
            fresh=self._random.random() < 0.2,
            opens=self._one((None, self.opens())),
            knocks=self._maybe(),
            password=self._one((None, PASSWORD)),
            recording=self._one((None, None, None, None, "rec1", "rec2")),
            proof=self._one((None, "browser")),
        )

    def _one(self, of: tuple[T, ...]) -> T:
        return self._random.choice(of)

    def _maybe(self) -> bool:
        return self._random.random() < 0.5

    def _number(self, low: float, high: float) -> float:
        return self._one(NO_NUMBERS) if self._random.random() < 0.15 else self._random.uniform(low, high)

    def _position(self) -> float:
        return self._number(0.0, 6_000_000.0)

    def _moment(self) -> float:
        return self._number(START_MS - 10_000.0, START_MS + 3_600_000.0)

    def _episode(self) -> int | None:
        return self._one((None, -1, 1, 2))

    def _entry(self) -> str:
        return f"q{self._random.randint(1, 40)}"

    def _media(self) -> Media | None:
        return self._one((None, None, *MEDIA))

    def _told(self) -> c.Told | None:
        if self._maybe():
            return None
        return c.Told(self._position(), self._moment(), self._one((None, True, False)), self._one(PEOPLE))
