"""A stand-in for Spotify, for tests and demonstrations: a server of its own that speaks the documented HTTP.

It has a page to consent on, tokens that expire and can be revoked, and listeners who play on by themselves; it limits,
fails, is slow and talks rubbish on request. `tutti spotify-standin --help` tells how it is controlled.
"""

from __future__ import annotations

from tutti.infra.spotify_standin.behaviour import Behaviour
from tutti.infra.spotify_standin.server import StandIn, standin_app

__all__ = ["Behaviour", "StandIn", "standin_app"]
