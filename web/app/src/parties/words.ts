/** A party in words: what it is doing, and when. */

import type { Party, PartyStatus } from "@tutti/client/party";

export const STATUS: Readonly<Record<PartyStatus, string>> = {
  scheduled: "Planned",
  live: "Live",
  paused: "Paused",
  ended: "Over",
  cancelled: "Cancelled",
};

export const isOpen = ({ status }: Party): boolean => status !== "ended" && status !== "cancelled";
export const hasStarted = ({ status }: Party): boolean => status === "live" || status === "paused";
export const runs = ({ my_role, my_status }: Party): boolean =>
  my_status === "approved" && (my_role === "host" || my_role === "moderator");

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function whenOf(party: Party): string {
  if (party.ended_at !== null) return `until ${said(party.ended_at)}`;
  if (party.started_at !== null) return `since ${said(party.started_at)}`;
  return party.scheduled_for === null ? "starts when its host starts it" : said(party.scheduled_for);
}

function said(time: string): string {
  return WHEN.format(new Date(time));
}

/** As a `datetime-local` field has it. */
export function localTime(time: string | null): string {
  if (time === null) return "";
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
