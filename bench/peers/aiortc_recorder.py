"""The same recording by aiortc's own `MediaRecorder`: what anybody would write first. For `bench.meet_recorder`.

It answers whoever is in the meeting, decodes what it is sent and encodes it again, into one file of each person.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder
from websockets.asyncio.client import ClientConnection, connect


async def main(server: str, room: str, recording: str, folder: Path) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    people: dict[str, tuple[RTCPeerConnection, MediaRecorder]] = {}
    async with connect(f"{server}/room/{room}/websocket", max_size=1 << 20) as socket:
        await say(socket, "join", peerId=f"recorder-{recording}", username="Recording")
        hearing = asyncio.create_task(hear(socket, people, folder))
        await done.wait()
        hearing.cancel()
        for connection, recorder in people.values():
            await recorder.stop()
            await connection.close()


async def hear(
    socket: ClientConnection, people: dict[str, tuple[RTCPeerConnection, MediaRecorder]], folder: Path
) -> None:
    async for message in socket:
        said = json.loads(message)
        data = said["data"]
        if said["event"] == "peers":
            for name in data["peers"]:
                people[name] = await call(socket, name, folder)
        elif said["event"] == "answer":
            connection, recorder = people[data["peerId"]]
            await connection.setRemoteDescription(RTCSessionDescription(data["sdp"], "answer"))
            for transceiver in connection.getTransceivers():
                recorder.addTrack(transceiver.receiver.track)
            await recorder.start()


async def call(socket: ClientConnection, name: str, folder: Path) -> tuple[RTCPeerConnection, MediaRecorder]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in ("audio", "video"):
        connection.addTransceiver(kind, direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    await say(socket, "offer", targetPeerId=name, sdp=connection.localDescription.sdp)
    return connection, MediaRecorder(str(folder / f"{name}.mp4"))


async def say(socket: ClientConnection, event: str, **data: Any) -> None:
    await socket.send(json.dumps({"event": event, "data": data}))


if __name__ == "__main__":
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    asyncio.run(main(given["--server"], given["--room"], given["--recording"], Path(given["--folder"])))
