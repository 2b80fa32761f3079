"""The bodies of guide 003's `/api/parties/`: what is asked, in all spellings in use, and what is answered.

Titles and messages are text: whatever looks like HTML in them is handed on as it was written, in JSON.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core.chat import ChatLine
from tutti.core.room import Room
from tutti.dialects.party.auth_bodies import BLANK, LONGEST_EMAIL, REQUIRED, iso
from tutti.dialects.party.people_bodies import Brief
from tutti.dialects.party.problems import Invalid
from tutti.dialects.party.sockets.polls import Poll
from tutti.dialects.party.sockets.shapes import User
from tutti.platform.parties.course import Edit
from tutti.platform.parties.invitations import DAY_MS, LIVES_MS, Words
from tutti.platform.parties.models import LONGEST_MESSAGE, LONGEST_TITLE
from tutti.platform.parties.schemas import (
    MOST_PEOPLE,
    STARTED,
    STATUSES,
    USUAL_PEOPLE,
    VISIBILITIES,
    Facts,
    Invited,
    Joined,
    Link,
    Listed,
    NewParty,
    Role,
    Rules,
    Seen,
    Status,
    Taking,
    Video,
    Visibility,
)
from tutti.service.ports import Clock

LONGEST_TEXT: Final = 2_000
LONGEST_URL: Final = 2_000
LONGEST_ID: Final = 200
MOST_INVITED: Final = 50
MOST_DAYS: Final = 30
FARTHEST_S: Final = 7 * 86_400.0
"""The longest film, and a margin."""
FLAGS: Final = ("allow_chat", "allow_participant_control", "require_approval")
ACTIONS: Final = ("play", "pause", "seek")
WRONG_TIME: Final = "Datetime has wrong format. Use ISO 8601, such as 2025-10-20T10:30:00Z."

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class Wrong:
    """What is wrong with a body so far, by field."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}

    def say(self, field: str, sentence: str) -> None:
        self._fields.setdefault(field, []).append(sentence)

    def text(self, field: str, value: str, most: int, *, lines: bool = False, blank: bool = True) -> str:
        """Without the spaces around it; control characters are no text."""
        text = value.strip()
        if len(text) > most:
            self.say(field, f"Ensure this field has no more than {most} characters.")
        if any(unicodedata.category(one) == "Cc" and not (lines and one in "\n\r\t") for one in text):
            self.say(field, "Not a valid string.")
        if not text and not blank:
            self.say(field, BLANK)
        return text

    def whole(self, field: str, value: int, least: int, most: int) -> int:
        if value < least:
            self.say(field, f"Ensure this value is greater than or equal to {least}.")
        if value > most:
            self.say(field, f"Ensure this value is less than or equal to {most}.")
        return value

    def choice(self, field: str, value: str, choices: Iterable[str]) -> str:
        if value not in choices:
            self.say(field, f'"{value[:40]}" is not a valid choice.')
        return value

    def time(self, field: str, value: str | None) -> int | None:
        """Milliseconds since 1970; a time without a zone is UTC."""
        if value is None:
            return None
        try:
            read = datetime.fromisoformat(value)
            return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
        except (ValueError, OverflowError):
            self.say(field, WRONG_TIME)
            return None

    def end(self) -> None:
        if self._fields:
            raise Invalid(self._fields)


