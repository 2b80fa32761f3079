/**
 * How loud somebody was between two looks. The browser adds up the energy of all that it plays, so that no word is too
 * short to be heard of; the level of this very moment would miss whatever is said between two looks.
 */

import { numberIn } from "./quality";

/** Added up since the connection began: energy of full scale in seconds, and the seconds. */
export interface Loudness {
  readonly energy: number;
  readonly seconds: number;
}

export const SILENCE: Loudness = { energy: 0, seconds: 0 };

export async function loudnessOf(pc: RTCPeerConnection): Promise<Loudness> {
  const receivers = pc.getReceivers().filter(({ track }) => track.kind === "audio");
  const reports = await Promise.all(receivers.map((receiver) => receiver.getStats()));
  let energy = 0;
  let seconds = 0;
  for (const report of reports)
    report.forEach((entry: Record<string, unknown>) => {
      if (entry["type"] !== "inbound-rtp") return;
      energy += numberIn(entry, "totalAudioEnergy");
      seconds = Math.max(seconds, numberIn(entry, "totalSamplesDuration"));
    });
  return { energy, seconds };
}

/** Of full scale, root mean square; 0 if nothing was played since. */
export function levelOf(now: Loudness, before: Loudness): number {
  const seconds = now.seconds - before.seconds;
  return seconds > 0 ? Math.sqrt(Math.max(0, now.energy - before.energy) / seconds) : 0;
}
