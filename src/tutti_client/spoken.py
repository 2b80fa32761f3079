"""The protocol `tutti.v1` as a client speaks it: every sentence that it may say.

A field that is None and may be left out is left out.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tutti_client.wire import Media


class Sentence(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What can be said once one is in a room."""


class Position(msgspec.Struct, frozen=True):
    """How far one has heard: for `Hello.resume`."""

    epoch: str | int
    seq: int


class Hello(Sentence, frozen=True, tag="hello"):
    name: str | None = None
    id: str | None = None
    token: str | None = None
    resume: Position | None = None
    capabilities: tuple[str, ...] = ()


class Ping(Sentence, frozen=True, tag="ping"):
    ref: int


class Play(Sentence, frozen=True, tag="play"):
    position: float | None = None


class Pause(Sentence, frozen=True, tag="pause"):
    position: float | None = None


class Seek(Sentence, frozen=True, tag="seek"):
    to: float


class SeekBy(Sentence, frozen=True, tag="seekBy"):
    by: float


class Rate(Sentence, frozen=True, tag="rate"):
    rate: float


class Choose(Sentence, frozen=True, tag="media"):
    """What the room plays."""

    id: str
    provider: str
    kind: str
    title: str | None = None
    artist: str | None = None
    episode: int | None = None
    duration_ms: float | None = None


class ChooseProvider(Sentence, frozen=True, tag="provider"):
    provider: str


class ChooseEpisode(Sentence, frozen=True, tag="episode"):
    episode: int


class QueueAdd(Sentence, frozen=True, tag="queueAdd"):
    media: Media


class QueueRemove(Sentence, frozen=True, tag="queueRemove"):
    entry: str


class QueueMove(Sentence, frozen=True, tag="queueMove"):
    """In front of another entry; None: to the end."""

    entry: str
    before: str | None


class PlayNext(Sentence, frozen=True, tag="playNext"):
    """With `entry`: only if that is the next one, so that everybody may ask at the end of a film."""

    entry: str | None = None


class Appoint(Sentence, frozen=True, tag="appoint"):
    member: str
    role: str


class Transfer(Sentence, frozen=True, tag="transfer"):
    to: str


class Expel(Sentence, frozen=True, tag="expel"):
    member: str


class Lock(Sentence, frozen=True, tag="lock"):
    locked: bool


class Capacity(Sentence, frozen=True, tag="capacity"):
    capacity: int


class ChatSwitch(Sentence, frozen=True, tag="chatSwitch"):
    on: bool


class Chat(Sentence, frozen=True, tag="chat"):
    text: str


class React(Sentence, frozen=True, tag="react"):
    emoji: str


class Hand(Sentence, frozen=True, tag="hand"):
    raised: bool
    member: str | None = None


class Offset(Sentence, frozen=True, tag="offset"):
    ms: float


class Ready(Sentence, frozen=True, tag="ready"):
    ready: bool


class WaitForAll(Sentence, frozen=True, tag="waitForAll"):
    on: bool


class Report(msgspec.Struct, frozen=True, tag="report"):
    """Where the player is: an observation. `error` None is said, for it means that it is not known."""

    position: float
    at: float
    error: float | None
    bound: float
    state: str
    rate: float = 1.0


class Leave(Sentence, frozen=True, tag="leave"):
    pass


class Close(Sentence, frozen=True, tag="close"):
    """End the room; for its host."""


Spoken = Sentence | Report


def frame(sentence: Spoken, ref: int | None = None) -> str:
    """The text of the frame; with a `ref` the server answers it exactly once."""
    if ref is None:
        return _ENCODER.encode(sentence).decode()
    body = msgspec.to_builtins(sentence)
    return _ENCODER.encode({**body, "ref": ref}).decode()


_ENCODER: Final = msgspec.json.Encoder()
