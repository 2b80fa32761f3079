"""`make demo`: a Tutti that signs people in with a stand-in for Spotify, to try it on one machine; nothing stays."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

TUTTI = Path(sys.executable).with_name("tutti")
USUAL_PORT = 3000
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
"""What the two processes get of the environment: no setting that is meant for another server."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="0 (the default): 3000, else any free one."
)
def demo(port: int) -> None:
    """Serve Tutti on this machine with a stand-in for Spotify beside it, until Ctrl-C. Nothing of it is kept."""
    sys.exit(asyncio.run(_run(port or _free_port())))


async def _run(port: int) -> int:
    """The exit status: 0 if it was asked to stop."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    with TemporaryDirectory(prefix="tutti-demo-") as folder:
        async with _running(folder, "spotify-standin", "--port", "0", stdout=PIPE) as standin:
            assert standin.stdout is not None
            spotify = (await standin.stdout.readline()).decode().strip()
            url = f"http://127.0.0.1:{port}"
            settings = {
                "TUTTI_MODE": "open",
                "TUTTI_DATA": str(Path(folder) / "data"),
                "SPOTIFY_CLIENT_ID": "tutti-demo",
                "SPOTIFY_CLIENT_SECRET": "no-secret",
                "SPOTIFY_API_URL": spotify,
                "SPOTIFY_CALLBACK_URL": f"{url}/api/v1/auth/spotify/callback",
            }
            async with _running(folder, "serve", "--port", str(port), settings=settings) as server:
                ended = [asyncio.create_task(process.wait()) for process in (standin, server)]
                stop = asyncio.create_task(asked.wait())
                ready = asyncio.create_task(_ready(port))
                await asyncio.wait([*ended, stop, ready], return_when=asyncio.FIRST_COMPLETED)
                if ready.done():
                    _say(url, spotify)
                    await asyncio.wait([*ended, stop], return_when=asyncio.FIRST_COMPLETED)
                ready.cancel()
                return 0 if asked.is_set() else 1


def _say(url: str, spotify: str) -> None:
    click.echo(
        f"""
Tutti is at {url}/ with a stand-in for Spotify at {spotify}/
  1. Open {url}/nearby and sign in with Spotify: agree as Ann.
  2. Open it again in a private window, and agree as Bob.
  3. Go live with both. Share what you listen to: it plays on by itself.
     To skip:  curl -X PUT {spotify}/standin/users/ann/player -H 'Content-Type: application/json' -d '{{"do": "skip"}}'
     To see what happens without consent:  curl -X DELETE {spotify}/standin/users/ann/consent
Ctrl-C ends both; nothing of it is kept.
"""
    )


@asynccontextmanager
async def _running(
    folder: str, *args: str, settings: dict[str, str] | None = None, stdout: int | None = None
) -> AsyncIterator[Process]:
    """In a session of its own, so that Ctrl-C reaches us alone and each is asked to stop once."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        TUTTI, *args,
        cwd=folder, env={**kept, **(settings or {})}, stdin=DEVNULL, stdout=stdout, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _ready(port: int) -> None:
    """Return when it lets somebody in."""
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


def _free_port() -> int:
    for port in (USUAL_PORT, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as listening:
                found: int = listening.getsockname()[1]
                return found
        except OSError:
            continue
    raise click.ClickException("no port is free on 127.0.0.1")


if __name__ == "__main__":
    demo()