class PartyBody(msgspec.Struct, kw_only=True):
    """`scheduled_start` is `scheduled_for`; a video is an address, an id, or an object; flags may stand in `settings`."""

    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    visibility: str | UnsetType = UNSET
    scheduled_for: str | UnsetType | None = UNSET
    scheduled_start: str | UnsetType | None = UNSET
    max_participants: int | UnsetType = UNSET
    video: str | dict[str, Any] | UnsetType | None = UNSET
    video_id: str | UnsetType | None = UNSET
    video_url: str | UnsetType | None = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    allow_chat: bool | UnsetType = UNSET
    allow_participant_control: bool | UnsetType = UNSET
    require_approval: bool | UnsetType = UNSET

    def new(self) -> NewParty:
        wrong = Wrong()
        if self.title is UNSET:
            wrong.say("title", REQUIRED)
        edit = self._edit(wrong, Rules())
        wrong.end()
        return NewParty(
            title=_or(edit.title, ""),
            description=_or(edit.description, ""),
            visibility=_or(edit.visibility, "private"),
            scheduled_for_ms=_or(edit.scheduled_for_ms, None),
            max_participants=_or(edit.max_participants, USUAL_PEOPLE),
            rules=_or(edit.rules, Rules()),
            video=_or(edit.video, None),
        )

    def edit(self, rules: Rules) -> Edit:
        """`rules`: as they are."""
        wrong = Wrong()
        edit = self._edit(wrong, rules)
        wrong.end()
        return edit

    def _edit(self, wrong: Wrong, rules: Rules) -> Edit:
        most = self.max_participants
        if most is UNSET and isinstance(self.settings, dict):
            most = self.settings.get("max_participants", UNSET)
        if most is not UNSET and (isinstance(most, bool) or not isinstance(most, int)):
            wrong.say("max_participants", "A valid integer is required.")
            most = UNSET
        description = "" if self.description is None else self.description
        text = wrong.text
        return Edit(
            title=UNSET
            if isinstance(self.title, UnsetType)
            else text("title", self.title, LONGEST_TITLE, blank=False),
            description=UNSET
            if isinstance(description, UnsetType)
            else text("description", description, LONGEST_TEXT, lines=True),
            visibility=self._visibility(wrong),
            scheduled_for_ms=self._time(wrong),
            max_participants=UNSET
            if isinstance(most, UnsetType)
            else wrong.whole("max_participants", most, 2, MOST_PEOPLE),
            rules=self._rules(wrong, rules),
            video=self._video(wrong),
        )

    def _visibility(self, wrong: Wrong) -> Visibility | UnsetType:
        if isinstance(self.visibility, UnsetType):
            return UNSET
        wrong.choice("visibility", self.visibility, VISIBILITIES)
        return self.visibility  # type: ignore[return-value]  # it is one of them, or all is refused

    def _time(self, wrong: Wrong) -> int | UnsetType | None:
        for field in ("scheduled_for", "scheduled_start"):
            value: str | UnsetType | None = getattr(self, field)
            if not isinstance(value, UnsetType):
                return wrong.time(field, value or None)
        return UNSET

    def _rules(self, wrong: Wrong, rules: Rules) -> Rules | UnsetType:
        said = dict(self.settings) if isinstance(self.settings, dict) else {}
        said |= {flag: value for flag in FLAGS if (value := getattr(self, flag)) is not UNSET}
        flags = {flag: said[flag] for flag in FLAGS if flag in said}
        if not all(isinstance(value, bool) for value in flags.values()):
            wrong.say("settings", "Must be a valid boolean.")
            return UNSET
        return msgspec.structs.replace(rules, **flags) if flags else UNSET

    def _video(self, wrong: Wrong) -> Video | UnsetType | None:
        for field in ("video", "video_id", "video_url"):
            value = getattr(self, field)
            if not isinstance(value, UnsetType):
                return _video(wrong, field, value)
        return UNSET


class JoinBody(msgspec.Struct, kw_only=True):
    room_code: str | None = None
    code: str | None = None
    token: str | None = None
    invite_token: str | None = None

    def by_code(self) -> str:
        return _required("room_code", self.room_code or self.code)

    def by_token(self) -> str:
        return _required("token", self.token or self.invite_token)


class InviteBody(msgspec.Struct, kw_only=True):
    """`expires_in_days` (additive): 1 to 30, 7 if left out."""

    emails: list[str] | None = None
    email: str | None = None
    user_ids: list[str] | None = None
    invitee_id: str | None = None
    message: str | None = None
    expires_in_days: int | None = None

    def meaning(self) -> tuple[tuple[str, ...], tuple[str, ...], Words]:
        """Addresses, people, and what is said to them."""
        wrong = Wrong()
        emails = [*(self.emails or ()), *([self.email] if self.email else ())]
        users = [*(self.user_ids or ()), *([self.invitee_id] if self.invitee_id else ())]
        if not emails and not users:
            wrong.say("emails", REQUIRED)
        if len(emails) + len(users) > MOST_INVITED:
            wrong.say("emails", f"Ensure this field has no more than {MOST_INVITED} elements.")
        if not all(_is_email(one.strip()) for one in emails[:MOST_INVITED]):
            wrong.say("emails", "Enter a valid email address.")
        if not all(one.isascii() and len(one) <= LONGEST_ID for one in users[:MOST_INVITED]):
            wrong.say("user_ids", "Not a valid id.")
        message = wrong.text("message", self.message or "", LONGEST_MESSAGE, lines=True)
        lives_ms = _lives_ms(wrong, self.expires_in_days)
        wrong.end()
        return tuple(one.strip() for one in emails), tuple(users), Words(message, lives_ms)


