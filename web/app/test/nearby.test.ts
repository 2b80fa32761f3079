import { describe, expect, it } from "vitest";
import { angleOf, dotsOf } from "../src/nearby/radar";
import { typedCell, whyNot } from "../src/nearby/place";

describe("the radar", () => {
  it("puts somebody on the ring of their distance, at an angle that only their id decides", () => {
    const [near] = dotsOf([{ userId: "ann", distance: 1 }], 5);
    const [far] = dotsOf([{ userId: "ann", distance: 4 }], 5);
    expect(near).toEqual({ userId: "ann", ring: 1, angle: angleOf("ann") });
    expect(far).toEqual({ userId: "ann", ring: 4, angle: angleOf("ann") });
  });

  it("does not draw beyond its last ring", () => {
    expect(dotsOf([{ userId: "ann", distance: 9 }], 2)[0]?.ring).toBe(2);
  });

  it("spreads ids over the whole ring", () => {
    const quarters = Array.from({ length: 400 }, (_, index) =>
      Math.floor(angleOf(`user-${index}`) / (Math.PI / 2)),
    );
    for (const quarter of [0, 1, 2, 3]) {
      expect(quarters.filter((one) => one === quarter).length).toBeGreaterThan(60);
    }
  });

  it.each([2, 7, 50])("keeps %d people of one ring apart", (count) => {
    const people = Array.from({ length: count }, (_, index) => ({ userId: `user-${index}`, distance: 1 }));
    const angles = dotsOf(people, 1).map(({ angle }) => angle % (2 * Math.PI));
    const ordered = angles.toSorted((one, other) => one - other);
    const gaps = ordered.map((angle, index) =>
      index === 0 ? angle + 2 * Math.PI - (ordered.at(-1) ?? 0) : angle - (ordered[index - 1] ?? 0),
    );
    expect(dotsOf(people, 1)).toHaveLength(count);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(Math.min(0.16, (2 * Math.PI) / count) - 1e-9);
  });
});

describe("a place that somebody types", () => {
  it("is a geohash, or coordinates that become one here", () => {
    expect(typedCell("U09TVWqq")).toBe("u09tvw");
    expect(typedCell("48.8566, 2.3522")).toBe("u09tvw");
    expect(typedCell("-33.8568 151.2153")).toBe("r3gx2u");
  });

  it.each(["", "here", "91, 0", "0, 181", "u09tva"])("is none if it is “%s”", (text) => {
    expect(typedCell(text)).toBeNull();
  });

  it("is asked for where the device says nothing", () => {
    for (const code of [1, 2, 3]) expect(whyNot(code)).toContain("choose a cell yourself");
  });
});
