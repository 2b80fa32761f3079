"""Who may enter a room and as what, where somebody outside of it keeps a list: a party's guests, say.

Such a room's host is whoever the list names. Until they come nobody is, and while they are gone only moderators of the
list stand in for them: the first to come, or the longest here, may be anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.roster import Kind, Member, Role


@dataclass(frozen=True, slots=True)
class Access:
    """`people`: whoever is expected, and as what. `invited_only`: nobody else. `barred`: not even if it is open."""

    invited_only: bool = False
    people: Mapping[MemberId, Role] = field(default_factory=dict)
    barred: frozenset[MemberId] = frozenset()

    @property
    def host(self) -> MemberId | None:
        return next((who for who, role in self.people.items() if role is Role.HOST), None)

    def refuses(self, who: MemberId) -> Refused | None:
        if who in self.barred:
            return Refused(Reason.NOT_ALLOWED, "You may not enter this room")
        if self.invited_only and who not in self.people:
            return Refused(Reason.NOT_ALLOWED, "Only those who are invited may come in")
        return None


def heirs(access: Access | None, others: Iterable[Member]) -> list[Member]:
    """Who of these could have the host's seat, in the order of their arrival."""
    people = [member for member in others if member.kind is Kind.PERSON]
    if access is None or access.host is None:
        return people
    return [member for member in people if access.people.get(member.id, Role.MEMBER) is not Role.MEMBER]
