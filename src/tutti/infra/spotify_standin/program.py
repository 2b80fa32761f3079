"""`tutti spotify-standin`: the stand-in as a process of its own."""

from __future__ import annotations

import click
import uvicorn

from tutti.infra.spotify_standin.server import StandIn, standin_app


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 (the default) is any free port.")
def spotify_standin(host: str, port: int) -> None:
    """A stand-in for Spotify, for tests and demonstrations.

    It prints its address. Run Tutti with SPOTIFY_API_URL set to that, and any SPOTIFY_CLIENT_ID and
    SPOTIFY_CLIENT_SECRET. It speaks /authorize (with a plain page to agree on), /api/token with PKCE, /v1/me,
    /v1/me/player/currently-playing and /v1/tracks/ID. Everybody who agrees listens to music of their own, which plays
    on by itself. A token standin:USER:NAME is USER's without any sign-in.

    How to control it (JSON bodies):

    \b
    PUT /standin/behaviour {"kind": "limited", "retry_after": 30, "times": 1, "only": ["playing"]}
        kind: ok, limited (429; retry_after null: without the header),
        failing (with "status"), slow (until the behaviour changes, at most
        30 s) or rubbish (200 with "body"). times: for how many calls, null
        (the default): until changed. only: me, tracks, playing, token;
        null (the default): all.
    PUT /standin/users/USER/player {"do": "skip"}
        do: play (with "track": an id of 22 letters and digits), pause, skip,
        seek (with "position_ms"), stop (nothing plays: 204), restless
        (skip and pause by themselves), calm, none.
        "progress": exact, missing (null) or overrun (beyond the end).
    PUT /standin/tokens {"expires_in": 60, "rotate": true}
        How long access tokens live; whether a refresh token works only once.
    DELETE /standin/users/USER/access    Their access tokens have expired.
    DELETE /standin/users/USER/consent   They have revoked their consent:
                                         a refresh is invalid_grant.
    GET, DELETE /standin/calls           Count the calls it got; forget them.
    """
    config = uvicorn.Config(standin_app(StandIn()), host=host, port=port, log_level="warning", lifespan="off")
    listening = config.bind_socket()
    listening.listen()  # whoever reads the address may come at once
    click.echo(f"http://{host}:{listening.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listening])
