// People in a watch room, each with an unmodified socket.io-client that reconnects by itself. They do what guide 001
// says, once connected: emit `join_room`. `node watchers.mjs URL`; a test tells it who comes in and hears what they do.
// Who may change to another transport has come in when it has done so: until then it may hear an end in another way.

import { io } from "socket.io-client";
import { answer, tell } from "./conversation.mjs";

const [url] = process.argv.slice(2);
const sockets = new Map();

answer({
  enter: ({ user, roomId, transports }) =>
    new Promise((entered) => {
      const socket = io(url, { transports, auth: { token: `token-of-${user}` }, forceNew: true, reconnectionDelay: 200 });
      sockets.set(user, socket);
      socket.on("connect", () => socket.emit("join_room", { roomId, userId: user }));
      socket.on("disconnect", (reason) => tell("disconnect", { user, reason }));
      socket.once("initial_state", () => {
        const { engine } = socket.io;
        if (engine.transport.name === transports.at(-1)) entered();
        else engine.once("upgrade", () => entered());
      });
      for (const event of ["initial_state", "playback_updated", "error"]) {
        socket.on(event, (data) => tell(event, { user, data }));
      }
    }),
  transport: ({ user }) => sockets.get(user).io.engine.transport.name,
});
