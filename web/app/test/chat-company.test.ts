import { describe, expect, it } from "vitest";
import { editable, lastEditable, mayAgainAt, type Line } from "../src/room/chat/chat-list";

const MINUTE_MS = 60_000;

function line(seq: number, member: string, at: number): Line {
  return { seq, at, member, name: member, text: "hello" };
}

const said = [line(1, "me", 0), line(2, "me", 5 * MINUTE_MS), line(3, "ann", 6 * MINUTE_MS)];

describe("a line of one's own", () => {
  it("can be changed for fifteen minutes, and nobody else's", () => {
    expect(editable(line(1, "me", 0), "me", 15 * MINUTE_MS - 1)).toBe(true);
    expect(editable(line(1, "me", 0), "me", 15 * MINUTE_MS)).toBe(false);
    expect(editable(line(1, "ann", 0), "me", 1)).toBe(false);
    expect(editable(line(1, "ann", 0), null, 1)).toBe(false);
  });

  it("is found as the last one that can still be changed", () => {
    expect(lastEditable(said, "me", 7 * MINUTE_MS)?.seq).toBe(2);
    expect(lastEditable(said, "me", 20 * MINUTE_MS)).toBeUndefined();
    expect(lastEditable(said, "ben", 7 * MINUTE_MS)).toBeUndefined();
  });
});

describe("slow mode", () => {
  it("counts from one's own last line", () => {
    expect(mayAgainAt(said, "me", 30)).toBe(5 * MINUTE_MS + 30_000);
    expect(mayAgainAt(said, "ann", 5)).toBe(6 * MINUTE_MS + 5_000);
  });

  it("holds nobody back who has said nothing, and nobody while it is off", () => {
    expect(mayAgainAt(said, "ben", 30)).toBe(0);
    expect(mayAgainAt(said, "me", 0)).toBe(0);
  });
});
