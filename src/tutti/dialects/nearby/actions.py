"""What people may do in this dialect, however they ask for it: each is one wish to the service, and its answer.

Raises `Declined` where the service refuses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar, assert_never

import msgspec

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.dialects.nearby import bodies, wire
from tutti.service.dialect import Declined
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.values import FindId, Hear, Live, Track
from tutti.service.ports import Principal, Unavailable

T = TypeVar("T")

NO_LOGIN = "open"
"""The device of everybody who comes without a login: they share one lease."""
NOT_KEPT = Refused(Reason.UNAVAILABLE, "Your settings cannot be kept or read now; try again")
CALLED_OFF = Refused(Reason.NOT_ALLOWED, "You went offline meanwhile")
NO_SPOTIFY = Refused(Reason.NOTHING_PLAYS, "Spotify is not connected")

Refresh = Callable[[MemberId], Awaitable[Refused | None]]
"""Ask the provider what this person listens to, and let the service know."""


class Actions:
    """`refresh` None: there is no provider to ask."""

    def __init__(self, nearby: Nearby, refresh: Refresh | None = None) -> None:
        self._nearby = nearby
        self._refresh = refresh
        self._arriving: dict[MemberId, set[object]] = {}

    def do(self, said: wire.Quick, who: Principal) -> msgspec.Struct:
        """What a socket says that nothing has to be waited for."""
        match said:
            case wire.GoOffline():
                return self.go_offline(who)
            case wire.Heartbeat():
                return self.heartbeat(who)
            case wire.Track():
                return self.update_track(who, said)
            case wire.Location(geohash):
                return self.update_location(who, geohash)
            case wire.Target(target):
                return self.start_find(who, target)
            case wire.FindAccept(session):
                return self.accept_find(who, session)
            case wire.FindDecline(session):
                return self.decline_find(who, session)
            case wire.FindLocation(session, geohash):
                return self.update_find(who, session, geohash)
            case wire.FindEnd(session, completed):
                return self.end_find(who, session, completed=completed)
            case _:
                assert_never(said)

    def subscribe(self, who: Principal, hear: Hear) -> Callable[[], None]:
        return self._nearby.subscribe(who.id, hear)

    # -- presence

    async def go_live(self, who: Principal, settings: wire.Settings) -> bodies.Presence:
        """Live with what was chosen before, and what is chosen now. Who goes offline meanwhile is."""
        await self._loaded_to_go_live(who)
        self._change(who, settings)
        live = _or_declined(self._nearby.go_live(who.id, _device(who), name=who.name))
        await self._stored(who)
        return self._presence(who, live)

    async def _loaded_to_go_live(self, who: Principal) -> None:
        mine = object()
        self._arriving.setdefault(who.id, set()).add(mine)
        try:
            await self._load(who)
            if mine not in self._arriving.get(who.id, ()):
                raise Declined(CALLED_OFF)
        finally:
            others = self._arriving.get(who.id, set()) - {mine}
            if others:
                self._arriving[who.id] = others
            else:
                self._arriving.pop(who.id, None)

    def go_offline(self, who: Principal) -> bodies.Presence:
        """Also for whoever is about to go live, on any device."""
        self._arriving.pop(who.id, None)
        self._nearby.go_offline(who.id)
        return self._presence(who, None)

    def heartbeat(self, who: Principal) -> bodies.Presence:
        return self._presence(who, _or_declined(self._nearby.heartbeat(who.id, _device(who))))

    async def settings(self, who: Principal) -> bodies.Presence:
        await self._load(who)
        return self._presence(who, None)

    async def set_settings(self, who: Principal, settings: wire.Settings) -> bodies.Presence:
        """They count at once, and are kept when this is answered."""
        await self._load(who)
        self._change(who, settings)
        await self._stored(who)
        return self._presence(who, None)

    def live_users(self, who: Principal, limit: int) -> bodies.Listeners:
        return bodies.listeners(_or_declined(self._nearby.live_users(who.id, limit)))

    # -- location and music

    def update_location(self, who: Principal, geohash: str) -> bodies.Place:
        return bodies.Place(*_or_declined(self._nearby.update_location(who.id, geohash)))

    def remove_location(self, who: Principal) -> bodies.Done:
        self._nearby.remove_location(who.id)
        return bodies.Done()

    def my_location(self, who: Principal) -> bodies.Place:
        return bodies.Place(*self._nearby.place(who.id))

    def nearby(self, who: Principal, radius_km: float | None = None, limit: int = 50) -> bodies.Listeners:
        return bodies.listeners(_or_declined(self._nearby.nearby(who.id, radius_km, limit)))

    def update_track(self, who: Principal, said: wire.Track) -> bodies.Playing:
        track = None
        if said.track_id is not None:
            track = Track(said.track_id, said.track_name or None, said.artists, said.tags)
        _or_declined(self._nearby.update_track(who.id, track))
        return self.current_track(who)

    def current_track(self, who: Principal) -> bodies.Playing:
        track = self._nearby.track(who.id)
        return bodies.Playing(track is not None, bodies.track(track))

    async def refresh_track(self, who: Principal) -> bodies.Playing:
        if self._refresh is None:
            raise Declined(NO_SPOTIFY)
        _or_declined(await self._refresh(who.id))
        return self.current_track(who)

    def matches(self, who: Principal) -> bodies.Matches:
        return bodies.matches(_or_declined(self._nearby.matches(who.id)))

    # -- find

    def start_find(self, who: Principal, target: str) -> bodies.Find:
        return bodies.find(_or_declined(self._nearby.start_find(who.id, MemberId(target))))

    def active_find(self, who: Principal) -> bodies.ActiveFind:
        view = self._nearby.active(who.id)
        return bodies.ActiveFind(None if view is None else bodies.find(view))

    def accept_find(self, who: Principal, session: str) -> bodies.Find:
        return bodies.find(_or_declined(self._nearby.accept(who.id, FindId(session))))

    def decline_find(self, who: Principal, session: str) -> bodies.Done:
        _or_declined(self._nearby.decline(who.id, FindId(session)))
        return bodies.Done()

    def update_find(self, who: Principal, session: str, geohash: str) -> bodies.Find:
        return bodies.find(_or_declined(self._nearby.update_find(who.id, FindId(session), geohash)))

    def end_find(self, who: Principal, session: str, *, completed: bool) -> bodies.Find:
        end = self._nearby.complete if completed else self._nearby.end
        return bodies.find(_or_declined(end(who.id, FindId(session))))

    async def together_found(self, who: Principal, session: str) -> bodies.Together:
        return bodies.together(_or_declined(await self._nearby.together(who.id, FindId(session))))

    async def together_matched(self, who: Principal, other: str) -> bodies.Together:
        return bodies.together(_or_declined(await self._nearby.together_with(who.id, MemberId(other))))

    async def _load(self, who: Principal) -> None:
        try:
            await self._nearby.load_settings(who.id)
        except Unavailable:
            raise Declined(NOT_KEPT) from None

    async def _stored(self, who: Principal) -> None:
        try:
            await self._nearby.settings_stored(who.id)
        except Unavailable:
            raise Declined(NOT_KEPT) from None

    def _change(self, who: Principal, settings: wire.Settings) -> None:
        _or_declined(
            self._nearby.change_settings(
                who.id,
                share_track=settings.share_track,
                allow_find=settings.allow_find,
                radius_km=settings.radius_km,
            )
        )

    def _presence(self, who: Principal, live: Live | None) -> bodies.Presence:
        settings = self._nearby.settings(who.id)
        return bodies.Presence(
            is_live=self._nearby.is_live(who.id),
            share_track=settings.share_track,
            allow_find=settings.allow_find,
            radius_km=_short(settings.radius_km),
            heartbeat_seconds=live.heartbeat_s if live is not None else None,
        )


def _device(who: Principal) -> str:
    return who.session or NO_LOGIN


def _short(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _or_declined(outcome: T | Refused) -> T:
    if isinstance(outcome, Refused):
        raise Declined(outcome)
    return outcome
