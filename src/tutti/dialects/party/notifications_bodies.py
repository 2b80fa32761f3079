"""The bodies of guide 003's `/api/notifications/`. What people wrote is text in them, whatever it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import msgspec
from msgspec import UNSET, UnsetType

from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.people_bodies import Brief
from tutti.dialects.party.problems import Invalid
from tutti.platform.notifications.schemas import DEFAULTS, Choice, Notice

NOTIFICATIONS: Final = "/api/notifications"
TRUE: Final = frozenset(("1", "true", "yes", "on"))
FALSE: Final = frozenset(("0", "false", "no", "off"))


class NotificationBody(msgspec.Struct, frozen=True):
    """`data`: what it is about, such as `party_id` or `conversation_id`. `actor`: whoever did it."""

    id: str
    type: str
    title: str
    message: str
    data: dict[str, Any]
    actor: Brief | None
    is_read: bool
    read_at: str | None
    created_at: str

    @classmethod
    def of(cls, notice: Notice) -> Self:
        return cls(
            notice.id,
            notice.type,
            notice.title,
            notice.message,
            dict(notice.data),
            None if notice.actor is None else Brief.of(notice.actor),
            notice.read_at_ms is not None,
            None if notice.read_at_ms is None else iso(notice.read_at_ms),
            iso(notice.at_ms),
        )


class NotificationPage(msgspec.Struct, frozen=True):
    """`unread_count`: in all, not on this page."""

    next: str | None
    previous: str | None
    results: tuple[NotificationBody, ...]
    unread_count: int


class AllRead(msgspec.Struct, frozen=True):
    """`marked`: how many were unread."""

    detail: str
    marked: int
    unread_count: int = 0


class PreferenceBody(msgspec.Struct, frozen=True):
    in_app: bool
    email: bool


class PreferenceChange(msgspec.Struct):
    in_app: bool | UnsetType = UNSET
    email: bool | UnsetType = UNSET


PreferencesBody = dict[str, PreferenceBody]
"""By type."""


def preferences(choices: Mapping[str, Choice]) -> PreferencesBody:
    return {type_: PreferenceBody(choice.in_app, choice.email) for type_, choice in choices.items()}


def changes(said: Mapping[str, object]) -> dict[str, tuple[bool | None, bool | None]]:
    """`{type: {in_app, email}}`, some of both. Types that we do not know are ignored."""
    wrong: dict[str, list[str]] = {}
    wanted = {}
    for type_ in said.keys() & DEFAULTS.keys():
        try:
            change = msgspec.convert(said[type_], PreferenceChange)
        except msgspec.ValidationError:
            wrong[type_] = ["Must be an object of in_app and email, each true or false."]
            continue
        wanted[type_] = (_or_none(change.in_app), _or_none(change.email))
    if wrong:
        raise Invalid(wrong)
    return wanted


def unread_filter(said: str | None) -> bool | None:
    """`?unread=`."""
    word = (said or "").lower()
    if not word:
        return None
    if word not in TRUE | FALSE:
        raise Invalid({"unread": ["Must be true or false."]})
    return word in TRUE


def _or_none(said: bool | UnsetType) -> bool | None:
    return None if isinstance(said, UnsetType) else said
