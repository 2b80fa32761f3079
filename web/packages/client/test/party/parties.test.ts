import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PartiesApi, PartyHttp } from "../../src/party";
import { standIn, type StandIn } from "../guides/stand-in";

let server: StandIn;
let parties: PartiesApi;

beforeEach(async () => {
  server = await standIn(() => ({ json: { results: [] } }));
  parties = new PartiesApi(new PartyHttp({ token: async () => "a" }, server.url));
});

afterEach(() => server.close());

describe("parties", () => {
  it("are asked for by what they do and by one's own part", async () => {
    await parties.mine();
    await parties.mine({ status: "active", role: "hosting" });
    await parties.open("upcoming");
    expect(server.asked.map(({ path, query }) => [path, query.toString()])).toEqual([
      ["/api/parties/", ""],
      ["/api/parties/", "status=active&role=hosting"],
      ["/api/parties/public/", "status=upcoming"],
    ]);
  });

  it("are joined by what one has of them", async () => {
    await parties.join("a/b");
    await parties.joinByCode("ABCD2345");
    await parties.joinByInvite("secret");
    expect(server.asked.map(({ method, path, body }) => [method, path, JSON.parse(body)])).toEqual([
      ["POST", "/api/parties/a%2Fb/join/", {}],
      ["POST", "/api/parties/join-by-code/", { room_code: "ABCD2345" }],
      ["POST", "/api/parties/join-by-invite/", { token: "secret" }],
    ]);
  });

  it("have people, of whom one is named by id", async () => {
    await parties.promote("p", "ben", "moderator");
    await parties.kick("p", "ben");
    expect(server.asked.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ["/api/parties/p/promote/", { user_id: "ben", role: "moderator" }],
      ["/api/parties/p/kick/", { user_id: "ben" }],
    ]);
  });
});
