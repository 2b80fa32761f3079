/** Addresses of pages about parties: `/parties`, `/parties/new`, `/parties/join`, `/parties/{id}`. */

export type PartyPlace = { page: "list" } | { page: "new" } | { page: "join" } | { page: "one"; id: string };

export function partyPath(id: string): string {
  return `/parties/${encodeURIComponent(id)}`;
}

export function placeInPath(path: string): PartyPlace | null {
  const found = /^\/parties(?:\/([^/]+))?\/?$/.exec(path);
  if (found === null) return null;
  const rest = found[1];
  if (rest === undefined) return { page: "list" };
  if (rest === "new" || rest === "join") return { page: rest };
  try {
    return { page: "one", id: decodeURIComponent(rest) };
  } catch {
    return null;
  }
}

/** The code as it stands, or within a pasted link to the room. */
export function codeIn(pasted: string): string {
  return /\/r\/([^/?#\s]+)/.exec(pasted)?.[1] ?? pasted;
}
