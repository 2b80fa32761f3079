import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PersonLine, type PersonHears } from "../../src/party";

class FarSocket extends EventTarget {
  static readonly OPEN = 1;
  static made: FarSocket[] = [];
  readonly readyState = 1;
  readonly said: string[] = [];
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    super();
    FarSocket.made.push(this);
  }
  send(text: string): void {
    this.said.push(text);
  }
  close(code = 1000): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
  tells(said: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(said) }));
  }
}

let heard: PersonHears[];
let token: string | null;
let line: PersonLine;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FarSocket);
  FarSocket.made = [];
  heard = [];
  token = "token-1";
  const identity = {
    token: () => Promise.resolve(token),
    renewed: () => Promise.resolve("token-renewed"),
  };
  line = new PersonLine(identity, (said) => heard.push(said), "wss://tutti.test");
});

afterEach(() => {
  line.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function opened(): Promise<FarSocket> {
  await vi.advanceTimersByTimeAsync(60_000);
  const socket = FarSocket.made.at(-1);
  if (socket === undefined) throw new Error("nothing was opened");
  return socket;
}

async function started(): Promise<FarSocket> {
  line.start();
  await vi.advanceTimersByTimeAsync(0);
  return opened();
}

const CHANGED = { type: "conversation_updated", conversation_id: "c" };

describe("a person's line", () => {
  it("shows its token as a subprotocol, and names nothing that it saw", async () => {
    const socket = await started();
    expect([socket.url, socket.protocols]).toEqual([
      "wss://tutti.test/ws/notifications/",
      ["bearer", "token-1"],
    ]);
  });

  it("comes back with the last that it saw, and drops what it has", async () => {
    const first = await started();
    first.tells({ type: "connected", user_id: "a", unread_count: 0, complete: true });
    first.tells({ ...CHANGED, id: "f-1" });
    first.tells({ ...CHANGED, id: "f-2" });
    first.close(1006);
    const second = await opened();
    expect(second).not.toBe(first);
    expect(second.url).toBe("wss://tutti.test/ws/notifications/?since=f-2");
    second.tells({ ...CHANGED, id: "f-1" });
    second.tells({ ...CHANGED, id: "f-3" });
    expect(heard.map((said) => "id" in said && said.id)).toEqual([false, "f-1", "f-2", "f-3"]);
  });

  it("comes with another token if the one that it had is refused", async () => {
    (await started()).close(4001);
    expect((await opened()).protocols).toEqual(["bearer", "token-renewed"]);
  });

  it("shows a fresh token before the one in use expires, and each of them once", async () => {
    const socket = await started();
    token = "token-2";
    await vi.advanceTimersByTimeAsync(180_000);
    expect(socket.said).toEqual([JSON.stringify({ type: "authenticate", token: "token-2" })]);
  });

  it("is one line, also if it was stopped and started while its token was on its way", async () => {
    let comes: ((token: string) => void) | undefined;
    const renewing = new Promise<string>((resolve) => (comes = resolve));
    line = new PersonLine({ token: () => renewing }, (said) => heard.push(said), "wss://tutti.test");
    line.start();
    line.stop();
    line.start();
    comes?.("token-1");
    await vi.advanceTimersByTimeAsync(0);
    expect(FarSocket.made).toHaveLength(1);
  });

  it("stays away once it is stopped", async () => {
    const socket = await started();
    line.stop();
    socket.close(1006);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(FarSocket.made).toHaveLength(1);
  });
});
