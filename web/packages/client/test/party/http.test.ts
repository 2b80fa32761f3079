import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountApi, PartyError, PartyHttp, PeopleApi, type PartyIdentity } from "../../src/party";
import { standIn, type Answer, type Asked, type StandIn } from "../guides/stand-in";

const BEN = { id: "2", username: "ben", display_name: "Ben", avatar: null };

let server: StandIn;
let answers: (asked: Asked) => Answer;

beforeEach(async () => {
  answers = () => ({ json: {} });
  server = await standIn((asked) => answers(asked));
});

afterEach(() => server.close());

function http(identity: PartyIdentity = { token: async () => "a" }): PartyHttp {
  return new PartyHttp(identity, server.url);
}

async function refused(asking: Promise<unknown>): Promise<PartyError> {
  const reason: unknown = await asking.catch((problem: unknown) => problem);
  if (!(reason instanceof PartyError)) throw new Error("It was not refused");
  return reason;
}

describe("asking", () => {
  it("is with the token of now, and for what is not one's own without", async () => {
    await new PeopleApi(http()).me();
    await new AccountApi(http()).forgotPassword("ann@example.org");
    expect(server.asked.map(({ method, path, token }) => [method, path, token])).toEqual([
      ["GET", "/api/users/profile/", "a"],
      ["POST", "/api/auth/forgot-password/", null],
    ]);
  });

  it("is done once more with a renewed token after the server refused the first", async () => {
    answers = ({ token }) =>
      token === "b"
        ? { json: { id: "1" } }
        : { status: 401, json: { detail: "No.", code: "token_not_valid" } };
    const renewing = http({ token: async () => "a", renewed: async () => "b" });
    expect(await new PeopleApi(renewing).me()).toEqual({ id: "1" });
    expect(server.asked.map(({ token }) => token)).toEqual(["a", "b"]);
  });

  it("is not repeated when nothing was renewed", async () => {
    answers = () => ({ status: 401, json: { detail: "No.", code: "token_not_valid" } });
    expect(
      await refused(http({ token: async () => "a", renewed: async () => null }).get("/x/")),
    ).toMatchObject({
      status: 401,
      message: "No.",
    });
    expect(server.asked).toHaveLength(1);
  });

  it("goes to further pages by the path of the address that the server gave, on the same server", async () => {
    answers = ({ query }) => ({
      json:
        query.get("cursor") === null
          ? {
              next: "https://elsewhere.example/api/users/search/?q=be&cursor=c",
              previous: null,
              results: [BEN],
            }
          : { next: null, previous: null, results: [] },
    });
    const people = new PeopleApi(http());
    const first = await people.search("be");
    expect(first.results).toEqual([BEN]);
    expect((await people.more(first.next ?? "")).results).toEqual([]);
    expect(server.asked.at(-1)?.query.get("q")).toBe("be");
  });

  it("sends a picture as a form", async () => {
    await new PeopleApi(http()).uploadPicture(new Blob(["pixels"], { type: "image/png" }));
    expect(server.asked[0]?.body).toMatch(/name="avatar"[^]*pixels/);
  });

  it("may answer with nothing", async () => {
    answers = () => ({ status: 204 });
    expect(await new PeopleApi(http()).unfriend("a/b")).toBeUndefined();
    expect(server.asked[0]?.path).toBe("/api/users/friends/a%2Fb/");
  });
});

describe("a refusal", () => {
  it("is a sentence and a code", async () => {
    answers = () => ({ status: 404, json: { detail: "Not found." } });
    expect(await refused(http().get("/x/"))).toMatchObject({
      status: 404,
      message: "Not found.",
      code: null,
    });
  });

  it("is sentences by field", async () => {
    answers = () => ({ status: 400, json: { bio: ["Too long."], timezone: ["Unknown.", "Really."] } });
    const reason = await refused(http().patch("/x/", {}));
    expect(reason.message).toBe("Too long. Unknown. Really.");
    expect(reason.fields).toEqual({ bio: ["Too long."], timezone: ["Unknown.", "Really."] });
  });

  it("says when to try again", async () => {
    answers = () => ({ status: 429, json: { detail: "Throttled." }, headers: { "Retry-After": "7" } });
    expect((await refused(http().get("/x/"))).retryAfterS).toBe(7);
  });

  it("is one also without words, and without a server", async () => {
    answers = () => ({ status: 502, text: "<html>" });
    expect((await refused(http().get("/x/"))).message).toContain("502");
    await server.close();
    expect(await refused(http().get("/x/"))).toMatchObject({ status: 0, retryAfterS: null });
    server = await standIn(() => ({}));
  });
});
