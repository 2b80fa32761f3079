import type { Message } from "@tutti/client/party";
import { describe, expect, it } from "vitest";
import { changed, NOTHING_YET, type Change, type Said } from "../src/messages/said";
import { onlyNewest } from "../src/newest";

function message(id: string, text = id): Message {
  const timestamp = `2025-10-20T10:30:0${id}.000Z`;
  return { id, message: text, timestamp, deleted: false, attachments: [] as unknown[] } as Message;
}

function after(...changes: Change[]): Said {
  return changes.reduce(changed, NOTHING_YET);
}

const texts = ({ shown }: Said) => shown?.map((one) => (one.deleted ? "gone" : one.message));

describe("what was said", () => {
  it("is the list, in order, and what is told after it", () => {
    const said = after({ asks: true }, { only: [message("2"), message("1")] }, { put: [message("3")] });
    expect(texts(said)).toEqual(["1", "2", "3"]);
  });

  it("has what was told while the list was on its way, which was read before that", () => {
    const list = { only: [message("2"), message("1")] };
    expect(texts(after({ asks: true }, { put: [message("3")] }, list))).toEqual(["1", "2", "3"]);
    expect(texts(after({ asks: true }, { put: [message("2", "edited")] }, list))).toEqual(["1", "edited"]);
    expect(texts(after({ asks: true }, { gone: "1" }, list))).toEqual(["gone", "2"]);
  });

  it("forgets what was told before the list was asked for again", () => {
    const first: Change[] = [{ asks: true }, { only: [message("1")] }, { put: [message("2")] }];
    expect(texts(after(...first, { asks: true }, { only: [message("3")] }))).toEqual(["3"]);
  });
});

describe("of two answers", () => {
  it("the one to what was asked last counts, whichever comes last", async () => {
    const heard: string[] = [];
    const asks = onlyNewest();
    const ask = (question: Promise<string>) =>
      asks(
        question,
        (answer) => heard.push(answer),
        () => heard.push("failed"),
      );
    let comes: ((answer: string) => void) | undefined;
    ask(new Promise((resolve) => (comes = resolve)));
    ask(Promise.reject(new Error("not now")));
    ask(Promise.resolve("new"));
    await Promise.resolve();
    comes?.("old");
    await new Promise((resolve) => setTimeout(resolve));
    expect(heard).toEqual(["new"]);
    ask(Promise.reject(new Error("not now")));
    await new Promise((resolve) => setTimeout(resolve));
    expect(heard).toEqual(["new", "failed"]);
  });
});
