import { describe, expect, it } from "vitest";
import { grouped, segments, unread, type Line } from "../src/room/chat/chat-list";

let seq = 0;
function line(member: string, at: number, text = "hello"): Line {
  seq += 1;
  return { seq, at, member, name: member.toUpperCase(), text };
}

function links(text: string): string[] {
  return segments(text).flatMap(({ href }) => href ?? []);
}

describe("chat", () => {
  it("puts together what one person says in a row", () => {
    const groups = grouped([
      line("ann", 0),
      line("ann", 100_000),
      line("ann", 215_000),
      line("ben", 216_000),
      line("ann", 217_000),
      line("ann", 400_000),
    ]);
    expect(groups.map(({ member, lines }) => [member, lines.length])).toEqual([
      ["ann", 3],
      ["ben", 1],
      ["ann", 1],
      ["ann", 1],
    ]);
    expect(new Set(groups.map(({ key }) => key)).size).toBe(4);
  });

  it("counts as unread what others said since", () => {
    const said = [line("ann", 0), line("ben", 1), line("ann", 2), line("me", 3)];
    const seen = said[1]?.seq ?? 0;
    expect(unread(said, seen, "me")).toBe(1);
    expect(unread(said, said.at(-1)?.seq ?? 0, "me")).toBe(0);
  });
});

describe("an address in the chat", () => {
  it("can be followed", () => {
    expect(segments("see https://example.org/a?b=1#c, and tell me")).toEqual([
      { text: "see ", href: null },
      { text: "https://example.org/a?b=1#c", href: "https://example.org/a?b=1#c" },
      { text: ", and tell me", href: null },
    ]);
    expect(links("http://a.example https://b.example!")).toEqual(["http://a.example", "https://b.example"]);
  });

  it("keeps its own brackets and leaves others", () => {
    expect(links("(https://example.org/x)")).toEqual(["https://example.org/x"]);
    expect(links("https://example.org/Film_(2020)")).toEqual(["https://example.org/Film_(2020)"]);
  });

  it("stays text unless it is http or https", () => {
    for (const text of [
      "javascript:alert(1)",
      "data:text/html,x",
      "ftp://example.org",
      "https://",
      "http:// x",
    ]) {
      expect(links(text), text).toEqual([]);
      expect(
        segments(text)
          .map((segment) => segment.text)
          .join(""),
        text,
      ).toBe(text);
    }
  });
});
