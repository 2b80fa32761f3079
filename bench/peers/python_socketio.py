"""Guide 001's rooms on python-socketio under uvicorn, in memory. Usage: python python_socketio.py PORT

It runs in an environment of its own (`bench/install.py` makes it), never in Tutti's.
"""

from __future__ import annotations

import gc
import importlib
import json
import signal
import sys
import time
from typing import Any

# Not among Tutti's dependencies, so that no type checker can know it.
socketio: Any = importlib.import_module("socketio")
uvicorn: Any = importlib.import_module("uvicorn")

ROSTER_S = 0.25
SMALL_ROOM = 10
sio: Any = socketio.AsyncServer(async_mode="asgi")
rooms: dict[str, dict[str, Any]] = {}
seats: dict[str, tuple[str, str]] = {}
rosters_due: set[str] = set()


def create(body: dict[str, Any]) -> dict[str, Any]:
    room: dict[str, Any] = {
        "id": f"room{len(rooms):08}",
        "participants": {body["adminId"]: None},
        "currentState": {
            "isPlaying": False,
            "currentTime": 0,
            "duration": 0,
            "playbackRate": 1,
            "episode": 1,
        },
        **body,
    }
    rooms[room["id"]] = room
    return {**room, "participants": list(room["participants"])}


async def join_room(sid: str, data: dict[str, str]) -> None:
    room = rooms[data["roomId"]]
    room["participants"][data["userId"]] = None
    seats[sid] = (data["roomId"], data["userId"])
    await sio.enter_room(sid, room["id"])
    initial = {"currentState": room["currentState"], "participants": list(room["participants"])}
    await sio.emit("initial_state", initial, to=sid)
    await tell_roster(room, "user_joined", data["userId"])


async def leave_room(sid: str, *_: object) -> None:
    room_id, user_id = seats.pop(sid, ("", ""))
    if not room_id:
        return
    room = rooms[room_id]
    room["participants"].pop(user_id, None)
    await sio.leave_room(sid, room_id)
    await tell_roster(room, "user_left", user_id)


async def tell_roster(room: dict[str, Any], event: str, user_id: str) -> None:
    if len(room["participants"]) > SMALL_ROOM:
        if room["id"] in rosters_due:
            return
        rosters_due.add(room["id"])
        await sio.sleep(ROSTER_S)
        rosters_due.discard(room["id"])
    message = {"userId": user_id, "participants": list(room["participants"])}
    await sio.emit(event, message, room=room["id"])


async def playback_action(_sid: str, data: dict[str, Any]) -> None:
    room, action = rooms[data["roomId"]], data["action"]
    position = action["data"]["currentTime"]
    if data["userId"] not in room["participants"] or not position >= 0 or action["type"] != "seek":
        return
    state = room["currentState"]
    if abs(position - state["currentTime"]) <= 0.5:
        return
    state["currentTime"] = position
    update = {
        "action": action,
        "state": state,
        "userId": data["userId"],
        "timestamp": int(time.time() * 1000),
    }
    await sio.emit("playback_updated", update, room=room["id"])


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    status = 201 if scope["method"] == "POST" else 404
    answer = {"success": True, "data": create(json.loads(body))} if status == 201 else {"error": "Not Found"}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def serve(port: int) -> None:
    sio.on("join_room", join_room)
    sio.on("leave_room", leave_room)
    sio.on("disconnect", leave_room)
    sio.on("playback_action", playback_action)
    signal.signal(signal.SIGUSR2, lambda *_: (gc.collect(), None)[1])
    app = socketio.ASGIApp(sio, other_asgi_app=http)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # Engine.IO has a heartbeat of its own
        backlog=4096,
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
