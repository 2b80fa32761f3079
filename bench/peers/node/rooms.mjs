// Watch-together rooms in memory: the least a Node server must do to give a room the same messages.

const FAR_S = 0.5; // a seek to where the room already is changes nothing, and is not sent
const SMALL_ROOM = 10;
const ROSTER_MS = 250; // larger rooms send the roster at most four times a second

export class Rooms {
  #rooms = new Map();
  #made = 0;

  create({ name, mediaId, mediaType, adminId, providerId = "vidnest" }) {
    this.#made += 1;
    const now = new Date().toISOString();
    const room = {
      id: `room${this.#made.toString(36).padStart(8, "0")}`,
      name,
      adminId,
      mediaId,
      mediaType,
      providerId,
      participants: [adminId],
      currentState: { isPlaying: false, currentTime: 0, duration: 0, playbackRate: 1, episode: 1 },
      createdAt: now,
      updatedAt: now,
    };
    this.#rooms.set(room.id, { room, present: new Set([adminId]), seen: new Map(), anchoredAt: 0, rosterDue: null });
    return room;
  }

  get(roomId) {
    return this.#rooms.get(roomId);
  }
}

export function enter(entry, userId) {
  entry.present.add(userId);
  entry.room.participants = [...entry.present];
}

export function leave(entry, userId) {
  entry.present.delete(userId);
  entry.room.participants = [...entry.present];
}

/** Call `send` now in a small room; in a large one once per quarter of a second, however many come and go. */
export function withRoster(entry, send) {
  if (entry.present.size <= SMALL_ROOM) return send();
  entry.rosterDue ??= setTimeout(() => {
    entry.rosterDue = null;
    send();
  }, ROSTER_MS);
}

export function stateNow(entry, nowMs) {
  const state = entry.room.currentState;
  if (!state.isPlaying) return state;
  const elapsed = ((nowMs - entry.anchoredAt) / 1000) * state.playbackRate;
  return { ...state, currentTime: state.currentTime + elapsed };
}

/** Apply an action; what everybody should hear about it, or null when it changes nothing. */
export function act(entry, { action, userId }, nowMs) {
  if (!entry.present.has(userId)) throw new Error("NOT_IN_ROOM");
  const state = stateNow(entry, nowMs);
  const next = applied(entry, state, action, userId);
  if (next === null) return null;
  entry.room.currentState = next;
  entry.anchoredAt = nowMs;
  return { action, state: next, userId, timestamp: nowMs };
}

function applied(entry, state, { type, data }, userId) {
  switch (type) {
    case "play":
      return state.isPlaying ? null : { ...state, isPlaying: true };
    case "pause":
      return state.isPlaying ? { ...state, isPlaying: false } : null;
    case "seek":
      return moved(state, data.currentTime, FAR_S);
    case "updateTime":
      if (!Number.isFinite(data.currentTime) || data.currentTime < 0) throw new Error("BAD_TIME");
      entry.seen.set(userId, data.currentTime);
      return userId === entry.room.adminId ? moved(state, data.currentTime, FAR_S) : null;
    default:
      throw new Error("UNKNOWN_ACTION");
  }
}

function moved(state, currentTime, far) {
  if (!Number.isFinite(currentTime) || currentTime < 0) throw new Error("BAD_TIME");
  return Math.abs(currentTime - state.currentTime) > far ? { ...state, currentTime } : null;
}
