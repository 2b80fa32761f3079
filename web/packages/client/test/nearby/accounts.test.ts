import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Accounts, spotifyIsSetUp } from "../../src/nearby";
import { standIn, type Answer, type Asked, type StandIn } from "../guides/stand-in";

const ANN = { id: "1", username: "ann", display_name: "Ann Lee" };

let server: StandIn;
let accounts: Accounts;
let answers: (asked: Asked) => Answer;
let now: number;

beforeEach(async () => {
  now = 0;
  answers = () => ({ json: { access: token(900), refresh: "r", user: ANN } });
  server = await standIn((asked) => answers(asked));
  accounts = new Accounts(server.url, () => now);
});

afterEach(async () => {
  vi.useRealTimers();
  answers = () => ({ json: {} });
  await accounts.logOut();
  await server.close();
});

/** As much of a JSON Web Token as a client reads. */
function token(livesS: number, iat = 1_700_000_000): string {
  return `e30.${btoa(JSON.stringify({ sub: "1", iat, exp: iat + livesS }))}.x`;
}

describe("an account", () => {
  it("is logged in to by email or by name", async () => {
    await accounts.logIn("ann@example.org", "secret");
    expect(JSON.parse(server.asked[0]?.body ?? "")).toEqual({ email: "ann@example.org", password: "secret" });
    expect(accounts.account()).toEqual({ id: "1", name: "Ann Lee" });
    await accounts.logIn("ann", "secret");
    expect(JSON.parse(server.asked[1]?.body ?? "")).toEqual({ username: "ann", password: "secret" });
  });

  it("asks for its second factor with a ticket", async () => {
    answers = () => ({
      status: 401,
      json: { detail: "A code is needed.", code: "2fa_required", ticket: "t" },
    });
    await expect(accounts.logIn("ann", "secret")).rejects.toMatchObject({
      code: "2fa_required",
      ticket: "t",
    });
    answers = () => ({ json: { access: token(900), user: ANN } });
    await accounts.verify("t", "123 456");
    expect(server.asked.at(-1)).toMatchObject({ path: "/api/auth/verify-2fa/" });
    expect(accounts.account()).not.toBeNull();
  });

  it("says what is wrong field by field, as one text", async () => {
    answers = () => ({ status: 400, json: { email: ["Taken."], password: ["Too common."] } });
    await expect(accounts.register({ email: "a", password: "b" })).rejects.toThrow("Taken. Too common.");
  });

  it("renews its token before it expires, whatever this device's clock says", async () => {
    await accounts.logIn("ann", "secret");
    const fresh = token(900, 1_800_000_000);
    answers = () => ({ json: { access: fresh, refresh: "r2" } });
    expect(await accounts.token()).not.toBe(fresh);
    now = 880_000;
    expect(await Promise.all([accounts.token(), accounts.token()])).toEqual([fresh, fresh]);
    expect(server.asked.filter(({ path }) => path === "/api/auth/refresh/")).toHaveLength(1);
  });

  it("is gone when the server says that its login has ended, and not when the server is away", async () => {
    await accounts.logIn("ann", "secret");
    now = 880_000;
    answers = () => ({ status: 503, json: { detail: "Later." } });
    expect(await accounts.token()).not.toBeNull();
    answers = () => ({ status: 401, json: { detail: "Ended.", code: "token_not_valid" } });
    expect(await accounts.token()).toBeNull();
    expect(accounts.account()).toBeNull();
  });

  it("comes from Spotify with a code that is exchanged, never with a token in an address", async () => {
    answers = ({ path }) => {
      if (path === "/api/v1/auth/token") return { json: { accessToken: token(900), refreshToken: "first" } };
      return { json: path === "/api/auth/me/" ? ANN : { access: token(900), refresh: "second" } };
    };
    await accounts.exchange("once");
    expect(server.asked.map(({ path, body }) => [path, body])).toEqual([
      ["/api/v1/auth/token", '{"code":"once"}'],
      ["/api/auth/refresh/", '{"refresh":"first"}'],
      ["/api/auth/me/", ""],
    ]);
    expect(accounts.account()?.name).toBe("Ann Lee");
  });
});

it("knows where signing in with Spotify is not set up", async () => {
  answers = () => ({ status: 503, json: {} });
  expect(await spotifyIsSetUp(server.url)).toBe(false);
  answers = () => ({ status: 401, json: {} });
  expect(await spotifyIsSetUp(server.url)).toBe(true);
});
