// Meetings on bare `ws`, as guide 004's example server does it: parse, stamp the sender, find the peer, stringify, send.
// Usage: node meet.mjs PORT
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const rooms = new Map(); // room id -> Map of peer id -> socket
const http = createServer((_request, response) => response.writeHead(404).end());
const server = new WebSocketServer({ server: http, perMessageDeflate: false });

server.on("connection", (socket, request) => {
  const roomId = /^\/room\/([^/?]+)\/websocket/.exec(request.url)?.[1];
  if (!roomId) return socket.close();
  if (!rooms.has(roomId)) rooms.set(roomId, new Map());
  const room = rooms.get(roomId);
  let me = null;
  socket.on("close", () => {
    if (me === null) return;
    room.delete(me);
    tell(room, me, { event: "peer-left", data: { peerId: me } });
    if (room.size === 0) rooms.delete(roomId);
  });
  socket.on("message", (bytes) => {
    const message = JSON.parse(bytes.toString());
    switch (message.event) {
      case "join":
        me = message.data.peerId;
        socket.send(JSON.stringify({ event: "peers", data: welcome(room, me) }));
        room.set(me, socket);
        return tell(room, me, { event: "peer-joined", data: { peerId: me, username: message.data.username } });
      case "offer":
      case "answer":
      case "candidate": {
        message.data.peerId = me;
        const target = room.get(message.data.targetPeerId);
        return target?.send(JSON.stringify(message));
      }
      case "ping":
        return socket.send('{"event":"pong","data":{}}');
    }
  });
});

function welcome(room, me) {
  const peers = [...room.keys()];
  const hostId = peers[0] ?? me;
  return { yourId: me, peers, isHost: hostId === me, hostId, roomLocked: false };
}

function tell(room, me, message) {
  const text = JSON.stringify(message);
  for (const [peer, socket] of room) if (peer !== me) socket.send(text);
}

http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
