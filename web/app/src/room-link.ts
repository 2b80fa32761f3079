/** A room's address is `/r/{room}`: what people share, paste and open. */

const PATH = /^\/r\/([^/]+)\/?$/;
const MEETING = /^\/m\/([^/]+)\/?$/;

export function roomPath(roomId: string): string {
  return `/r/${encodeURIComponent(roomId)}`;
}

export function roomInPath(path: string): string | null {
  return named(path, PATH);
}

/** The same room, met face to face: `/m/{room}`. */
export function meetingPath(roomId: string): string {
  return `/m/${encodeURIComponent(roomId)}`;
}

export function meetingInPath(path: string): string | null {
  return named(path, MEETING);
}

/** A code as it stands, or the code within a pasted link; null if it is neither. */
export function roomIn(pasted: string): string | null {
  const text = pasted.trim();
  if (text === "") return null;
  if (!text.includes("/")) return /\s/.test(text) ? null : text;
  const path = text.replace(/^(https?:\/\/)?[^/]*(?=\/)/, "").replace(/[?#].*$/, "");
  return roomInPath(path) ?? meetingInPath(path);
}

function named(path: string, pattern: RegExp): string | null {
  const found = pattern.exec(path)?.[1];
  return found === undefined ? null : decoded(found);
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
