// The one HTTP route the watch benches need, and a way for the bench to ask for a collected heap.
import { createServer } from "node:http";

const ROOMS_PATH = "/auth/watch-together/rooms";

/** An HTTP server that makes rooms and answers 404 to everything else. */
export function roomServer(rooms) {
  return createServer((request, response) => {
    if (request.method !== "POST" || request.url !== ROOMS_PATH) return answer(response, 404, { error: "Not Found" });
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const data = rooms.create(JSON.parse(Buffer.concat(chunks).toString()));
      answer(response, 201, { success: true, data });
    });
  });
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

/** Idle memory is read after a collection, in the peer's favour: SIGUSR2 asks for one (needs --expose-gc). */
export function collectOnSignal() {
  process.on("SIGUSR2", () => globalThis.gc?.());
}
