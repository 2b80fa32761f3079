/** Which address the player plays for what the room has chosen. */

import type { Media } from "@tutti/client";

export const CLIP = { mediaId: "clip", providerId: "library" };
export const CLIP_URL = "/clip.webm";

export interface Playable {
  url: string;
  /** Set when the room's own choice cannot be played here and the bundled clip stands in. */
  insteadOf: string | null;
}

export function playable({ mediaId, providerId }: Media): Playable {
  if (mediaId === null || providerId === null) return { url: CLIP_URL, insteadOf: null };
  if (providerId === CLIP.providerId && mediaId === CLIP.mediaId) return { url: CLIP_URL, insteadOf: null };
  if (providerId === "direct" && /^(https?:\/\/|\/)/.test(mediaId)) return { url: mediaId, insteadOf: null };
  return { url: CLIP_URL, insteadOf: `“${mediaId}” from ${providerId}` };
}
