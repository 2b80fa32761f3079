"""What people say of themselves, who sees how much of it, and how they are found by name.

Somebody who is not there, has left, or is blocked either way is one answer: nobody.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.accounts.names import LONGEST_NAME, name_key
from tutti.platform.paging import Columns, Page, Wanted, page
from tutti.platform.people.models import LONGEST_KEY, FoundBy, Friendship, Profile, pair_of
from tutti.platform.people.relations import ACCEPTED, blocked_between, not_blocked_with
from tutti.platform.people.schemas import (
    Changes,
    IsOnline,
    Own,
    Privacy,
    PrivacyChanges,
    Said,
    Seen,
    Standing,
    Visibility,
)
from tutti.platform.people.somebody import Somebody
from tutti.platform.rows import Sql

LAST_LETTER: Final = "\U0010ffff"


class Profiles:
    """`is_online`: whether somebody is connected now. All raise `Unavailable`."""

    def __init__(self, sql: Sql, is_online: IsOnline = lambda _: False) -> None:
        self._sql = sql
        self._is_online = is_online

    async def own(self, user: str) -> Own | None:
        async with self._sql.reading() as db:
            row = await db.get(User, user)
            return None if row is None or not row.active else _own(row, await db.get(Profile, user))

    async def change(self, user: str, changes: Changes) -> Own | None:
        async with self._sql.writing() as db:
            row = await to_change(db, user)
            if row is None:
                return None
            profile = await profile_of(db, user)
            first = row.first_name if changes.first_name is None else changes.first_name
            last = row.last_name if changes.last_name is None else changes.last_name
            renamed = changes.display_name is None and _is_called_by_names(row)
            row.first_name, row.last_name = first, last
            if changes.display_name is not None:
                row.display_name = changes.display_name
            elif renamed:
                row.display_name = f"{first} {last}".strip()[:LONGEST_NAME] or row.username
            if changes.bio is not None:
                profile.bio = changes.bio
            if changes.timezone is not None:
                profile.timezone = changes.timezone
            return _own(row, profile)

    async def change_privacy(self, user: str, changes: PrivacyChanges) -> Own | None:
        async with self._sql.writing() as db:
            row = await to_change(db, user)
            if row is None:
                return None
            profile = await profile_of(db, user)
            if changes.profile_visibility is not None:
                profile.profile_visibility = changes.profile_visibility.value
            if changes.allow_friend_requests is not None:
                profile.allow_friend_requests = changes.allow_friend_requests
            if changes.show_online_status is not None:
                profile.show_online_status = changes.show_online_status
            if changes.searchable is not None:
                profile.searchable = changes.searchable
            return _own(row, profile)

    async def seen(self, viewer: str, user: str) -> Seen | None:
        async with self._sql.reading() as db:
            row = await db.get(User, user)
            if row is None or not row.active or await blocked_between(db, viewer, user):
                return None
            profile = await db.get(Profile, user)
            tie = await db.scalar(select(Friendship).where(Friendship.pair == pair_of(viewer, user)))
        standing = Standing.SELF if viewer == user else standing_of(tie, viewer)
        own = _own(row, profile)
        said = Said(own.bio, own.timezone, row.created_at_ms, self._online(own))
        visible = _may_see(standing, own.privacy.profile_visibility)
        return Seen(own.who, standing, None if tie is None else tie.id, said if visible else None)

    async def search(self, viewer: str, words: str, wanted: Wanted, size: int) -> Page[Somebody]:
        """By the beginning of the name or of a word in it, however it is written; the newest account first."""
        prefix = " ".join(name_key(words).removeprefix("@").split())[:LONGEST_KEY]
        async with self._sql.reading() as db:
            found = await page(
                db, _found(viewer, prefix), at=User.created_at_ms, id=User.id, wanted=wanted, size=size
            )
        return found.of(lambda row: Somebody(*row[:4]))

    def _online(self, own: Own) -> bool | None:
        return self._is_online(own.who.id) if own.privacy.show_online_status else None


async def to_change(db: AsyncSession, user: str) -> User | None:
    """Whoever wants to change it as well waits; whoever refers to it does not."""
    wanted = select(User).where(User.id == user, User.active)
    return await db.scalar(wanted.with_for_update(key_share=True))


async def profile_of(db: AsyncSession, user: str) -> Profile:
    """Theirs to change; made now if nothing was ever changed. The account's row is locked."""
    profile = await db.get(Profile, user)
    if profile is None:
        at_first = Privacy()
        profile = Profile(
            user_id=user,
            bio="",
            timezone="",
            profile_visibility=at_first.profile_visibility.value,
            allow_friend_requests=at_first.allow_friend_requests,
            show_online_status=at_first.show_online_status,
            searchable=at_first.searchable,
        )
        db.add(profile)
    return profile


def standing_of(tie: Friendship | None, viewer: str) -> Standing:
    if tie is None:
        return Standing.NONE
    if tie.status == ACCEPTED:
        return Standing.FRIENDS
    return Standing.ASKED if tie.requester_id == viewer else Standing.ASKS


def _own(row: User, profile: Profile | None) -> Own:
    who = Somebody(row.id, row.username, row.display_name, None if profile is None else profile.avatar)
    if profile is None:
        return Own(who)
    privacy = Privacy(
        profile_visibility=Visibility(profile.profile_visibility),
        allow_friend_requests=profile.allow_friend_requests,
        show_online_status=profile.show_online_status,
        searchable=profile.searchable,
    )
    return Own(who, profile.bio, profile.timezone, privacy)


def _may_see(standing: Standing, visibility: Visibility) -> bool:
    if standing is Standing.SELF or visibility is Visibility.PUBLIC:
        return True
    return standing is Standing.FRIENDS and visibility is Visibility.FRIENDS


def _is_called_by_names(row: User) -> bool:
    """The name that is shown was made of the names, or of the lack of them."""
    return row.display_name == (f"{row.first_name} {row.last_name}".strip()[:LONGEST_NAME] or row.username)


def _found(viewer: str, prefix: str) -> Columns:
    named = select(FoundBy.user_id).where(FoundBy.key >= prefix, FoundBy.key < prefix + LAST_LETTER)
    return (
        select(User.id, User.username, User.display_name, Profile.avatar)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(
            User.id.in_(named),
            User.active,
            User.id != viewer,
            or_(Profile.searchable.is_(None), Profile.searchable),
            not_blocked_with(viewer, User.id),
        )
    )
