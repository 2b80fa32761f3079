"""Makes guide 001's rooms over REST, before anything is measured."""

from __future__ import annotations

import http.client
import json

from bench import Unmeasured

ADMIN = "admin"


def make_rooms(port: int, count: int) -> list[str]:
    """This many empty rooms, each with `ADMIN` as its admin; their ids."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer bench"}
    rooms: list[str] = []
    for number in range(count):
        body = {"name": f"Bench {number}", "mediaId": "666243", "mediaType": "movie", "adminId": ADMIN}
        connection.request("POST", "/auth/watch-together/rooms", json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read()
        if response.status not in {200, 201}:
            raise Unmeasured(f"a room was refused with {response.status}: {content[:300]!r}")
        rooms.append(json.loads(content)["data"]["id"])
    connection.close()
    return rooms
