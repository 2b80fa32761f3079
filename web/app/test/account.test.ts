import { describe, expect, it } from "vitest";
import { device } from "../src/account/LoginsCard";
import { accountPath, personInPath } from "../src/account/paths";
import { afterwards } from "../src/sign-in/SignInPage";

describe("the address of a page around an account", () => {
  it.each([
    ["/account", "account"],
    ["/account/", "account"],
    ["/people/7", "people"],
    ["/verify-email", "verify-email"],
    ["/account/7", null],
    ["/", null],
    ["/r/people", null],
  ])("%s is %s", (path, place) => {
    expect(accountPath(path)).toBe(place);
  });

  it("may name somebody", () => {
    expect(personInPath("/people/a%20b")).toBe("a b");
    expect(personInPath("/people")).toBeNull();
    expect(personInPath("/people/%ff")).toBeNull();
  });
});

describe("where one goes after signing in", () => {
  it("is the page that one came from", () => {
    expect(afterwards("?next=/parties/7?tab=chat")).toBe("/parties/7?tab=chat");
  });

  it.each([
    "",
    "?next=https://evil.example",
    "?next=//evil.example",
    "?next=/\\evil.example",
    "?next=javascript:alert(1)",
  ])("is never another site: %s", (search) => {
    expect(afterwards(search)).toBe("/people");
  });
});

it("tells a login by two words", () => {
  expect(device("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")).toBe(
    "Chrome on Linux",
  );
  expect(device("The television")).toBe("The television");
});
