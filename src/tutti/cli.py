"""The command line: `tutti serve`, `tutti join`, `tutti recordings`, `tutti token`, `tutti spotify-standin`."""

from __future__ import annotations

import importlib
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

import tutti
from tutti import config
from tutti.infra import logs
from tutti.infra.tokens import JwtIdentity

LATER = {
    "join": "tutti_client.join:join",
    "recordings": "tutti_media.recorder.program:recordings",
    "spotify-standin": "tutti.infra.spotify_standin.program:spotify_standin",
}
"""Commands that are loaded when they are asked for."""


class _Later(click.Group):
    """`tutti join` is the client's, and found by name: the server and the client import nothing of each other. And no
    other command waits for any of them to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted((*super().list_commands(ctx), *LATER))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        module, _, name = LATER[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Later, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tutti.__version__, prog_name="tutti")
def main() -> None:
    """Tutti: one server for being together in real time.

    Settings are environment variables, also read from a .env file in the current directory; docs/reference/settings.md
    lists them.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", "ports", multiple=True, type=click.IntRange(0, 65535),
    help="Port to listen on; may be given several times. 0 is any free one. Default: PORT, else 3000 and 3001.",
)  # fmt: skip
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the rooms; made if it is not there. Default: TUTTI_DATA, else ./data.",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Server processes.")
@click.option("--access-log", is_flag=True, help="Log every HTTP request (tokens are left out).")
def serve(host: str, ports: tuple[int, ...], data: Path | None, workers: int, access_log: bool) -> None:
    """Serve every dialect, the page and the API on every port."""
    from tutti.serve import run  # noqa: PLC0415 - the other commands should not wait for the whole server to load

    try:
        if workers > 1:
            raise config.BadSettings(
                f"--workers: {workers} processes cannot share the embedded store; this version serves from one"
            )
        settings = config.load(config.environment())
        settings = replace(settings, ports=ports or settings.ports, data=data or settings.data)
        logs.configure(json=settings.log is config.LogStyle.JSON)
        run(settings, host, access_log=access_log)
    except config.BadSettings as problem:
        for mistake in problem.mistakes:
            click.echo(f"tutti: {mistake}", err=True)
        sys.exit(2)


@main.command()
@click.argument("user")
@click.option("--name", help="Display name.")
@click.option("--hours", type=click.FloatRange(0, 24 * 365, min_open=True), default=24.0, show_default=True)
def token(user: str, name: str | None, hours: float) -> None:
    """Print a token for USER, signed with JWT_SECRET: for trying out closed mode, and for scripts."""
    try:
        settings = config.load(config.environment())
        if "JWT_SECRET" not in config.environment():
            raise config.BadSettings(
                "JWT_SECRET: got nothing, expected the secret that the server verifies with"
            )
    except config.BadSettings as problem:
        for mistake in problem.mistakes:
            click.echo(f"tutti: {mistake}", err=True)
        sys.exit(2)
    issuer = JwtIdentity(settings.jwt_secret, lambda: time.time() * 1000)
    click.echo(issuer.issue(user, name, hours * 3600))
