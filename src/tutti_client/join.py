"""`tutti join`: follow a room in mpv, until one of the two is left."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from tutti_client import endings, mpv, status
from tutti_client.address import Address, NoRoom, address
from tutti_client.connection import Connection, Disconnected, News, Refusal, State, Waits
from tutti_client.endings import End, Ended
from tutti_client.follow import MUSIC, VIDEO
from tutti_client.mpv import Hand, Mpv, NoMpv
from tutti_client.mpv_ipc import MpvGone
from tutti_client.player import Note, Player
from tutti_client.spoken import Hello, Offset
from tutti_client.status import Listener, Show
from tutti_client.wire import Event, Welcome

STATUS_EVERY_S: Final = 0.5
LEAVE_WITHIN_S: Final = 2.0
_T = TypeVar("_T")
_BAD: Final = frozenset({End.NO_SUCH_ROOM, End.NO_SERVER, End.REFUSED, End.EXPELLED})


class CannotJoin(Exception):
    """One line that says what is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    room: Address
    file: str | None
    name: str
    token: str | None
    ipc: Path | None
    music: bool
    offset_ms: float | None
    options: tuple[str, ...]


@click.command()
@click.argument("url")
@click.argument("rest", nargs=-1, type=click.UNPROCESSED, metavar="[FILE] [-- MPV OPTIONS...]")
@click.option("--name", help="What the others see. Default: your user name.")
@click.option(
    "--token", envvar="TUTTI_TOKEN", help="Your token, where the server asks for one. Default: TUTTI_TOKEN."
)
@click.option(
    "--ipc", type=click.Path(path_type=Path), metavar="PATH",
    help="Follow in an mpv that runs already, started with --input-ipc-server=PATH.",
)  # fmt: skip
@click.option(
    "--offset", "offset_ms", type=float, metavar="MS",
    help="Your file is another cut: be so much ahead of the room (behind, if negative).",
)  # fmt: skip
@click.option("--music", is_flag=True, help="Catch up by 3 % at most instead of 8 %.")
@click.option("--json", "as_json", is_flag=True, help="Tell everything as JSON, one object a line.")
def join(
    url: str,
    rest: tuple[str, ...],
    *,
    name: str | None,
    token: str | None,
    ipc: Path | None,
    offset_ms: float | None,
    music: bool,
    as_json: bool,
) -> None:
    """Follow the room at URL in mpv: it plays, pauses and seeks with everybody, and what you do in it they do too.

    FILE is your copy of what the room plays; without it mpv opens the room's media where that is an address. What
    follows -- goes to mpv.
    """
    try:
        file, options = _file_and_options(rest)
        wanted = Wanted(
            room=address(url),
            file=_existing(file),
            name=name or _user_name(),
            token=token,
            ipc=ipc,
            music=music,
            offset_ms=offset_ms,
            options=options,
        )
        if ipc is None and shutil.which("mpv") is None:
            raise NoMpv(mpv.INSTALL_IT)
        out = Listener(sys.stdout)
        code = asyncio.run(_follow(wanted, status.told_to(out, as_json=as_json), out))
        if out.gone:
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
            )  # what is left is not complained of
    except (CannotJoin, NoRoom, NoMpv) as problem:
        click.echo(f"tutti: {problem}", err=True)
        sys.exit(2 if isinstance(problem, NoRoom) else 1)
    sys.exit(code)


async def _follow(wanted: Wanted, show: Show, out: Listener) -> int:
    """The exit status."""
    visit = _Visit(wanted, show, out)
    with _signals(visit.stop):
        return await visit.run()


