"""One room to play scenes in: commands are decided, what was decided is recorded, and time is turned by hand."""

from __future__ import annotations

from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core.decide import Decision, decide
from tutti.core.defaults import Defaults
from tutti.core.events import Event, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room, evolve
from tutti.core.roster import Role

ANN, BOB, CAT = MemberId("ann"), MemberId("bob"), MemberId("cat")
STRANGER = MemberId("stranger")
FILM = Media("tt1", "vidcloud", "movie", title="A film", duration_ms=5_400_000.0)


class Stage:
    """The host has opened the room at 1 000 s, and these members have joined it in this order.

    `lead_ms`: how far ahead commands are scheduled.
    """

    def __init__(self, *members: MemberId, of: Defaults | None = None, media: Media | None = FILM) -> None:
        self.now_ms = 1_000_000.0
        self.lead_ms = 0.0
        self.log: list[Recorded] = []
        self._room: Room | None = None
        self.does(HOST, c.Open("film night", "Host", of or defaults(), media))
        for member in members:
            self.does(member, c.Join(member.title()))

    @property
    def room(self) -> Room:
        assert self._room is not None
        return self._room

    @property
    def position_ms(self) -> float:
        return self.room.position_at(self.now_ms)

    def asks(self, who: MemberId | None, command: c.Command) -> Decision:
        """Decide, and record what was decided. `who` None: the server itself."""
        decision = decide(self._room, command, who, self.now_ms, self.lead_ms)
        if isinstance(decision, tuple):
            for event in decision:
                self._record(event)
        return decision

    def does(self, who: MemberId | None, command: c.Command) -> tuple[Event, ...]:
        """As `asks`, where a refusal would spoil the scene."""
        decision = self.asks(who, command)
        assert isinstance(decision, tuple), decision
        return decision

    def refuses(self, who: MemberId | None, command: c.Command) -> Reason:
        """As `asks`, where anything but a refusal would spoil the scene."""
        decision = self.asks(who, command)
        assert isinstance(decision, Refused), decision
        return decision.reason

    def after(self, ms: float) -> Stage:
        self.now_ms += ms
        return self

    def roles(self) -> dict[str, Role]:
        return {member.id: member.role for member in self.room.members.values()}

    def _record(self, event: Event) -> None:
        recorded = Recorded(Epoch("e1"), Seq(len(self.log) + 1), self.now_ms, event)
        self.log.append(recorded)
        self._room = evolve(RoomId("r1"), self._room, recorded)
