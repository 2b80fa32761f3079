/** How numbers are said to people. */

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const ss = String(s).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${ss}` : `${m}:${ss}`;
}

/** Signed, with a true minus: ahead of the room is positive. */
export function signedMs(driftMs: number): string {
  const rounded = Math.round(driftMs);
  const sign = rounded > 0 ? "+" : rounded < 0 ? "−" : "±";
  return `${sign}${Math.abs(rounded)} ms`;
}

export function aheadOrBehind(driftMs: number): string {
  const rounded = Math.round(driftMs);
  if (rounded === 0) return "exactly with the room";
  return `${Math.abs(rounded)} milliseconds ${rounded > 0 ? "ahead of" : "behind"} the room`;
}
