import type { Conversation, Message } from "@tutti/client/party";

/** What a conversation is called by this one of those in it. */
export function nameOf(talk: Conversation, mine: string): string {
  if (talk.title !== "") return talk.title;
  const others = talk.participants.filter((one) => one.id !== mine).map((one) => one.display_name);
  return others.length === 0 ? "Nobody else" : others.join(", ");
}

export function briefly(message: Message | null): string {
  if (message === null) return "Nothing yet";
  if (message.deleted) return "Deleted";
  return message.message || message.attachments.map((file) => file.name).join(", ");
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function clockOf(at: string): string {
  return CLOCK.format(new Date(at));
}

export function dayOf(at: string): string {
  return DAY.format(new Date(at));
}

export function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
