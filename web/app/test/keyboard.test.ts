import { describe, expect, it } from "vitest";
import { actOf, SHORTCUTS, type Focus } from "../src/room/keyboard";

const ALONE = { ctrlKey: false, metaKey: false, altKey: false };
const press = (key: string, focus: Focus = "page") => actOf({ key, ...ALONE }, focus);

describe("the keyboard", () => {
  it("does what its help says, and nothing twice", () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { keys: these, act } of SHORTCUTS) for (const key of these) expect(press(key), key).toBe(act);
  });

  it("leaves a field its keys, but for the one that closes", () => {
    for (const key of [" ", "f", "ArrowLeft", "?"]) expect(press(key, "field"), key).toBeNull();
    expect(press("Escape", "field")).toBe("dismiss");
  });

  it("lets space press the button that has the focus", () => {
    expect(press(" ", "button")).toBeNull();
    expect(press("f", "button")).toBe("fullscreen");
  });

  it("takes the seek bar's arrows for the room, and another slider's for the slider", () => {
    expect(press("ArrowLeft", "seekBar")).toBe("back");
    expect(press("ArrowLeft", "ownArrows")).toBeNull();
    expect(press(" ", "ownArrows")).toBe("togglePlay");
  });

  it("is not in the way of the browser's own shortcuts", () => {
    expect(actOf({ ...ALONE, key: "f", ctrlKey: true }, "page")).toBeNull();
    expect(actOf({ ...ALONE, key: "ArrowLeft", altKey: true }, "page")).toBeNull();
    expect(actOf({ ...ALONE, key: "r", metaKey: true }, "page")).toBeNull();
  });

  it("does not care for caps lock", () => {
    expect(press("F")).toBe("fullscreen");
  });
});