class LinkBody(msgspec.Struct, kw_only=True):
    expires_in_days: int | None = None

    def lives_ms(self) -> int:
        wrong = Wrong()
        lives_ms = _lives_ms(wrong, self.expires_in_days)
        wrong.end()
        return lives_ms


class About(msgspec.Struct, kw_only=True):
    """Somebody in the party. `role`: for `promote`."""

    user_id: str | None = None
    participant_id: str | None = None
    user: str | None = None
    role: str = "moderator"

    def who(self) -> str:
        return _required("user_id", self.user_id or self.participant_id or self.user)

    def as_role(self) -> Role:
        if self.role not in ("participant", "moderator", "host"):
            raise Invalid({"role": [f'"{self.role[:40]}" is not a valid choice.']})
        return self.role  # type: ignore[return-value]  # it is one of them


class ControlBody(msgspec.Struct, kw_only=True):
    """`timestamp`: the position in seconds; also `video_time` and `position`."""

    action: str | None = None
    timestamp: float | None = None
    video_time: float | None = None
    position: float | None = None

    def meaning(self) -> tuple[Literal["play", "pause", "seek"], float | None]:
        """What, and where in milliseconds."""
        wrong = Wrong()
        action = _required("action", self.action)
        wrong.choice("action", action, ACTIONS)
        at_s = next(
            (one for one in (self.timestamp, self.video_time, self.position) if one is not None), None
        )
        if at_s is None and action == "seek":
            wrong.say("timestamp", REQUIRED)
        at_ms = _position_ms(wrong, at_s)
        wrong.end()
        return action, at_ms  # type: ignore[return-value]  # it is one of them


class ReactBody(msgspec.Struct, kw_only=True):
    emoji: str | None = None
    reaction: str | None = None
    timestamp: float | None = None
    video_timestamp: float | None = None

    def meaning(self) -> tuple[str, float | None]:
        """What, and where on the video in milliseconds."""
        wrong = Wrong()
        emoji = _required("emoji", self.emoji or self.reaction)
        at_s = self.timestamp if self.timestamp is not None else self.video_timestamp
        at_ms = _position_ms(wrong, at_s)
        wrong.end()
        return emoji, at_ms


# -- answers


class ParticipantBody(msgspec.Struct, frozen=True):
    """`is_online`: in the party's room now, by whatever program."""

    id: str
    user: Brief
    role: str
    status: str
    joined_at: str
    is_online: bool

    @classmethod
    def of(cls, one: Taking, present: Iterable[str]) -> Self:
        who = one.who
        return cls(who.id, Brief.of(who), one.role, one.standing, iso(one.since_ms), who.id in present)


class PartyItem(msgspec.Struct, frozen=True, kw_only=True):
    """A party in a list. `my_role` and `my_status`: yours; null if you have nothing to do with it yet."""

    id: str
    title: str
    description: str
    host: Brief
    video: Video | None
    room_code: str
    visibility: str
    status: str
    scheduled_for: str | None
    started_at: str | None
    ended_at: str | None
    created_at: str
    updated_at: str
    max_participants: int
    participant_count: int
    settings: Rules
    current_timestamp: float
    is_playing: bool
    last_sync_at: str | None
    my_role: str | None
    my_status: str | None

    @classmethod
    def of(cls, listed: Listed, now_ms: float) -> PartyItem:
        return PartyItem(**_item(listed, now_ms))


class LastMessage(msgspec.Struct, frozen=True):
    user: User
    message: str
    timestamp: str


