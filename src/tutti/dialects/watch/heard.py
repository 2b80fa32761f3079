"""What clients say over the socket. Guide 001, "WebSocket Events"; what the guide lacks is optional."""

# ruff: noqa: ARG002 - every event is asked for its meaning alike, whether it needs the house and the time or not

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from tutti.core.commands import Open
from tutti.core.ids import MemberId, RoomId
from tutti.dialects.watch.actions import Action
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.fields import (
    Duration,
    Episode,
    MediaId,
    MediaType,
    PersonName,
    ProviderId,
    RoomCode,
    RoomName,
    UserId,
    trimmed,
)
from tutti.service import dialect as d


class CreateRoom(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Make a room and be its admin. `providerId` is `vidnest` if left out."""

    name: RoomName
    media_id: MediaId
    media_type: MediaType
    admin_id: UserId | None = None
    provider_id: ProviderId | None = None
    admin_name: PersonName | None = None
    user_name: PersonName | None = None
    episode: Episode | None = None
    duration: Duration | None = None

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        return d.Found(person(self.admin_id), self.opening(house, None))

    def opening(self, house: House, known_as: str | None) -> Open:
        """`known_as`: the name that the token gives."""
        media = house.media(self.media_id, self.media_type, self.provider_id, self.episode, self.duration)
        name = self.admin_name or self.user_name or known_as or self.admin_id or "Admin"
        return Open(trimmed(self.name, "name"), trimmed(name, "adminName"), house.defaults, media)


class JoinRoom(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Enter a room; answered with `initial_state`."""

    room_id: RoomCode
    user_id: UserId | None = None
    user_name: PersonName | None = None

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        name = trimmed(self.user_name, "userName") if self.user_name else None
        return d.Enter(RoomId(self.room_id), person(self.user_id), name)


class LeaveRoom(msgspec.Struct, rename="camel", frozen=True, gc=False):
    room_id: RoomCode
    user_id: UserId | None = None

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        return d.Exit(RoomId(self.room_id), person(self.user_id))


class PlaybackAction(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A wish, or with `updateTime` where this player is."""

    room_id: RoomCode
    action: Action
    user_id: UserId | None = None

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        command = self.action.meaning(house, received_ms)
        return d.Ask(RoomId(self.room_id), person(self.user_id), command)


class SyncRequest(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Ask where everybody should be; answered with `sync_response`."""

    room_id: RoomCode
    user_id: UserId | None = None

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        return d.Resync(RoomId(self.room_id), person(self.user_id))


class Heartbeat(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Still here."""

    room_id: RoomCode
    user_id: UserId | None = None

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        return d.Renew(RoomId(self.room_id), person(self.user_id))


class Authenticate(msgspec.Struct, frozen=True, gc=False):
    """A token after connecting, from clients that send none with the handshake."""

    token: str

    def meaning(self, house: House, received_ms: float) -> d.Sentence:
        return d.SignIn(self.token)


class Said(Protocol):
    def meaning(self, house: House, received_ms: float) -> d.Sentence: ...


HEARD: Mapping[str, type[Said]] = {
    "create_room": CreateRoom,
    "join_room": JoinRoom,
    "leave_room": LeaveRoom,
    "playback_action": PlaybackAction,
    "sync_request": SyncRequest,
    "heartbeat": Heartbeat,
    "authenticate": Authenticate,
}


def person(claimed: str | None) -> MemberId | None:
    return None if claimed is None else MemberId(claimed)
