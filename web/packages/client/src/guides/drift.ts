/** Guide 000, "Drift Calculation Algorithm" and "Sync Status Update", as functions of values. */

import type { SyncCommand, SyncQuality } from "./listen-wire";

export interface HostState {
  trackUri: string;
  position: number;
  /** When the host was there, by the clock that `now` is read from. */
  timestamp: number;
  /** Said or not, a host that is known to be paused does not move on. */
  isPlaying?: boolean;
}

const SEEK_OVER_MS = 1_000;
const EXCELLENT_UNDER_MS = 100;
const GOOD_UNDER_MS = 500;
const FAIR_UNDER_MS = 1_000;

/** Where a client with this offset should be at `now`. */
export function targetPosition(host: HostState, clientOffset: number, now: number): number {
  const elapsed = host.isPlaying === false ? 0 : now - host.timestamp;
  return Math.max(0, host.position + elapsed + clientOffset);
}

/** How far ahead (+) or behind (−) a player at `position` is. */
export function driftOf(host: HostState, position: number, clientOffset: number, now: number): number {
  return position - targetPosition(host, clientOffset, now);
}

/** The seek that a client more than a second off is told; null for any other. */
export function calculateSyncCommand(
  hostState: HostState,
  clientState: { position: number },
  clientOffset: number,
  now: number = Date.now(),
): SyncCommand | null {
  const drift = driftOf(hostState, clientState.position, clientOffset, now);
  if (Math.abs(drift) <= SEEK_OVER_MS) return null;
  const position = targetPosition(hostState, clientOffset, now);
  return { action: "seek", trackUri: hostState.trackUri, position, timestamp: now };
}

export function qualityOf(drift: number): SyncQuality {
  const off = Math.abs(drift);
  if (off < EXCELLENT_UNDER_MS) return "excellent";
  if (off < GOOD_UNDER_MS) return "good";
  return off < FAIR_UNDER_MS ? "fair" : "poor";
}
