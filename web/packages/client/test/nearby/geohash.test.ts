import { describe, expect, it } from "vitest";
import { cellAt, cellBeside, cellSizeKm, readCell } from "../../src/nearby";

const LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz";

describe("a cell", () => {
  it.each([
    [57.64911, 10.40744, "u4pruy"],
    [42.605, -5.603, "ezs42s"],
    [48.8566, 2.3522, "u09tvw"],
    [48.860611, 2.337644, "u09tvn"],
    [90, 0, "upbpbp"],
    [-90, -180, "000000"],
  ])("is that of the server's own tests at %d, %d", (latitude, longitude, cell) => {
    expect(cellAt(latitude, longitude)).toBe(cell);
  });

  it("goes round the date line, and not over the poles", () => {
    const west = cellAt(-16.5, 179.999);
    expect(cellBeside(west, 0, 1)).toBe(cellAt(-16.5, -179.999));
    expect(cellAt(0, 180)).toBe(cellAt(0, -180));
    expect(cellBeside("upbpbp", 1, 0)).toBe("upbpbp");
  });

  it("has the same one beside it, there and back", () => {
    for (const first of LETTERS) {
      const cell = `${first}09tvw`;
      expect(cellBeside(cellBeside(cell, 3, -5), -3, 5)).toBe(cell);
    }
    expect(cellBeside("u09tvw", 0, 0)).toBe("u09tvw");
  });

  it("is about 1.2 by 0.6 km at the equator, and narrower in the north", () => {
    const { width, height } = cellSizeKm(cellAt(0.001, 0));
    expect(width).toBeCloseTo(1.22, 2);
    expect(height).toBeCloseTo(0.61, 2);
    expect(cellSizeKm(cellAt(60, 0)).width).toBeCloseTo(width / 2, 2);
  });
});

describe("a cell that somebody wrote", () => {
  it("is cut at six characters, in lower case", () => {
    expect(readCell(" U09TVWqqqq ")).toBe("u09tvw");
  });

  it.each(["", "u09tv", "u09tva", "u09tvi", "u09tvl", "u09tvo", "48.8566,2.3522", "ü09tvw"])(
    "is none if it is %s",
    (text) => {
      expect(readCell(text)).toBeNull();
    },
  );
});
