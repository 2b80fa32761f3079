/** How numbers are said to people. Milliseconds come in. */

export function clock(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const ss = String(s).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${ss}` : `${m}:${ss}`;
}

/** Signed, with a true minus: ahead of the room is positive. Far ones are said in seconds. */
export function signedMs(ms: number): string {
  const rounded = Math.round(ms);
  const sign = rounded > 0 ? "+" : rounded < 0 ? "−" : "±";
  const size = Math.abs(rounded);
  return size < 10_000 ? `${sign}${size} ms` : `${sign}${(size / 1000).toFixed(1)} s`;
}

/** How sure a number is: never said to be surer than it is, so it is rounded up. */
export function boundMs(ms: number): string {
  return ms < 10_000 ? `± ${Math.max(1, Math.ceil(ms))} ms` : `± ${Math.ceil(ms / 1000)} s`;
}

export function aheadOrBehind(ms: number): string {
  const rounded = Math.round(ms);
  if (rounded === 0) return "exactly with the room";
  return `${Math.abs(rounded)} milliseconds ${rounded > 0 ? "ahead of" : "behind"} the room`;
}

/** Whole seconds still to go: 0 only when it is over. */
export function secondsLeft(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
}

export function inSeconds(seconds: number): string {
  return seconds <= 0 ? "now" : seconds === 1 ? "in 1 second" : `in ${seconds} seconds`;
}

/** “Ann”, “Ann and Ben”, “Ann, Ben and Cid”, “Ann, Ben and 3 others”. */
export function namesOf(names: readonly string[]): string {
  const [first = "nobody", second, third, ...rest] = names;
  if (second === undefined) return first;
  if (third === undefined) return `${first} and ${second}`;
  if (rest.length === 0) return `${first}, ${second} and ${third}`;
  return `${first}, ${second} and ${rest.length + 1} others`;
}

export type Quality = "excellent" | "good" | "fair" | "poor";

const QUALITY_WORDS: Record<Quality, string> = {
  excellent: "in time",
  good: "close",
  fair: "off",
  poor: "far off",
};

/** The player corrects from 40 ms on; an echo is heard from about 100, and lips are wrong long before 500. */
export function qualityOf(errorMs: number): Quality {
  const apart = Math.abs(errorMs);
  if (apart < 40) return "excellent";
  if (apart < 100) return "good";
  return apart < 500 ? "fair" : "poor";
}

export function qualityWord(quality: Quality): string {
  return QUALITY_WORDS[quality];
}
