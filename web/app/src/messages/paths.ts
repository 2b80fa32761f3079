/** Addresses of conversations and notifications. */

export type TalkPlace =
  | { page: "notifications" }
  | { page: "talks"; id: string | null }
  | { page: "new" }
  | { page: "with"; user: string };

export function talkPath(id: string): string {
  return `/messages/${encodeURIComponent(id)}`;
}

export function talkInPath(path: string): TalkPlace | null {
  if (/^\/notifications\/?$/.test(path)) return { page: "notifications" };
  const found = /^\/messages(?:\/([^/]+)(?:\/([^/]+))?)?\/?$/.exec(path);
  if (found === null) return null;
  const [, first, second] = found;
  if (second !== undefined) return first === "with" ? { page: "with", user: plain(second) } : null;
  if (first === "new") return { page: "new" };
  return { page: "talks", id: first === undefined ? null : plain(first) };
}

function plain(said: string): string {
  try {
    return decodeURIComponent(said);
  } catch {
    return "";
  }
}
