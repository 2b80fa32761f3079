/** The one-use codes that mails' links carried, by the path that they led to. */
const taken = new Map<string, string>();

/**
 * The code in the address, which it is taken out of: addresses stay in the history. It is remembered for as long as the
 * page is open, because whoever draws a page may ask again.
 */
export function tokenInAddress(): string {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  if (token !== "") {
    taken.set(location.pathname, token);
    history.replaceState(null, "", location.pathname);
  }
  return taken.get(location.pathname) ?? "";
}
