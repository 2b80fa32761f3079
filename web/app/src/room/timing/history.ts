/** The last minute of everybody's error, folded from what the server says about once a second. */

import { SPAN_MS, type Sample, type Series } from "./scale";

export interface Standing {
  error: number | null;
  bound: number | null;
}

export interface History {
  /** By member; insertion order is the order of colours. */
  lines: ReadonlyMap<string, { slot: number; samples: readonly Sample[] }>;
}

export const EMPTY: History = { lines: new Map() };

export function heard(history: History, standings: ReadonlyMap<string, Standing>, at: number): History {
  const lines = new Map(history.lines);
  for (const [id, { slot, samples }] of lines) {
    const kept = samples.filter((sample) => at - sample.at <= SPAN_MS);
    if (kept.length > 0) lines.set(id, { slot, samples: kept });
    else lines.delete(id);
  }
  for (const [id, { error, bound }] of standings) {
    if (error === null) continue;
    const line = lines.get(id) ?? { slot: freeSlot(lines), samples: [] };
    lines.set(id, { ...line, samples: [...line.samples, { at, error, bound: bound ?? 0 }] });
  }
  return { lines };
}

/** Who has left the room leaves the chart as well. */
export function seriesOf(history: History, names: ReadonlyMap<string, string>): Series[] {
  const series: Series[] = [];
  for (const [id, line] of history.lines) {
    const name = names.get(id);
    if (name !== undefined) series.push({ id, name, ...line });
  }
  return series;
}

/** A person keeps their colour for as long as they have a line; a new one takes the first that is free. */
function freeSlot(lines: History["lines"]): number {
  const taken = new Set(Array.from(lines.values(), ({ slot }) => slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}
