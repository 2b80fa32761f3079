/** What the page can do with what a room has chosen, and how an address becomes a choice. */

import type { Media, NewMedia } from "@tutti/client/native";

export const CLIP_URL = "/clip.webm";
export const CLIP = {
  id: "clip",
  provider: "clip",
  kind: "movie",
  title: "The bundled clip",
  durationMs: 60_000,
} as const satisfies NewMedia;

export type Playable =
  | { how: "file" | "hls"; url: string }
  /** Others in the room may be able to play it; here there are the timeline and the people. */
  | { how: "elsewhere"; provider: string }
  | { how: "nothing" };

const LONGEST_TITLE = 300;

/** Guide 001's rooms name their clip this way. */
const WATCH_CLIP = { id: "clip", provider: "library" };

export function playable(media: Pick<Media, "id" | "provider"> | null): Playable {
  if (media === null) return { how: "nothing" };
  const { id, provider } = media;
  if (provider === CLIP.provider) return { how: "file", url: CLIP_URL };
  if (provider === WATCH_CLIP.provider && id === WATCH_CLIP.id) return { how: "file", url: CLIP_URL };
  if (provider !== "direct") return { how: "elsewhere", provider };
  if (id.startsWith("/") && !id.startsWith("//")) return { how: kindOf(id), url: id };
  const address = webAddress(id);
  return address === null ? { how: "elsewhere", provider } : { how: kindOf(address.pathname), url: id };
}

/** A file or stream at an http(s) address; null for anything else that people type. */
export function mediaAt(typed: string): NewMedia | null {
  const address = webAddress(typed.trim());
  if (address === null) return null;
  return {
    id: address.href,
    provider: "direct",
    kind: "movie",
    title: nameOf(address).slice(0, LONGEST_TITLE),
  };
}

export function titleOf(media: Pick<Media, "id" | "title" | "artist" | "episode"> | null): string {
  if (media === null) return "Nothing chosen yet";
  const address = webAddress(media.id);
  const title = media.title ?? (address === null ? media.id : nameOf(address));
  const whole = media.artist === null ? title : `${title} – ${media.artist}`;
  return media.episode === null ? whole : `${whole}, episode ${media.episode}`;
}

function kindOf(path: string): "file" | "hls" {
  return /\.m3u8($|[?#])/i.test(path) ? "hls" : "file";
}

function nameOf(address: URL): string {
  const last = address.pathname.split("/").findLast((part) => part !== "");
  if (last === undefined) return address.host;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function webAddress(text: string): URL | null {
  const address = URL.canParse(text) ? new URL(text) : null;
  return address !== null && /^https?:$/.test(address.protocol) ? address : null;
}
