/**
 * Who this tab is. The id is kept per tab, so that two tabs are two people; the name is kept per browser,
 * so that it is asked for once. Storage may be switched off: then both last as long as the page.
 */

const USER_ID = "tutti.userId";
const NAME = "tutti.name";
const ENTERED = "tutti.entered";
const PASS = "tutti.pass.";

const forgotten = new Map<string, string>();

export function myUserId(): string {
  const kept = read(sessionStorage, USER_ID);
  if (kept !== null) return kept;
  const made = randomId();
  write(sessionStorage, USER_ID, made);
  return made;
}

/** From now on this tab is somebody else: a guest with a name for an id. */
export function becomeUser(id: string): void {
  write(sessionStorage, USER_ID, id);
}

export function rememberedName(): string {
  return read(localStorage, NAME) ?? "";
}

/** Whether this tab went into the room before: then a reload goes straight back in. */
export function hasEntered(roomId: string): boolean {
  return read(sessionStorage, ENTERED) === roomId && rememberedName() !== "";
}

export function rememberName(name: string): void {
  write(localStorage, NAME, name);
}

export function rememberEntry(roomId: string, name: string): void {
  rememberName(name);
  write(sessionStorage, ENTERED, roomId);
}

export function forgetEntry(): void {
  write(sessionStorage, ENTERED, "");
}

/** What shows that this tab made the room. */
export function passFor(roomId: string): string | null {
  return read(sessionStorage, PASS + roomId);
}

export function rememberPass(roomId: string, pass: string): void {
  write(sessionStorage, PASS + roomId, pass);
}

/** `crypto.randomUUID` is missing on plain http pages, and those are how a room is tried out at home. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return forgotten.get(key) ?? null;
  }
}

function write(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    forgotten.set(key, value);
  }
}
