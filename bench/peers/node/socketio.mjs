// Guide 001's rooms on Node socket.io 4.8 with its defaults, in memory. Usage: node socketio.mjs PORT
import { Server } from "socket.io";
import { collectOnSignal, roomServer } from "./http.mjs";
import { Rooms, act, enter, leave, stateNow, withRoster } from "./rooms.mjs";

const rooms = new Rooms();
const http = roomServer(rooms);
const io = new Server(http, { serveClient: false, perMessageDeflate: false });

io.on("connection", (socket) => {
  socket.on("join_room", ({ roomId, userId }) => {
    const entry = rooms.get(roomId);
    if (!entry) return socket.emit("error", { code: "ROOM_NOT_FOUND", message: "Room not found" });
    enter(entry, userId);
    socket.join(roomId);
    socket.data.roomId = roomId;
    socket.data.userId = userId;
    socket.emit("initial_state", { currentState: stateNow(entry, Date.now()), participants: entry.room.participants });
    withRoster(entry, () => io.to(roomId).emit("user_joined", { userId, participants: entry.room.participants }));
  });

  socket.on("leave_room", () => depart(socket));
  socket.on("disconnect", () => depart(socket));

  socket.on("playback_action", (message) => {
    const entry = rooms.get(message.roomId);
    if (!entry) return socket.emit("error", { code: "ROOM_NOT_FOUND", message: "Room not found" });
    try {
      const update = act(entry, message, Date.now());
      if (update) io.to(message.roomId).emit("playback_updated", update);
    } catch (error) {
      socket.emit("error", { code: error.message, message: "Refused" });
    }
  });

  socket.on("sync_request", ({ roomId }) => {
    const entry = rooms.get(roomId);
    if (!entry) return;
    const now = Date.now();
    socket.emit("sync_response", { currentState: stateNow(entry, now), timestamp: now, adminId: entry.room.adminId });
  });

  socket.on("heartbeat", () => {});
});

function depart(socket) {
  const { roomId, userId } = socket.data;
  const entry = rooms.get(roomId);
  if (!entry) return;
  socket.data = {};
  leave(entry, userId);
  socket.leave(roomId);
  withRoster(entry, () => io.to(roomId).emit("user_left", { userId, participants: entry.room.participants }));
}

collectOnSignal();
http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
