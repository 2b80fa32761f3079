"""The door for WebSockets to an Engine.IO server: which upgrade requests it lets in, and to which session."""

from __future__ import annotations

from tutti.transports.cors import Cors
from tutti.transports.engineio import EngineServer, EngineSession, Probe, Refusal, opening
from tutti.transports.engineio_admission import FORBIDDEN
from tutti.transports.handshake import Handshake, Rejected


class EngineRoute:
    """A route for the path of one Engine.IO server (whoever routes to it has matched the path)."""

    def __init__(self, server: EngineServer, cors: Cors) -> None:
        self._server = server
        self._cors = cors

    def __call__(self, request: Handshake) -> EngineSession | Probe | Rejected:
        """The channel that the WebSocket is to have. Browsers leave it to us to look at the origin."""
        headers, query = request.headers, request.query
        if not self._cors.allows(headers.get("origin"), headers.get("host")):
            return _rejected(FORBIDDEN)
        channel = self._server.connect(opening(request.client, query, headers), query)
        return _rejected(channel) if isinstance(channel, Refusal) else channel


def _rejected(refusal: Refusal) -> Rejected:
    return Rejected(refusal.status, refusal.body, (("Content-Type", "application/json"),))
