/** Guide 003 with the login of this tab. */

import { AccountApi, PartyError, PartyHttp, PeopleApi } from "@tutti/client/party";
import { accounts } from "./accounts";

export const http = new PartyHttp(accounts);
export const account = new AccountApi(http);
export const people = new PeopleApi(http);

/** What went wrong, for a person. */
export function wordsOf(reason: unknown): string {
  if (!(reason instanceof Error)) return "Something went wrong";
  const wait = reason instanceof PartyError ? reason.retryAfterS : null;
  return wait === null ? reason.message : `${reason.message} Try again in ${wait} s.`;
}
