import type { ChatLine, NativeRoom, NativeView, RoomState } from "@tutti/client/native";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Composer } from "../src/room/chat/Composer";
import { InsideContext, type Inside } from "../src/room/inside";

const nothing = () => undefined;
const NOW = 100_000;

function line(member: string, at: number): ChatLine {
  return { seq: 1, at, member, name: member, text: "hello", replyTo: null, editedAt: null };
}

/** The field as it is drawn first, with something typed in it. */
function drawn(slowMode: number, chat: ChatLine[], mayModerate = false): string {
  const inside = {
    room: { roomNow: () => NOW } as NativeRoom,
    view: { me: "me", connection: "connected" } as NativeView,
    state: { slowMode, chat, chatOn: true } as unknown as RoomState,
    me: null,
    mayControl: true,
    mayModerate,
    isHost: false,
    ask: nothing,
  } satisfies Inside;
  const props = { text: "more", onText: nothing, replyTo: null, onReplied: nothing, onEditLast: nothing };
  const composer = createElement(Composer, props);
  return renderToStaticMarkup(createElement(InsideContext, { value: inside }, composer));
}

const held = (html: string) => /<button[^>]* disabled/.test(html);

describe("in slow mode", () => {
  it("whoever has just said something is held back from the first moment, and told for how long", () => {
    const html = drawn(30, [line("me", NOW - 1_500)]);
    expect(held(html)).toBe(true);
    expect(html).toContain("29 s");
  });

  it("nobody else is held back, nor whoever moderates, nor for longer", () => {
    expect(held(drawn(30, [line("ann", NOW)]))).toBe(false);
    expect(held(drawn(30, [line("me", NOW)], true))).toBe(false);
    expect(held(drawn(30, [line("me", NOW - 30_000)]))).toBe(false);
    expect(held(drawn(0, [line("me", NOW)]))).toBe(false);
  });
});