class ChatSummary(msgspec.Struct, frozen=True):
    """Of the lines that the room still shows, to those who are in the party; but for those of whom one blocks."""

    recent_count: int
    last_message: LastMessage | None
    enabled: bool


class PartyDetail(PartyItem, frozen=True, kw_only=True):
    participants: tuple[ParticipantBody, ...]
    chat_summary: ChatSummary
    polls: tuple[Poll, ...]


class JoinedBody(msgspec.Struct, frozen=True):
    """`status` `pending`: those who run the party will let you in, or not."""

    detail: str
    status: str
    role: str
    party_id: str
    room_code: str
    title: str

    @classmethod
    def of(cls, joined: Joined) -> Self:
        waits = joined.standing == "pending"
        said = "You asked to be let in." if waits else "You are in the party."
        party = joined.party
        return cls(said, joined.standing, joined.role, party.id, party.room_code, party.title)


class InvitedBody(msgspec.Struct, frozen=True):
    """Who was asked for; whether an address has an account, or somebody wants to be invited, is not told."""

    detail: str
    invited: int
    emails: tuple[str, ...]
    user_ids: tuple[str, ...]

    @classmethod
    def of(cls, invited: Invited) -> Self:
        plural = "" if invited.sent == 1 else "s"
        return cls(f"{invited.sent} invitation{plural} sent.", invited.sent, invited.emails, invited.users)


class LinkOut(msgspec.Struct, frozen=True):
    """`token` is told this once; `invite_url` is the page where it is taken."""

    token: str
    invite_url: str
    expires_at: str

    @classmethod
    def of(cls, link: Link, page: Callable[[str], str]) -> Self:
        return cls(link.token, page(link.token), iso(link.expires_at_ms))


class Participants(msgspec.Struct, frozen=True):
    """One page holds them all: a party has at most as many as its room."""

    results: tuple[ParticipantBody, ...]
    count: int
    next: str | None = None
    previous: str | None = None


