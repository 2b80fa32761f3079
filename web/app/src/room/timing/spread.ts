import type { Standing } from "./history";

/**
 * How far apart the outermost two are at most, in ms: "within" is a promise, so what each is unsure by counts in
 * full. null: fewer than two are known.
 */
export function togetherWithin(standings: Iterable<Standing>): number | null {
  const known = Array.from(standings).flatMap(({ error, bound }) =>
    error === null ? [] : [{ from: error - (bound ?? 0), to: error + (bound ?? 0) }],
  );
  if (known.length < 2) return null;
  let most = 0;
  for (const one of known) {
    for (const other of known) if (one !== other) most = Math.max(most, one.to - other.from);
  }
  return most;
}
