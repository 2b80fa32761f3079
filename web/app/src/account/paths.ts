/** Which addresses are of pages around an account. */

const PLACES = ["sign-in", "forgot-password", "verify-email", "reset-password", "account", "people"] as const;

export type AccountPath = (typeof PLACES)[number];

export function accountPath(path: string): AccountPath | null {
  const [, first = "", rest = ""] = /^\/([^/]*)\/?(.*)$/.exec(path) ?? [];
  if (rest !== "" && first !== "people") return null;
  return PLACES.find((place) => place === first) ?? null;
}

/** `/people/{id}` */
export function personInPath(path: string): string | null {
  const id = /^\/people\/([^/]+)\/?$/.exec(path)?.[1];
  if (id === undefined) return null;
  try {
    return decodeURIComponent(id);
  } catch {
    return null;
  }
}