class SyncState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the video is now. `server_time`: for whoever wants to know how old this is."""

    party_id: str
    room_code: str
    status: str
    current_timestamp: float
    is_playing: bool
    playback_rate: float
    last_sync_at: str | None
    server_time: str
    participant_count: int
    online_count: int

    @classmethod
    def of_room(cls, party: Facts, room: Room, room_ms: float, now_ms: float, online: int) -> Self:
        """`room_ms`: now, in room time."""
        moved_at = None if room.moved_by is None else iso(now_ms - (room_ms - room.moved_at_ms))
        return cls(
            party_id=party.id,
            room_code=party.room_code,
            status=status(party, room),
            current_timestamp=round(room.position_at(room_ms) / 1000, 3),
            is_playing=room.timeline.playing,
            playback_rate=room.timeline.rate,
            last_sync_at=moved_at,
            server_time=iso(now_ms),
            participant_count=party.participant_count,
            online_count=online,
        )

    @classmethod
    def of_rows(cls, party: Facts, now_ms: float) -> Self:
        """Its room is not there."""
        return cls(
            party_id=party.id,
            room_code=party.room_code,
            status=party.status,
            current_timestamp=_seconds(party, party.film, now_ms),
            is_playing=party.playing,
            playback_rate=1.0,
            last_sync_at=_time(party.synced_at_ms),
            server_time=iso(now_ms),
            participant_count=party.participant_count,
            online_count=0,
        )


def statuses(asked: str | None) -> tuple[Status, ...]:
    """`?status=live,paused`; `active` is both, `upcoming` is `scheduled`, `past` all that are over."""
    if not asked:
        return ()
    also: Mapping[str, tuple[Status, ...]] = {
        "active": ("live", "paused"),
        "upcoming": ("scheduled",),
        "past": ("ended", "cancelled"),
        **{status: (status,) for status in STATUSES},
    }
    words = [word.strip() for word in asked.split(",") if word.strip()]
    wrong = next((word for word in words if word not in also), None)
    if wrong is not None:
        raise Invalid({"status": [f'"{wrong[:40]}" is not a valid choice.']})
    return tuple(dict.fromkeys(status for word in words for status in also[word]))


def item(seen: Seen | Listed, now_ms: float) -> dict[str, Any]:
    return _item(seen.listed if isinstance(seen, Seen) else seen, now_ms)


def _item(listed: Listed, now_ms: float) -> dict[str, Any]:
    party = listed.party
    film = party.film
    return {
        "id": party.id,
        "title": party.title,
        "description": party.description,
        "host": Brief.of(listed.host),
        "video": film,
        "room_code": party.room_code,
        "visibility": party.visibility,
        "status": party.status,
        "scheduled_for": _time(party.scheduled_for_ms),
        "started_at": _time(party.started_at_ms),
        "ended_at": _time(party.ended_at_ms),
        "created_at": iso(party.created_at_ms),
        "updated_at": iso(party.updated_at_ms),
        "max_participants": party.max_participants,
        "participant_count": party.participant_count,
        "settings": party.rules,
        "current_timestamp": _seconds(party, film, now_ms),
        "is_playing": party.playing,
        "last_sync_at": _time(party.synced_at_ms),
        "my_role": listed.role,
        "my_status": listed.standing,
    }


def chat_summary(lines: Sequence[ChatLine], clock: Clock, *, enabled: bool) -> ChatSummary:
    last = lines[-1] if lines else None
    said = None
    if last is not None:
        said = LastMessage(User(last.member, last.name), last.text, iso(clock.wall_ms(last.at_ms)))
    return ChatSummary(len(lines), said, enabled)


def status(party: Facts, room: Room) -> str:
    """The rows follow the room a moment later."""
    if party.status not in STARTED or room.moved_by is None:
        return party.status
    return "live" if room.timeline.playing else "paused"


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def _seconds(party: Facts, film: Video | None, now_ms: float) -> float:
    """Where the video is now, if nothing happened since it was last looked at."""
    ahead_ms = max(now_ms - party.synced_at_ms, 0.0) if party.playing and party.synced_at_ms else 0.0
    end_s = film.duration if film is not None and film.duration is not None else FARTHEST_S
    return round(min((party.position_ms + ahead_ms) / 1000, end_s), 3)


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if isinstance(value, UnsetType) else value


def _required(field: str, value: str | None) -> str:
    if value is None:
        raise Invalid({field: [REQUIRED]})
    if not value.strip():
        raise Invalid({field: [BLANK]})
    return value.strip()


def _is_email(text: str) -> bool:
    return bool(_EMAIL.fullmatch(text)) and text.isprintable() and len(text) <= LONGEST_EMAIL


def _lives_ms(wrong: Wrong, days: int | None) -> int:
    return LIVES_MS if days is None else wrong.whole("expires_in_days", days, 1, MOST_DAYS) * DAY_MS


def _position_ms(wrong: Wrong, at_s: float | None) -> float | None:
    if at_s is None:
        return None
    if not 0 <= at_s <= FARTHEST_S:
        wrong.say("timestamp", f"Ensure this value is between 0 and {FARTHEST_S:.0f}.")
    return at_s * 1000


def _video(wrong: Wrong, field: str, value: object) -> Video | None:
    if value is None or value == "":
        return None
    said: Mapping[str, Any] = value if isinstance(value, dict) else _named(field, str(value))
    kept = {
        name: text.strip()
        for name in ("id", "title", "url", "provider")
        if isinstance(text := said.get(name), str) and text.strip()
    }
    duration = said.get("duration")
    for name, text in kept.items():
        wrong.text(field, text, LONGEST_URL if name == "url" else LONGEST_ID)
    if "url" in kept and not _is_url(kept["url"]):
        wrong.say(field, "Enter a valid URL.")
    if duration is not None and not (_is_number(duration) and 0 < duration <= FARTHEST_S):
        wrong.say(field, "The duration is a number of seconds above 0.")
        duration = None
    if "id" not in kept and "url" not in kept:
        wrong.say(field, "A video has an id or a url.")
    id_ = kept.get("id") or kept.get("url", "")
    return Video(id_, kept.get("title"), kept.get("url"), kept.get("provider"), duration)


def _named(field: str, text: str) -> dict[str, str]:
    """An address, or an id."""
    return {"url" if field == "video_url" or "://" in text else "id": text}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
    )
