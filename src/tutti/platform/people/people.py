"""People, put together: what they say of themselves, their pictures, their friends, and whom they block."""

from __future__ import annotations

from tutti.platform.people.blocks import Blocks
from tutti.platform.people.friends import Friends
from tutti.platform.people.pictures import Pictures, Shelf
from tutti.platform.people.profiles import Profiles
from tutti.platform.people.schemas import IsOnline, Tell
from tutti.platform.rows import RandomBytes, Sql, WallMs


class People:
    """`tell` is how people hear of requests; `is_online` whether they are connected now. Use after `blocks.load()`."""

    def __init__(
        self,
        sql: Sql,
        shelf: Shelf,
        *,
        wall_ms: WallMs,
        random: RandomBytes,
        tell: Tell | None = None,
        is_online: IsOnline = lambda _: False,
    ) -> None:
        self.profiles = Profiles(sql, is_online)
        self.pictures = Pictures(sql, shelf, random)
        self.friends = Friends(sql, wall_ms=wall_ms, random=random, tell=tell)
        self.blocks = Blocks(sql, wall_ms=wall_ms, random=random)
