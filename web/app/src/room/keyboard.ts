/** Which key means what: one table, from which both the shortcuts and their help are made. */

export type Act =
  | "togglePlay"
  | "back"
  | "forward"
  | "louder"
  | "quieter"
  | "holdBack"
  | "sendAhead"
  | "holdFarBack"
  | "sendFarAhead"
  | "mute"
  | "fullscreen"
  | "react"
  | "hand"
  | "chat"
  | "help"
  | "dismiss";

export interface Shortcut {
  keys: readonly string[];
  shown: string;
  act: Act;
  does: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: [" ", "k"], shown: "Space", act: "togglePlay", does: "Play or pause, for everybody" },
  { keys: ["ArrowLeft"], shown: "←", act: "back", does: "Back five seconds, for everybody" },
  { keys: ["ArrowRight"], shown: "→", act: "forward", does: "Forward five seconds, for everybody" },
  { keys: ["ArrowUp"], shown: "↑", act: "louder", does: "Louder, here" },
  { keys: ["ArrowDown"], shown: "↓", act: "quieter", does: "Quieter, here" },
  { keys: [","], shown: ",", act: "holdBack", does: "Hold my player back 10 ms" },
  { keys: ["."], shown: ".", act: "sendAhead", does: "Send my player ahead 10 ms" },
  { keys: ["<"], shown: "<", act: "holdFarBack", does: "Hold my player back 100 ms" },
  { keys: [">"], shown: ">", act: "sendFarAhead", does: "Send my player ahead 100 ms" },
  { keys: ["m"], shown: "m", act: "mute", does: "Mute, here" },
  { keys: ["f"], shown: "f", act: "fullscreen", does: "Full screen" },
  { keys: ["r"], shown: "r", act: "react", does: "React; then 1 to 8 chooses" },
  { keys: ["h"], shown: "h", act: "hand", does: "Raise or lower my hand" },
  { keys: ["c"], shown: "c", act: "chat", does: "Write in the chat" },
  { keys: ["?"], shown: "?", act: "help", does: "This help" },
  { keys: ["Escape"], shown: "Esc", act: "dismiss", does: "Close what is open" },
];

const ACT_OF = new Map(SHORTCUTS.flatMap(({ keys, act }) => keys.map((key) => [key, act] as const)));

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What has the focus, as far as it changes what a key means. */
export type Focus = "page" | "seekBar" | "ownArrows" | "field" | "button";

export function actOf(pressed: Pressed, focus: Focus): Act | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key;
  if (key === "Escape") return "dismiss";
  if (focus === "field" || takesItself(key, focus)) return null;
  return ACT_OF.get(key) ?? null;
}

/** Space presses a button; arrows move a slider, a tab or what scrolls, and the seek bar's own arrows mean what the room's mean. */
function takesItself(key: string, focus: Focus): boolean {
  if (focus === "button") return key === " ";
  return focus === "ownArrows" && key.startsWith("Arrow");
}
