/** How well a connection carries, from what the browser counts: in words first, because numbers help few. */

export type Grade = "good" | "fair" | "poor";

export interface Quality {
  grade: Grade;
  /** Milliseconds; null while unknown. */
  roundTripMs: number | null;
  /** Of the packets since the look before, 0 to 1. */
  lost: number;
  received: number;
  missing: number;
}

const FAIR = { roundTripMs: 250, lost: 0.02 };
const POOR = { roundTripMs: 600, lost: 0.08 };

/** The quality since `before`; null if nothing is known yet. */
export function qualityOf(stats: RTCStatsReport, before: Quality | null): Quality | null {
  let received = 0;
  let missing = 0;
  let roundTripMs: number | null = null;
  stats.forEach((entry: Record<string, unknown>) => {
    if (entry["type"] === "inbound-rtp") {
      received += numberIn(entry, "packetsReceived");
      missing += numberIn(entry, "packetsLost");
    } else if (entry["type"] === "candidate-pair" && entry["nominated"] === true) {
      const seconds = entry["currentRoundTripTime"];
      if (typeof seconds === "number") roundTripMs = seconds * 1000;
    }
  });
  if (received === 0 && roundTripMs === null) return null;
  const lately = { received: received - (before?.received ?? 0), missing: missing - (before?.missing ?? 0) };
  const all = lately.received + lately.missing;
  const lost = all > 0 ? Math.max(0, lately.missing / all) : 0;
  return { grade: graded(roundTripMs ?? 0, lost), roundTripMs, lost, received, missing };
}

function graded(roundTripMs: number, lost: number): Grade {
  if (roundTripMs > POOR.roundTripMs || lost > POOR.lost) return "poor";
  return roundTripMs > FAIR.roundTripMs || lost > FAIR.lost ? "fair" : "good";
}

/** What the browser counts under this name; 0 if it does not. */
export function numberIn(entry: Record<string, unknown>, name: string): number {
  const value = entry[name];
  return typeof value === "number" ? value : 0;
}
