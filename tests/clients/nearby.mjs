// People who are near one another, each with an unmodified socket.io-client at guide 002's `/realtime` (or `/`).
// `node nearby.mjs URL`; a test tells them what to do over HTTP and the socket, and hears what they hear.

import { io } from "socket.io-client";
import { answer, tell } from "./conversation.mjs";

const [url] = process.argv.slice(2);
const people = new Map();

answer({
  connect: ({ user, auth, namespace = "/realtime" }) =>
    new Promise((connected, failed) => {
      const socket = io(url + namespace, { auth, forceNew: true, reconnection: false });
      people.set(user, socket);
      socket.on("connect_error", failed);
      socket.once("connected", connected);
      socket.on("disconnect", (reason) => tell("disconnect", { user, reason }));
      socket.onAny((event, data) => tell(event, { user, data }));
    }),
  emit: ({ user, event, data }) =>
    people.get(user).timeout(20_000).emitWithAck(event, ...(data === undefined ? [] : [data])),
  request: async ({ method, path, token, body }) => {
    const response = await fetch(url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  },
});
