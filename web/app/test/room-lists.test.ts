import type { Member } from "@tutti/client/native";
import { describe, expect, it } from "vitest";
import { placed } from "../src/room/people/order";
import { beforeWhich } from "../src/room/queue/moves";

function member(id: string, joinedAt: number, hand: number | null = null): Member {
  return { id, name: id, role: "member", joinedAt, offset: 0, hand, ready: null };
}

describe("people", () => {
  it("stand in the order in which they came, behind those with a hand up in the order of the hands", () => {
    const people = [member("ann", 1), member("ben", 2, 50), member("cid", 3, 40), member("dee", 0)];
    expect(placed(people).map(({ member: { id }, turn }) => [id, turn])).toEqual([
      ["cid", 1],
      ["ben", 2],
      ["dee", null],
      ["ann", null],
    ]);
  });
});

describe("an entry of the queue", () => {
  const queue = ["a", "b", "c"].map((id) => ({ id }));

  it("moves by one place", () => {
    expect(beforeWhich(queue, 2, -1)).toBe("b");
    expect(beforeWhich(queue, 0, 1)).toBe("c");
    expect(beforeWhich(queue, 1, 1)).toBeNull();
  });
});
