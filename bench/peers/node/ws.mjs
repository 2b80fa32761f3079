// Context for the fan-out: the same messages on bare `ws`, with just enough Socket.IO for the same load generator.
// Usage: node ws.mjs PORT
import { WebSocketServer } from "ws";
import { roomServer } from "./http.mjs";
import { Rooms, act, enter, leave, stateNow } from "./rooms.mjs";

const rooms = new Rooms();
const http = roomServer(rooms);
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
const sockets = new Map(); // room id -> the sockets in it
const OPEN = '0{"sid":"bench","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}';

server.on("connection", (socket) => {
  let departed = () => {};
  socket.send(OPEN);
  socket.on("close", () => departed());
  socket.on("message", (bytes) => {
    const text = bytes.toString();
    if (text.startsWith("40")) return socket.send('40{"sid":"bench"}');
    if (!text.startsWith("42")) return;
    const [event, data] = JSON.parse(text.slice(2));
    const entry = rooms.get(data.roomId);
    if (event === "join_room") departed = join(socket, entry, data);
    if (event === "playback_action") playback(entry, data);
  });
});

function join(socket, entry, { roomId, userId }) {
  enter(entry, userId);
  if (!sockets.has(roomId)) sockets.set(roomId, new Set());
  sockets.get(roomId).add(socket);
  const state = stateNow(entry, Date.now());
  socket.send(packet("initial_state", { currentState: state, participants: entry.room.participants }));
  return () => {
    leave(entry, userId);
    sockets.get(roomId).delete(socket);
  };
}

function playback(entry, message) {
  const update = act(entry, message, Date.now());
  if (!update) return;
  const text = packet("playback_updated", update);
  for (const member of sockets.get(message.roomId)) member.send(text);
}

function packet(event, data) {
  return "42" + JSON.stringify([event, data]);
}

http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
