import { describe, expect, it } from "vitest";
import { EMPTY, heard, seriesOf, type Standing } from "../src/room/timing/history";
import { togetherWithin } from "../src/room/timing/spread";
import { runs, scaleOf, SPAN_MS, summaryOf, tickLabel, x, y, type Series } from "../src/room/timing/scale";

function series(errors: readonly number[], everyMs = 1_000): Series {
  const samples = errors.map((error, i) => ({ at: i * everyMs, error, bound: 2 }));
  return { id: "ann", name: "Ann", slot: 0, samples };
}

function standings(said: Record<string, number | null>): Map<string, Standing> {
  return new Map(Object.entries(said).map(([id, error]) => [id, { error, bound: 3 }]));
}

describe("the chart's scale", () => {
  it("is the smallest round one that shows what there is, on both sides alike", () => {
    expect(scaleOf([]).limit).toBe(10);
    expect(scaleOf([series([3, -4])]).limit).toBe(10);
    expect(scaleOf([series([3, -15])])).toEqual({ limit: 20, ticks: [20, 10, 0, -10, -20] });
    expect(scaleOf([series([3]), series([700])]).limit).toBe(1_000);
  });

  it("is not spoilt by one leap", () => {
    const calm = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 4 : -4));
    expect(scaleOf([series([...calm, 9_000])]).limit).toBe(10);
  });

  it("has now at the right and ahead at the top, and holds what lies outside at the edge", () => {
    expect([x(100_000, 100_000, 600), x(100_000 - SPAN_MS, 100_000, 600)]).toEqual([600, 0]);
    expect([20, 0, -20, 90].map((error) => y(error, 20, 100))).toEqual([0, 50, 100, 0]);
    expect([20, 0, -20].map(tickLabel)).toEqual(["+20", "0", "−20"]);
  });
});

describe("a line of the chart", () => {
  it("is broken where nothing was heard", () => {
    const { samples } = series([1, 2, 3]);
    const later = samples.map((sample) => ({ ...sample, at: sample.at + 10_000 }));
    expect(runs([...samples, ...later]).map(({ length }) => length)).toEqual([3, 3]);
    expect(runs([])).toEqual([]);
  });

  it("is told in numbers as well", () => {
    const line = series([-2, 30, 4]);
    expect(summaryOf(line, 2_500)).toEqual({ now: 4, bound: 2, typical: 4, worst: 30 });
    expect(summaryOf(line, 60_000)).toMatchObject({ now: null, bound: null, worst: 30 });
    expect(summaryOf(series([]), 0)).toEqual({ now: null, bound: null, typical: null, worst: null });
  });
});

describe("the last minute", () => {
  const names = new Map([
    ["ann", "Ann"],
    ["ben", "Ben"],
    ["cid", "Cid"],
  ]);

  it("forgets what is older, and who has said nothing in it", () => {
    let history = heard(EMPTY, standings({ ann: 5, ben: null }), 0);
    expect(seriesOf(history, names).map(({ id }) => id)).toEqual(["ann"]);
    history = heard(history, standings({ ben: 1 }), SPAN_MS);
    expect(seriesOf(history, names).map(({ id }) => id)).toEqual(["ann", "ben"]);
    history = heard(history, standings({}), SPAN_MS + 1);
    expect(seriesOf(history, names).map(({ id }) => id)).toEqual(["ben"]);
  });

  it("leaves people their colours, and gives a free one to who is new", () => {
    let history = heard(EMPTY, standings({ ann: 1, ben: 2 }), 0);
    history = heard(history, standings({ ben: 2 }), SPAN_MS / 2);
    history = heard(history, standings({ ben: 2 }), SPAN_MS + 1);
    history = heard(history, standings({ ben: 2, cid: 3 }), SPAN_MS + 2);
    const slots = seriesOf(history, names).map(({ id, slot }) => [id, slot]);
    expect(slots).toEqual([
      ["ben", 1],
      ["cid", 0],
    ]);
  });

  it("shows nobody who has left", () => {
    const history = heard(EMPTY, standings({ ann: 1, gone: 2 }), 0);
    expect(seriesOf(history, names).map(({ id }) => id)).toEqual(["ann"]);
  });
});

describe("together within", () => {
  it("is a promise: what is unsure counts in full", () => {
    const ann = { error: 3, bound: 2 };
    const ben = { error: -4, bound: 5 };
    expect(togetherWithin([ann, ben])).toBe(14);
    expect(togetherWithin([ann, ben, { error: 0, bound: 1 }])).toBe(14);
    expect(togetherWithin([ann, { error: 3, bound: 20 }])).toBe(22);
  });

  it("is not known before two are", () => {
    expect(togetherWithin([])).toBeNull();
    expect(
      togetherWithin([
        { error: 3, bound: 2 },
        { error: null, bound: null },
      ]),
    ).toBeNull();
  });
});
