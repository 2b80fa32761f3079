// An unmodified socket.io-client against the conformance server: `node socketio.mjs URL polling|websocket|upgrade`.
// Prints one JSON object of what it saw; the Python test judges it.

import { once } from "node:events";
import { io } from "socket.io-client";

const [url, mode] = process.argv.slice(2);
const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] }[mode];
const options = { transports, auth: { token: "añ€" }, reconnection: false, forceNew: true };
const seen = {};

const socket = io(url, options);
socket.on("connect_error", (error) => fail(error));
socket.on("disconnect", (reason) => (seen.disconnected = reason));
const upgraded = mode === "upgrade" ? new Promise((done) => socket.io.engine.once("upgrade", done)) : null;

const [auth] = await once(socket, "auth");
seen.auth = auth;
seen.ids = [socket.id, socket.io.engine.id];

// numbered messages, sent before, while and after the transport changes
const numbers = [];
socket.on("message-back", (first) => typeof first === "number" && numbers.push(first));
for (let n = 0; n < 50; n++) socket.emit("message", n);
await upgraded;
for (let n = 50; n < 100; n++) socket.emit("message", n);
await until(() => numbers.length === 100);
seen.inOrder = numbers.every((n, at) => n === at);
seen.transport = socket.io.engine.transport.name;

// values and bytes, as an event and as an acknowledgement
socket.emit("message", "text €", { nested: [true, null] }, Buffer.from([1, 2, 3]), { deep: Buffer.from([4]) });
seen.event = plain(await next("message-back"));
seen.ack = plain(await acknowledged("message-with-ack", "x", Buffer.from([5, 6])));
seen.emptyAck = await acknowledged("message-with-ack");

// the server asks and this client acknowledges, with bytes
socket.on("question", (text, bytes, answer) => answer(text.toUpperCase(), bytes));
socket.emit("ask-back", "why", Buffer.from([7]));
seen.answered = plain(await next("answered"));

// large, yet under the server's cap
const large = "é".repeat(300_000);
socket.emit("message", large);
seen.large = (await next("message-back"))[0] === large;

// another namespace on the same connection, and one that is refused
const custom = socket.io.socket("/custom", options);
seen.customAuth = (await once(custom, "auth"))[0];
custom.disconnect();
const refused = socket.io.socket("/random", options);
seen.refused = (await once(refused, "connect_error"))[0].message;

socket.disconnect();
console.log(JSON.stringify(seen));
process.exit(0);

function acknowledged(name, ...args) {
  return new Promise((done) => socket.emit(name, ...args, (...answer) => done(answer)));
}

function next(name) {
  return new Promise((done) => socket.once(name, (...args) => done(args)));
}

async function until(reached) {
  while (!reached()) await next("message-back");
}

/** The same values with bytes shown as `{bytes: [...]}`. */
function plain(value) {
  if (Buffer.isBuffer(value) || value instanceof ArrayBuffer) return { bytes: [...new Uint8Array(value)] };
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

function fail(error) {
  console.error(error);
  process.exit(1);
}
