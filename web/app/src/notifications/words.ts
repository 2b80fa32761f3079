import type { Notification } from "@tutti/client/party";
import { partyPath } from "../parties/paths";

/** Where one finds what it is about; null: nowhere. */
export function placeOf({ type, data }: Notification): string | null {
  const { conversation_id: talk, party_id: party } = data;
  if (typeof talk === "string") return `/messages/${encodeURIComponent(talk)}`;
  if (typeof party === "string") return partyPath(party);
  return type.startsWith("friend_") ? "/people" : null;
}

const KINDS: Readonly<Record<string, string>> = {
  party_invitation: "Somebody invites you to a party",
  party_reminder: "A party is about to start",
  party_started: "A party has started",
  party_approved: "You are let in to a party",
  party_join_request: "Somebody asks to come to your party",
  party_joined: "Somebody comes to your party",
  friend_request: "Somebody would like to be your friend",
  friend_request_accepted: "Somebody is your friend now",
  message: "Somebody writes to you",
  mention: "Somebody mentions you",
  system: "Anything else",
};

export function kindOf(type: string): string {
  return KINDS[type] ?? type;
}

const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export function ago(at: string, nowMs = Date.now()): string {
  const minutes = Math.round((Date.parse(at) - nowMs) / 60_000);
  if (Math.abs(minutes) < 60) return RELATIVE.format(minutes, "minute");
  const hours = Math.round(minutes / 60);
  if (Math.abs(hours) < 24) return RELATIVE.format(hours, "hour");
  return RELATIVE.format(Math.round(hours / 24), "day");
}
