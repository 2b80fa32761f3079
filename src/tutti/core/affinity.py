"""How much two people's music has in common: a weighted Jaccard index over what they listened to, said in words.

What was listened to counts half as much every 14 days. The number orders people and is never shown: it would look as if
it measured something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Final

HALF_LIFE_MS: Final = 14 * 86_400_000.0
MOST_KEPT: Final = 64
FAINTEST: Final = 0.05
"""One track, heard once, is forgotten after 60 days."""
MOST_SHOWN: Final = 5
MAX_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Liked:
    """`name` as it was written first; `weight` as of its taste's time."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Taste:
    """What somebody listens to: artists and tags, by their names without regard to case."""

    liked: Mapping[str, Liked] = field(default_factory=dict)
    as_of_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Affinity:
    """`shared`: the strongest first. `strength`, from 0 to 1, is for ordering only."""

    words: str
    shared: tuple[str, ...]
    strength: float


def heard(taste: Taste, names: Iterable[str], now_ms: float, weight: float = 1.0) -> Taste:
    """The taste after listening to something of these artists, or with these tags. The faintest are dropped."""
    liked = dict(faded(taste, now_ms).liked)
    for name in names:
        shown = name.strip()[:MAX_NAME]
        if key := shown.casefold():
            before = liked.get(key, Liked(shown, 0.0))
            liked[key] = Liked(before.name, before.weight + weight)
    strongest = sorted(liked.items(), key=lambda item: -item[1].weight)[:MOST_KEPT]
    return Taste(dict(strongest), now_ms)


def faded(taste: Taste, now_ms: float) -> Taste:
    """The same as of now."""
    share = 0.5 ** (max(now_ms - taste.as_of_ms, 0.0) / HALF_LIFE_MS)
    if share == 1.0:
        return taste
    liked = {key: Liked(one.name, one.weight * share) for key, one in taste.liked.items()}
    return Taste({key: one for key, one in liked.items() if one.weight >= FAINTEST}, now_ms)


def affinity(mine: Taste, theirs: Taste, now_ms: float) -> Affinity | None:
    """None: nothing in common. Each taste counts as a whole, however much somebody listens."""
    one, other = faded(mine, now_ms).liked, faded(theirs, now_ms).liked
    all_mine, all_theirs = _total(one), _total(other)
    common = {
        key: min(one[key].weight / all_mine, other[key].weight / all_theirs) for key in one if key in other
    }
    if not common:
        return None
    shared = fsum(common.values())
    strength = shared / (2 - shared)  # both sum up to 1, so that is min over max
    strongest = sorted(common, key=lambda key: (-common[key], key))[:MOST_SHOWN]
    return Affinity(_words(strength), tuple(one[key].name for key in strongest), strength)


def _total(liked: Mapping[str, Liked]) -> float:
    return fsum(each.weight for each in liked.values())


def _words(strength: float) -> str:
    for least, words in _SCALE:
        if strength >= least:
            return words
    return "You have a little music in common"


_SCALE: Final = (
    (0.5, "You listen to much the same music"),
    (0.25, "You have a lot of music in common"),
    (0.1, "You have some music in common"),
)