class _Visit:
    """One evening in a room: the connection, the player, and what is told of them."""

    def __init__(self, wanted: Wanted, show: Show, out: Listener) -> None:
        self._wanted = wanted
        self._show = show
        self._out = out
        self._stopped = asyncio.Event()
        self._entered = asyncio.Event()
        self._been_in = False
        self._player: Player | None = None
        self._mpv = Mpv(self._touched, self._wake)
        self._connection = Connection(
            wanted.room.socket, Hello(name=wanted.name, token=wanted.token), hear=self._heard
        )

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> int:
        """The connection first: nobody's mpv opens for a room that is not there."""
        async with _owned(self._connection.run()) as connected, _owned(self._stopped.wait()) as stopped:
            async with _owned(self._entered.wait()) as entered:
                await asyncio.wait({connected, stopped, entered}, return_when=asyncio.FIRST_COMPLETED)
            try:
                if self._entered.is_set():
                    await self._say_offset()
                    await self._play({connected, stopped})
            finally:
                ended = await self._goodbye(connected)
        self._show.left(ended.why.value, ended.message)
        return 1 if ended.why in _BAD else 0

    async def _say_offset(self) -> None:
        if self._wanted.offset_ms is None:
            return
        try:
            await self._connection.ask(Offset(self._wanted.offset_ms))
        except Refusal as refusal:
            raise CannotJoin(f"--offset {self._wanted.offset_ms:g}: {refusal.message}") from None
        except Disconnected:
            self._show.note(Note("warning", "the room has not heard your offset: leave, and join again"))

    async def _play(self, endings: set[asyncio.Task[Ended] | asyncio.Task[bool]]) -> None:
        async with self._an_mpv():
            self._player = Player(
                self._mpv,
                self._connection,
                file=self._wanted.file,
                origin=self._wanted.room.origin,
                say=self._show.note,
                limits=MUSIC if self._wanted.music else VIDEO,
            )
            async with (
                _owned(self._player.run()) as playing,
                _owned(self._mpv.gone()) as closed,
                _owned(self._tell(self._player)) as telling,
            ):
                done, _ = await asyncio.wait(
                    {*endings, playing, closed, telling}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in (playing, telling):
                    if task in done:
                        await _unless_mpv_is_gone(task)

    def _an_mpv(self) -> AbstractAsyncContextManager[None]:
        if self._wanted.ipc is not None:
            return mpv.attached(self._wanted.ipc, self._mpv)
        return mpv.started(self._wanted.options, self._mpv)

    async def _tell(self, player: Player) -> None:
        """Until nobody reads it any more: then there is nobody to follow for."""
        while not self._out.gone:
            self._show.status(self._connection.room, player.standing(), self._connection.state.value)
            await asyncio.sleep(STATUS_EVERY_S)

    async def _goodbye(self, connected: asyncio.Task[Ended]) -> Ended:
        """Leave in the room's hearing, if it can hear."""
        if not connected.done():
            await self._connection.leave()
            await asyncio.wait({connected}, timeout=LEAVE_WITHIN_S)
        return await connected if connected.done() else endings.ended(End.LEFT)

    def _heard(self, news: News) -> None:
        match news:
            case Waits(why=why, retry_in_s=retry_in_s):
                self._show.lost(why, retry_in_s)
            case Welcome() if self._connection.room is not None:
                self._show.joined(self._connection.room, self._been_in)
                self._been_in = True
                self._entered.set()
        if self._player is not None and isinstance(news, State | Welcome | Event):
            self._player.wake()

    def _touched(self, hand: Hand) -> None:
        if self._player is not None:
            self._player.touched(hand)

    def _wake(self) -> None:
        if self._player is not None:
            self._player.wake()


async def _unless_mpv_is_gone(task: asyncio.Task[None]) -> None:
    try:
        await task
    except* MpvGone:
        pass


@asynccontextmanager
async def _owned(work: Coroutine[Any, Any, _T]) -> AsyncIterator[asyncio.Task[_T]]:
    """A task that does not outlive its block."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, and being asked to end, are ways to leave."""
    loop = asyncio.get_running_loop()
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for one in asked:
        loop.add_signal_handler(one, stop)
    try:
        yield
    finally:
        for one in asked:
            loop.remove_signal_handler(one)


def _file_and_options(rest: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    file, options = (rest[0], rest[1:]) if rest and not rest[0].startswith("-") else (None, rest)
    for option in options:
        if not option.startswith("-"):
            raise CannotJoin(f"{option!r} is one file too many: a room is followed in one file")
    return file, options


def _existing(file: str | None) -> str | None:
    """The whole path of a file, for mpv may run elsewhere; an address as it is."""
    if file is None or urlsplit(file).scheme in ("http", "https"):
        return file
    path = Path(file).expanduser()
    if not path.is_file():
        raise CannotJoin(f"there is no file {file}")
    return str(path.resolve())


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "mpv"
