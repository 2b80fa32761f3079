/** A room's address is `/r/{room}`: what people share, paste and open. */

const PATH = /^\/r\/([^/]+)\/?$/;

export function roomPath(roomId: string): string {
  return `/r/${encodeURIComponent(roomId)}`;
}

export function roomInPath(path: string): string | null {
  const found = PATH.exec(path)?.[1];
  return found === undefined ? null : decoded(found);
}

/** A code as it stands, or the code within a pasted link; null if it is neither. */
export function roomIn(pasted: string): string | null {
  const text = pasted.trim();
  if (text === "") return null;
  if (!text.includes("/")) return /\s/.test(text) ? null : text;
  const path = text.replace(/^(https?:\/\/)?[^/]*(?=\/)/, "").replace(/[?#].*$/, "");
  return roomInPath(path);
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
