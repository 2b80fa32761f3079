import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SessionService } from "../../src/guides";
import { standIn, type Answer, type Asked, type StandIn } from "./stand-in";

const ANN = { userId: "ann", userName: "Ann" };

let answers: Record<string, Answer>;
let server: StandIn;
let service: SessionService;

beforeEach(async () => {
  answers = {
    "POST /api/sessions": { status: 201, json: { sessionId: "ABC123", role: "host" } },
    "POST /api/sessions/ABC123/join": { json: { sessionId: "ABC123", role: "client", hostName: "Ann" } },
    "PATCH /api/sessions/ABC123/offset": { json: { sessionId: "ABC123", offsetMs: 150 } },
    "GET /api/sessions/ABC123/state": { json: { sessionId: "ABC123" } },
    "DELETE /api/sessions/ABC123": { status: 204 },
  };
  server = await standIn(({ method, path }) => answers[`${method} ${path}`] ?? notFound());
  service = new SessionService({
    apiUrl: `${server.url}/api`,
    token: () => "spotify-token",
    user: { id: "ann", name: "Ann" },
  });
});

afterEach(() => server.close());

function notFound(): Answer {
  return { status: 404, json: { error: "Session not found", code: "SESSION_NOT_FOUND" } };
}

function last(): Asked | undefined {
  return server.asked.at(-1);
}

describe("sessions of guide 000", () => {
  it("are made under the person's name, and told by their code", async () => {
    expect(await service.createSession()).toBe("ABC123");
    expect(last()).toMatchObject({ method: "POST", path: "/api/sessions", token: "spotify-token" });
    expect(JSON.parse(last()?.body ?? "")).toEqual(ANN);
    expect([service.sessionId, service.role]).toEqual(["ABC123", "host"]);
  });

  it("are joined by their code", async () => {
    expect(await service.joinSession("ABC123")).toBe(true);
    expect(JSON.parse(last()?.body ?? "")).toEqual(ANN);
    expect([service.sessionId, service.role]).toEqual(["ABC123", "client"]);
  });

  it("are not joined when there is none of this code, and the reason is kept", async () => {
    expect(await service.joinSession("no such/code")).toBe(false);
    expect(last()?.path).toBe("/api/sessions/no%20such%2Fcode/join");
    expect(service.lastError).toMatchObject({
      status: 404,
      code: "SESSION_NOT_FOUND",
      message: "Session not found",
    });
    expect(service.sessionId).toBeNull();
  });

  it("take the person's offset", async () => {
    await service.joinSession("ABC123");
    await service.updateOffset(150);
    expect(last()).toMatchObject({ method: "PATCH", token: "spotify-token", body: '{"offsetMs":150}' });
  });

  it("are asked with their own pass once they gave one", async () => {
    answers["POST /api/sessions/ABC123/join"] = {
      json: { sessionId: "ABC123", role: "client", clientToken: "pass-of-ann" },
    };
    await service.joinSession("ABC123");
    await service.updateOffset(150);
    expect(last()?.token).toBe("pass-of-ann");
    await service.joinSession("ABC123");
    expect(last()?.token).toBe("spotify-token");
  });

  it("show how they stand, and are ended by their host", async () => {
    await service.createSession();
    expect(await service.getSessionState()).toEqual({ sessionId: "ABC123" });
    await service.endSession();
    expect(last()).toMatchObject({ method: "DELETE", path: "/api/sessions/ABC123" });
    expect(service.sessionId).toBeNull();
  });

  it("are needed for what is done in them", async () => {
    await expect(service.updateOffset(10)).rejects.toMatchObject({ code: "NO_SESSION" });
  });

  it("say in the server's words why something is not done", async () => {
    await service.joinSession("ABC123");
    const why = { error: "The offset must be −5000 to 5000", code: "VALIDATION_ERROR" };
    answers["PATCH /api/sessions/ABC123/offset"] = { status: 400, json: why };
    await expect(service.updateOffset(9_999)).rejects.toMatchObject({
      status: 400,
      code: why.code,
      message: why.error,
    });
    answers["PATCH /api/sessions/ABC123/offset"] = { status: 502, text: "<html>bad gateway" };
    await expect(service.updateOffset(1)).rejects.toMatchObject({ status: 502, code: "UNKNOWN" });
  });

  it("reject when the server cannot be reached", async () => {
    await server.close();
    await expect(service.joinSession("ABC123")).rejects.toMatchObject({ status: 0, code: "UNREACHABLE" });
    await expect(service.createSession()).rejects.toMatchObject({ status: 0 });
    server = await standIn(notFound);
  });
});
