// Guide 000's create and join on Express 5 with an in-memory map. Usage: node express.mjs PORT
import { randomInt } from "node:crypto";
import express from "express";

const LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const LIFETIME_MS = 4 * 60 * 60 * 1000;
const sessions = new Map();
const app = express();

app.use(express.json());

app.use("/api", (request, response, next) => {
  const [scheme, token] = (request.get("authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || !token) return response.status(401).json({ error: "Unauthorized", code: "UNAUTHORIZED" });
  request.token = token;
  next();
});

app.post("/api/sessions", (request, response) => {
  const { userId, userName } = request.body;
  if (!isName(userId) || !isName(userName)) return invalid(response);
  const now = Date.now();
  const session = {
    sessionId: unusedCode(),
    host: { userId, userName },
    clients: new Map(),
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + LIFETIME_MS).toISOString(),
  };
  sessions.set(session.sessionId, session);
  const { sessionId, createdAt, expiresAt } = session;
  response.status(201).json({ sessionId, role: "host", createdAt, expiresAt, hostToken: request.token });
});

app.post("/api/sessions/:sessionId/join", (request, response) => {
  const session = sessions.get(request.params.sessionId.toUpperCase());
  if (!session) return response.status(404).json({ error: "Session not found", code: "SESSION_NOT_FOUND" });
  const { userId, userName } = request.body;
  if (!isName(userId) || !isName(userName)) return invalid(response);
  const joinedAt = new Date().toISOString();
  session.clients.set(userId, { userId, userName, offsetMs: 0, joinedAt });
  const { sessionId, host } = session;
  response.json({ sessionId, role: "client", hostName: host.userName, joinedAt, clientToken: request.token });
});

function unusedCode() {
  for (;;) {
    let code = "";
    for (let n = 0; n < 6; n += 1) code += LETTERS[randomInt(LETTERS.length)];
    if (!sessions.has(code)) return code;
  }
}

function isName(value) {
  return typeof value === "string" && value.length > 0 && value.length <= 100;
}

function invalid(response) {
  response.status(400).json({ error: "Invalid body", code: "VALIDATION_ERROR" });
}

app.listen(Number(process.argv[2]), "127.0.0.1", 4096);
