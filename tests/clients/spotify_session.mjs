// A listening program as guide 000 has it: the same four services, on an unmodified socket.io-client with its default
// transports. The player is a pretence that keeps time. `node spotify_session.mjs URL USER TOKEN [CLOCK_WRONG_BY_MS]`.

import { io } from "socket.io-client";
import { answer, now, tell } from "./conversation.mjs";

const [url, user, token, clockWrongBy = "0"] = process.argv.slice(2);
const realDateNow = Date.now;
Date.now = () => realDateNow() + Number(clockWrongBy); // the computer's owner has set it so

class SpotifyService {
  #track = null;
  #position = 0;
  #playingSince = null;

  async play(trackUri) {
    if (trackUri && trackUri !== this.#track) {
      this.#track = trackUri;
      this.#position = 0;
    } else {
      this.#position = this.position();
    }
    this.#playingSince = now();
    tell("player", { did: "play", trackUri });
  }

  async pause() {
    this.#position = this.position();
    this.#playingSince = null;
    tell("player", { did: "pause" });
  }

  async seek(positionMs) {
    this.#position = positionMs;
    if (this.#playingSince !== null) this.#playingSince = now();
    tell("player", { did: "seek", positionMs });
  }

  async getCurrentPlayback() {
    if (this.#track === null) return null;
    return { trackUri: this.#track, position: this.position(), isPlaying: this.#playingSince !== null };
  }

  position() {
    return this.#position + (this.#playingSince === null ? 0 : now() - this.#playingSince);
  }
}

class SessionService {
  sessionId = null;

  async createSession() {
    const made = await this.#ask("POST", "/sessions", { userId: user, userName: user });
    this.sessionId = made.body.sessionId;
    return made;
  }

  async joinSession(sessionId) {
    this.sessionId = sessionId;
    return this.#ask("POST", `/sessions/${sessionId}/join`, { userId: user, userName: user });
  }

  async updateOffset(offsetMs) {
    return this.#ask("PATCH", `/sessions/${this.sessionId}/offset`, { offsetMs });
  }

  async state() {
    return this.#ask("GET", `/sessions/${this.sessionId}/state`);
  }

  async end() {
    return this.#ask("DELETE", `/sessions/${this.sessionId}`);
  }

  async #ask(method, path, body) {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const response = await fetch(`${url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }
}

class WebSocketService {
  #socket = null;

  connect() {
    return new Promise((resolve, reject) => {
      this.#socket = io(url.replace("http", "ws"), { auth: { token }, forceNew: true });
      this.#socket.once("connect", resolve);
      this.#socket.once("connect_error", reject);
      this.#socket.on("connect", () => tell("connect", { recovered: this.#socket.recovered }));
      this.#socket.on("disconnect", (reason) => tell("disconnect", { reason }));
      this.#socket.io.engine.once("upgrade", (transport) => tell("upgrade", { transport: transport.name }));
    });
  }

  emit(event, data) {
    this.#socket.emit(event, data);
  }

  /** Beyond the guide: resolves when the server has done it. */
  ask(event, data) {
    return this.#socket.emitWithAck(event, data);
  }

  on(event, callback) {
    this.#socket.on(event, callback);
  }

  disconnect() {
    this.#socket.disconnect();
  }
}

class SyncService {
  async broadcastState() {
    const state = await player.getCurrentPlayback();
    if (state) wire.emit("playback_state", { sessionId: sessions.sessionId, ...state, timestamp: Date.now() });
  }

  requestSync() {
    wire.emit("request_sync", { sessionId: sessions.sessionId });
  }

  setupListeners() {
    wire.on("sync_command", async (data) => {
      tell("sync_command", { data });
      switch (data.action) {
        case "play":
          await player.play(data.trackUri);
          await player.seek(data.position);
          break;
        case "pause":
          await player.pause();
          break;
        case "seek":
          await player.seek(data.position);
          break;
        case "switch_track":
          await player.play(data.trackUri);
          await player.seek(0);
          break;
      }
      tell("followed", { action: data.action });
    });
    for (const event of ["session_ended", "sync_status", "error"]) wire.on(event, (data) => tell(event, { data }));
  }
}

const player = new SpotifyService();
const sessions = new SessionService();
const wire = new WebSocketService();
const sync = new SyncService();

answer({
  create: () => sessions.createSession(),
  join: ({ sessionId }) => sessions.joinSession(sessionId),
  offset: ({ offsetMs }) => sessions.updateOffset(offsetMs),
  state: () => sessions.state(),
  end: () => sessions.end(),
  connect: async () => {
    await wire.connect();
    sync.setupListeners();
  },
  enter: ({ role }) => wire.ask("join_session", { sessionId: sessions.sessionId, role, userId: user }),
  play: async ({ trackUri, positionMs }) => {
    await player.play(trackUri);
    await player.seek(positionMs);
  },
  pause: () => player.pause(),
  seek: ({ positionMs }) => player.seek(positionMs),
  broadcast: () => sync.broadcastState(),
  request_sync: () => sync.requestSync(),
  position: async () => ({ at: now(), ...(await player.getCurrentPlayback()) }),
  disconnect: () => wire.disconnect(),
});
