"""Rooms of the guide's own player, unmodified: they stay together and nobody's echo becomes a wish."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.service.world import World, settle
from tests.simulation.sync_player import Line, SyncPlayer, Video
from tutti.core.commands import Open
from tutti.core.events import MediaChanged, Move, Recorded, TimelineMoved
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.room import Room
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.defaults import defaults
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.providers import built_in
from tutti.service.live_room import Accepted
from tutti.service.session import Session
from tutti.transports.socketio_packets import event_frame

STEP_MS = 50.0
APPLIES_OVER_MS = 500.0
"""The guide's class leaves a difference of up to half a second alone."""

STEERS_OVER_MS = 750.0


class Cinema:
    """A room of guide 001's players. `moves`: how often the timeline moved, by what kind of wish."""

    def __init__(
        self, world: World, seed: int, slowest_seek_ms: float = 2_000.0, line_ms: float = 300.0
    ) -> None:
        self.world = world
        self.rng = Random(seed)
        self.watch = Watch(event_frame, world.clock, House(built_in(), defaults()))
        self.players: list[SyncPlayer] = []
        self.moves: Counter[Move] = Counter()
        self._slowest_seek_ms, self._line_ms = slowest_seek_ms, line_ms
        self._room_id = RoomId("")

    async def open(self, people: int) -> None:
        opening = Open("Movie Night", "user0", self.watch.house.defaults, Media("666243", "vidnest", "movie"))
        answer = await self.world.rooms.found(lambda: RoomId("ROOM"), opening, MemberId("user0"))
        assert isinstance(answer, Accepted)
        self._room_id = answer.room.id
        self.world.log.follow(self._room_id, self._count)
        for _ in range(people):
            self.join()
        await self.run(2.0)

    def join(self) -> SyncPlayer:
        rng = self.rng
        video = Video(rng, rng.uniform(0.0, self._slowest_seek_ms))
        least_ms = rng.uniform(5.0, self._line_ms / 2)
        line = (Line(rng, least_ms, least_ms * 2), Line(rng, least_ms, least_ms * 2))
        player = SyncPlayer(f"user{len(self.players)}", video, line)
        player.room_id = self._room_id
        player.session = Session(self.world.hall, player, token=None, principal=None)
        player.emit("join_room", {"roomId": self._room_id})
        self.players.append(player)
        return player

    @property
    def room(self) -> Room:
        live = next(live for live in self.world.rooms.alive() if live.id == self._room_id)
        assert live.state is not None
        return live.state

    @property
    def anybody(self) -> SyncPlayer:
        return self.rng.choice(self.players)

    async def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 1000 / STEP_MS)):
            now_ms = self.world.clock.turn(STEP_MS)
            for player in self.players:
                player.step(now_ms, STEP_MS, self.watch)
            self.world.wheel.turn(now_ms / 1000)
            await settle()

    def apart_ms(self, player: SyncPlayer) -> float:
        return player.video.position_ms - self.room.position_at(self.world.clock.now_ms())

    def together(self) -> None:
        """Everybody does what the room does, where it is: as near as player, line and seek allow."""
        for player in self.players:
            assert player.video.paused is not self.room.timeline.playing, player.user_id
            off_ms = abs(self.apart_ms(player))
            allowed_ms = STEERS_OVER_MS + player.slowest_ms
            assert off_ms <= allowed_ms, f"{player.user_id} is {off_ms:.0f} ms off, {allowed_ms:.0f} allowed"

    def _count(self, events: tuple[Recorded, ...]) -> None:
        for recorded in events:
            if isinstance(recorded.event, TimelineMoved):
                self.moves[recorded.event.move] += 1
            assert not isinstance(recorded.event, MediaChanged)

    @property
    def wishes(self) -> int:
        return sum(count for move, count in self.moves.items() if move is not Move.CORRECTION)


@pytest.mark.parametrize("seed", range(12))
async def test_ten_players_hear_each_wish_once_and_end_together(seed: int) -> None:
    async with World() as world:
        cinema = Cinema(world, seed)
        await cinema.open(9)
        cinema.anybody.video.play()
        await cinema.run(8.0)
        cinema.anybody.video.seek(600_000.0)
        await cinema.run(8.0)
        cinema.anybody.video.pause()
        await cinema.run(4.0)
        cinema.anybody.video.play()
        await cinema.run(8.0)
        cinema.join()
        await cinema.run(12.0)
        cinema.together()
        assert (
            cinema.moves - Counter({Move.PLAY: 2, Move.PAUSE: 1, Move.SEEK: 1, Move.CORRECTION: 3})
            == Counter()
        )


@pytest.mark.parametrize("seed", range(24))
async def test_wishes_that_cross_on_the_line_end_in_one_place(seed: int) -> None:
    """Several people act within one round trip: each wish counts once at most, and nothing goes back and forth."""
    async with World() as world:
        cinema = Cinema(world, 1_000 + seed)
        await cinema.open(8)
        cinema.anybody.video.play()
        await cinema.run(3.0)
        wishes = 1
        for _ in range(6):
            for _ in range(cinema.rng.randint(1, 3)):
                wishes += _wish(cinema)
                await cinema.run(cinema.rng.choice((0.05, 0.15, 0.4)))
            await cinema.run(cinema.rng.choice((0.5, 2.0, 6.0)))
        await cinema.run(15.0)
        assert cinema.wishes <= wishes
        settled = cinema.moves.total()
        await cinema.run(15.0)
        assert cinema.moves.total() == settled
        cinema.together()


def _wish(cinema: Cinema) -> int:
    """Somebody does something with their own player. How many wishes that is."""
    video = cinema.anybody.video
    match cinema.rng.choice(("seek", "start or stop")):
        case "seek":
            video.seek(cinema.rng.uniform(0.0, 3_600_000.0))
        case _ if video.paused:
            video.play()
        case _:
            video.pause()
    return 1
