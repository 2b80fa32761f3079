/** The one-use code that a mail's link carries. It is taken out of the address, which stays in the history. */
export function tokenInAddress(): string {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  if (token !== "") history.replaceState(null, "", location.pathname);
  return token;
}
