/** Where a value stands in the chart: pure numbers in, pixels and labels out. */

export interface Sample {
  /** Room time. */
  at: number;
  error: number;
  bound: number;
}

/** One person's errors over the last minute; `null` in `samples` is a stretch without a report. */
export interface Series {
  id: string;
  name: string;
  slot: number;
  samples: readonly Sample[];
}

export interface Scale {
  /** The chart shows −limit to +limit. */
  limit: number;
  ticks: readonly number[];
}

export const SPAN_MS = 60_000;
/** Reports come once a second: after this long without one the line is broken. */
export const BROKEN_AFTER_MS = 3_500;

const LIMITS = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
const HEADROOM = 1.1;

/**
 * The smallest round limit that shows what there is, but for rare leaps: a single seek a second ago must not
 * press a minute of small errors into a flat line, so the largest twentieth may leave the picture.
 */
export function scaleOf(series: readonly Series[]): Scale {
  const sizes = series.flatMap(({ samples }) => samples.map(({ error }) => Math.abs(error)));
  const shown = quantile(sizes, 0.95) * HEADROOM;
  const limit = LIMITS.find((candidate) => candidate >= shown) ?? LIMITS.at(-1) ?? 60_000;
  return { limit, ticks: [limit, limit / 2, 0, -limit / 2, -limit] };
}

export function x(at: number, now: number, width: number): number {
  return width * (1 - (now - at) / SPAN_MS);
}

/** Ahead is up. What lies outside is drawn at the edge. */
export function y(error: number, limit: number, height: number): number {
  const held = Math.max(-limit, Math.min(limit, error));
  return (height / 2) * (1 - held / limit);
}

/** Runs of samples without a break between them. */
export function runs(samples: readonly Sample[]): Sample[][] {
  const found: Sample[][] = [];
  for (const sample of samples) {
    const run = found.at(-1);
    const before = run?.at(-1);
    if (run && before && sample.at - before.at <= BROKEN_AFTER_MS) run.push(sample);
    else found.push([sample]);
  }
  return found;
}

export function tickLabel(tick: number): string {
  if (tick === 0) return "0";
  const size = Math.abs(tick);
  return `${tick > 0 ? "+" : "−"}${size}`;
}

export interface Summary {
  now: number | null;
  bound: number | null;
  typical: number | null;
  worst: number | null;
}

/** What the table says of one line: the latest if it is fresh, the median size and the largest. */
export function summaryOf({ samples }: Series, now: number): Summary {
  const last = samples.at(-1);
  const fresh = last !== undefined && now - last.at <= BROKEN_AFTER_MS;
  const sizes = samples.map(({ error }) => Math.abs(error));
  return {
    now: fresh ? last.error : null,
    bound: fresh ? last.bound : null,
    typical: sizes.length > 0 ? quantile(sizes, 0.5) : null,
    worst: sizes.length > 0 ? Math.max(...sizes) : null,
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
