"""Invitations by mail: written when they leave, so that no token waits in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tutti.platform.mail.letters import Letter, Link, Links, compose
from tutti.platform.mail.mail import Mail, hand_over
from tutti.platform.parties import schemas
from tutti.platform.parties.parties import Parties

JOIN_PAGE: Final = "/parties/join"


class Letters:
    def __init__(self, parties: Parties, mail: Mail, links: Links) -> None:
        self._parties = parties
        self._mail = mail
        self._links = links

    def page(self, token: str) -> str:
        """Where an invitation is taken."""
        return self._links.to(JOIN_PAGE, token=token)

    async def send(self, payload: Mapping[str, Any]) -> None:
        """A job."""
        invitation = str(payload["invitation"])
        invitations = self._parties.invitations
        found = await self._parties.looking(lambda db: invitations.letter(db, invitation))
        if found is None:
            return
        letter = written(found, self.page(found.token))
        await hand_over(
            self._mail,
            found.to,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            letter_id=invitation,
        )


def written(found: schemas.Letter, page: str) -> Letter:
    said = (f"“{found.message}”",) if found.message else ()
    return compose(
        f"{found.inviter} invites you to “{found.title}”",
        f"{found.inviter} invites you to the watch party “{found.title}”.",
        *said,
        Link("Come to the party", page),
    )
