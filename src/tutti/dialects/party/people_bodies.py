"""The bodies of guide 003's `/api/users/`: people as they see themselves and one another.

`avatar` is a path on this server; it changes when the picture does. What somebody hides is null.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Self
from zoneinfo import available_timezones

import msgspec

from tutti.dialects.party.auth_bodies import BLANK, LONGEST_NAME, REQUIRED, iso
from tutti.dialects.party.problems import Invalid
from tutti.platform.accounts.schemas import Person
from tutti.platform.people.models import LONGEST_BIO
from tutti.platform.people.schemas import (
    Blocked,
    Changes,
    Own,
    Privacy,
    PrivacyChanges,
    Seen,
    Standing,
    Tie,
    Visibility,
)
from tutti.platform.people.somebody import Somebody

USERS: Final = "/api/users"
SHORTEST_SEARCH: Final = 2
LONGEST_SEARCH: Final = 150

ZONES: Final = frozenset(available_timezones())


def avatar_url(who: Somebody) -> str | None:
    return None if who.avatar is None else f"{USERS}/{who.id}/avatar/?v={who.avatar}"


class Brief(msgspec.Struct, frozen=True):
    """Somebody, wherever they are mentioned."""

    id: str
    username: str
    display_name: str
    avatar: str | None

    @classmethod
    def of(cls, who: Somebody) -> Self:
        return cls(who.id, who.username, who.display_name, avatar_url(who))


class PrivacySettings(msgspec.Struct, frozen=True):
    profile_visibility: str
    allow_friend_requests: bool
    show_online_status: bool
    searchable: bool

    @classmethod
    def of(cls, privacy: Privacy) -> Self:
        return cls(
            privacy.profile_visibility.value,
            privacy.allow_friend_requests,
            privacy.show_online_status,
            privacy.searchable,
        )


class OwnProfile(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    email: str | None
    username: str
    display_name: str
    first_name: str
    last_name: str
    is_email_verified: bool
    two_factor_enabled: bool
    date_joined: str
    avatar: str | None
    bio: str
    timezone: str
    privacy: PrivacySettings

    @classmethod
    def of(cls, person: Person, own: Own) -> Self:
        return cls(
            id=person.id,
            email=person.email,
            username=person.username,
            display_name=person.display_name,
            first_name=person.first_name,
            last_name=person.last_name,
            is_email_verified=person.email_verified,
            two_factor_enabled=person.second_factor,
            date_joined=iso(person.created_at_ms),
            avatar=avatar_url(own.who),
            bio=own.bio,
            timezone=own.timezone,
            privacy=PrivacySettings.of(own.privacy),
        )


class Friendship(msgspec.Struct, frozen=True):
    """`status`: `none`, `request_sent`, `request_received`, `friends` or `self`."""

    status: str
    id: str | None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else's. `is_online` null: they do not tell, or not you."""

    id: str
    username: str
    display_name: str
    avatar: str | None
    friendship: Friendship
    is_friend: bool
    bio: str | None
    timezone: str | None
    date_joined: str | None
    is_online: bool | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        who, said = seen.who, seen.said
        return cls(
            id=who.id,
            username=who.username,
            display_name=who.display_name,
            avatar=avatar_url(who),
            friendship=Friendship(seen.standing.value, seen.friendship),
            is_friend=seen.standing is Standing.FRIENDS,
            bio=None if said is None else said.bio,
            timezone=None if said is None else said.timezone,
            date_joined=None if said is None else iso(said.joined_at_ms),
            is_online=None if said is None else said.online,
        )


class FriendBody(msgspec.Struct, frozen=True):
    """A friend, or a request: `status` is `pending` or `accepted`; `direction` `sent` or `received` while it waits."""

    id: str
    user: Brief
    status: str
    direction: str | None
    created_at: str

    @classmethod
    def of(cls, tie: Tie) -> Self:
        waiting = {Standing.ASKED: "sent", Standing.ASKS: "received"}.get(tie.standing)
        status = "accepted" if waiting is None else "pending"
        return cls(tie.id, Brief.of(tie.who), status, waiting, iso(tie.at_ms))


class BlockedBody(msgspec.Struct, frozen=True):
    user: Brief
    blocked_at: str

    @classmethod
    def of(cls, blocked: Blocked) -> Self:
        return cls(Brief.of(blocked.who), iso(blocked.at_ms))


class EditProfile(msgspec.Struct, kw_only=True):
    """What is left out stays as it is."""

    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    bio: str | None = None
    timezone: str | None = None

    def meaning(self) -> Changes:
        wrong: dict[str, list[str]] = {}
        changes = Changes(
            display_name=_line(wrong, "display_name", self.display_name),
            first_name=_line(wrong, "first_name", self.first_name),
            last_name=_line(wrong, "last_name", self.last_name),
            bio=_bio(wrong, self.bio),
            timezone=self.timezone,
        )
        if changes.display_name == "":
            wrong["display_name"] = [BLANK]
        if changes.timezone and changes.timezone not in ZONES:
            wrong["timezone"] = ["Choose a time zone such as Europe/Paris."]
        if wrong:
            raise Invalid(wrong)
        return changes


class EditPrivacy(msgspec.Struct, kw_only=True):
    """What is left out stays as it is."""

    profile_visibility: str | None = None
    allow_friend_requests: bool | None = None
    show_online_status: bool | None = None
    searchable: bool | None = None

    def meaning(self) -> PrivacyChanges:
        chosen = self.profile_visibility
        if chosen is not None and chosen not in {one.value for one in Visibility}:
            raise Invalid({"profile_visibility": [f'"{chosen[:20]}" is not a valid choice.']})
        return PrivacyChanges(
            profile_visibility=None if chosen is None else Visibility(chosen),
            allow_friend_requests=self.allow_friend_requests,
            show_online_status=self.show_online_status,
            searchable=self.searchable,
        )


class AskFriend(msgspec.Struct, kw_only=True):
    """By id, or by name."""

    user_id: str | None = None
    username: str | None = None

    def meaning(self) -> tuple[str | None, str]:
        """The id if it is by id, and the name."""
        if not self.user_id and not (self.username or "").strip():
            raise Invalid({"user_id": [REQUIRED]})
        return self.user_id or None, printable(self.username or "")


def search_words(said: str) -> str:
    words = printable(said)
    if not SHORTEST_SEARCH <= len(words) <= LONGEST_SEARCH:
        raise Invalid({"q": [f"Search for {SHORTEST_SEARCH} to {LONGEST_SEARCH} letters."]})
    return words


def printable(said: str) -> str:
    """What cannot be in a name is not searched for."""
    return "".join(letter for letter in said if letter.isprintable()).strip()


def _line(wrong: dict[str, list[str]], field: str, said: str | None) -> str | None:
    if said is None:
        return None
    line = unicodedata.normalize("NFC", said.strip())
    if len(line) > LONGEST_NAME:
        wrong[field] = [f"Ensure this field has no more than {LONGEST_NAME} characters."]
    elif not line.isprintable():
        wrong[field] = ["Not a valid string."]
    return line


def _bio(wrong: dict[str, list[str]], said: str | None) -> str | None:
    """Lines may end in it; other control characters may not be there."""
    if said is None:
        return None
    bio = said.replace("\r\n", "\n").strip()
    if len(bio) > LONGEST_BIO:
        wrong["bio"] = [f"Ensure this field has no more than {LONGEST_BIO} characters."]
    elif any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in bio):
        wrong["bio"] = ["Not a valid string."]
    return bio
