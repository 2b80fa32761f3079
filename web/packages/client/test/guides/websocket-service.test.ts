import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketService } from "../../src/guides";
import { SocketIo } from "./socketio";

const JOIN = { sessionId: "ABC123", role: "client", userId: "ben" } as const;
const SYNC = { sessionId: "ABC123" };

let server: SocketIo;
let url: string;
let service: WebSocketService;

beforeEach(async () => {
  server = new SocketIo();
  url = await server.open();
  service = new WebSocketService({ token: () => "spotify-token" });
});

afterEach(async () => {
  service.disconnect();
  await server.close();
});

function heard(event: string): Promise<unknown> {
  return new Promise((done) => service.on(event, done));
}

describe("the connection of guide 000", () => {
  it("is there with the Spotify token, and carries events both ways", async () => {
    const command = heard("sync_command");
    await service.connect(url);
    expect(server.tokens).toEqual(["spotify-token"]);
    service.emit("join_session", JOIN);
    expect(await server.hasHeard(1)).toEqual([["join_session", JOIN]]);
    const said = { action: "seek", trackUri: "spotify:track:x", position: 45_150, timestamp: 1 };
    server.say("sync_command", said);
    expect(await command).toEqual(said);
  });

  it("takes an address that begins with ws://, as the guide's do", async () => {
    await service.connect(url.replace("http", "ws"));
    expect(server.tokens).toHaveLength(1);
  });

  it("rejects when there is no server", async () => {
    await server.close();
    await expect(service.connect(url)).rejects.toBeInstanceOf(Error);
  });

  it("rejects when the server refuses the token", async () => {
    server.refuses = true;
    await expect(service.connect(url)).rejects.toThrow("UNAUTHORIZED");
  });

  it.each([
    ["was lost", (far: SocketIo) => far.forget()],
    ["was closed by a server that restarts", (far: SocketIo) => far.sendAway()],
  ])("is in its session again, before anything else is said, after it %s", async (_, break_) => {
    await service.connect(url);
    service.emit("join_session", JOIN);
    await server.hasHeard(1);
    const gone = heard("disconnect");
    break_(server);
    await gone;
    service.emit("request_sync", SYNC);
    service.emit("request_sync", SYNC);
    expect(await server.hasHeard(3)).toEqual([
      ["join_session", JOIN],
      ["join_session", JOIN],
      ["request_sync", SYNC],
    ]);
  });

  it("does not go back into a session that has ended", async () => {
    await service.connect(url);
    service.emit("join_session", JOIN);
    await server.hasHeard(1);
    const ended = heard("session_ended");
    server.say("session_ended", { sessionId: "ABC123", reason: "host_ended" });
    await ended;
    const [gone, back] = [heard("disconnect"), heard("connect")];
    server.forget();
    await gone;
    await back;
    service.emit("request_sync", SYNC);
    expect(await server.hasHeard(2)).toEqual([
      ["join_session", JOIN],
      ["request_sync", SYNC],
    ]);
  });

  it("has to be there before anything is said", () => {
    expect(() => service.emit("request_sync", SYNC)).toThrow("connect first");
  });

  it("keeps those who listen when it is made anew", async () => {
    const command = heard("sync_command");
    await service.connect(url);
    await service.connect(url);
    server.say("sync_command", { action: "pause" });
    expect(await command).toEqual({ action: "pause" });
  });
});
