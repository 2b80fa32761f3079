import type { Poll, PollResults } from "@tutti/client/native";
import { describe, expect, it } from "vitest";
import { barsOf, placed, pollOf, unseen, wordsOf, type Draft } from "../src/room/polls/poll-list";

const NONE: PollResults = { total: 0, counts: [], average: null, texts: [] };

function poll(id: string, openedAt: number, part: Partial<Poll> = {}): Poll {
  const kind = "multiple_choice" as const;
  const options = ["A film", "Bed"];
  return {
    id,
    question: id,
    kind,
    options,
    by: "ann",
    openedAt,
    until: null,
    closed: false,
    results: NONE,
    ...part,
  };
}

describe("polls", () => {
  it("stand with the open ones first, and of each the newest first", () => {
    const { open, closed } = placed([
      poll("a", 1),
      poll("b", 2, { closed: true }),
      poll("c", 3),
      poll("d", 4, { closed: true }),
    ]);
    expect(open.map(({ id }) => id)).toEqual(["c", "a"]);
    expect(closed.map(({ id }) => id)).toEqual(["d", "b"]);
  });

  it("are news when others opened them since, and only while they are open", () => {
    const polls = [poll("a", 1), poll("b", 2), poll("c", 3, { by: "me" }), poll("d", 4, { closed: true })];
    expect(unseen(polls, 1, "me")).toBe(1);
    expect(unseen(polls, 4, "me")).toBe(0);
  });
});

describe("the bars of a poll", () => {
  it("go with its options, in whole percent", () => {
    const bars = barsOf(poll("a", 1, { results: { ...NONE, total: 3, counts: [2, 1] } }));
    expect(bars.map(({ label, count, percent }) => [label, count, percent])).toEqual([
      ["A film", 2, 67],
      ["Bed", 1, 33],
    ]);
  });

  it("go from five stars to one", () => {
    const results = { total: 2, counts: [0, 0, 0, 1, 1], average: 4.5, texts: [] };
    const rating = poll("a", 1, { kind: "rating", options: [], results });
    expect(barsOf(rating).map(({ answer, label, count }) => [answer, label, count])).toEqual([
      [5, "5 stars", 1],
      [4, "4 stars", 1],
      [3, "3 stars", 0],
      [2, "2 stars", 0],
      [1, "1 star", 0],
    ]);
    expect(wordsOf(rating, 1)).toBe("1 star");
  });

  it("are empty before anybody answered, and none where answers are words", () => {
    expect(barsOf(poll("a", 1)).map(({ percent }) => percent)).toEqual([0, 0]);
    expect(barsOf(poll("a", 1, { kind: "text", options: [] }))).toEqual([]);
  });
});

describe("a poll to be opened", () => {
  const draft: Draft = {
    question: " What next? ",
    kind: "multiple_choice",
    options: ["A film", "", " Bed"],
    lasts: 30,
  };

  it("has no blanks around its words and no options that nobody filled in", () => {
    expect(pollOf(draft, "p1")).toEqual({
      id: "p1",
      question: "What next?",
      kind: "multiple_choice",
      options: ["A film", "Bed"],
      lasts: 30_000,
    });
  });

  it("has options only where there is a choice of them, and an end only where one was chosen", () => {
    expect(pollOf({ ...draft, kind: "rating", lasts: 0 }, "p1")).toEqual({
      id: "p1",
      question: "What next?",
      kind: "rating",
    });
  });

  it("is told what is missing", () => {
    expect(pollOf({ ...draft, question: " " }, "p1")).toBe("A poll needs a question");
    expect(pollOf({ ...draft, options: ["A film", " "] }, "p1")).toMatch(/two options/);
    expect(pollOf({ ...draft, options: ["Bed", "Bed "] }, "p1")).toMatch(/the same/);
  });
});
