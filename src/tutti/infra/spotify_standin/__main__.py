"""`python -m tutti.infra.spotify_standin`: the same as `tutti spotify-standin`."""

from __future__ import annotations

from tutti.infra.spotify_standin.program import spotify_standin

spotify_standin()
