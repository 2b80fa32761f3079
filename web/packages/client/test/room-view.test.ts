import { describe, expect, it } from "vitest";
import { firstView, hear, spreadMs, type RoomView } from "../src/room-view";
import type { MemberSync, Room } from "../src/wire";

const room: Room = {
  id: "r1",
  name: "Films",
  adminId: "ann",
  mediaId: "clip",
  mediaType: "movie",
  providerId: "library",
  participants: ["ann"],
  currentState: { isPlaying: false, currentTime: 0, playbackRate: 1 },
};

function at(driftMs: number | null): MemberSync {
  return { userId: String(driftMs), driftMs, quality: "good" };
}

function admins(view: RoomView): string[] {
  return view.people.filter((person) => person.isAdmin).map((person) => person.userId);
}

describe("what one person knows of the room", () => {
  it("names people, also those of whom a server gives only the id", () => {
    const heard = hear(firstView(room, "ben"), {
      what: "people",
      present: { participants: ["0123456789abcdef", { userId: "ben", userName: "Ben" }] },
    });
    expect(heard.people.map((person) => person.userName)).toEqual(["01234567…", "Ben"]);
  });

  it("has one admin, whoever said so last", () => {
    const both = { participants: ["ann", "ben"] };
    let view = hear(firstView(room, "ben"), { what: "people", present: both });
    expect(admins(view)).toEqual(["ann"]);
    view = hear(view, { what: "people", adminId: "ben", present: both });
    expect(admins(view)).toEqual(["ben"]);
    const members = [{ userId: "ann", isAdmin: true }, { userId: "ben" }];
    view = hear(view, { what: "people", present: { ...both, members } });
    expect(admins(view)).toEqual(["ann"]);
  });

  it("follows a change of media and of provider", () => {
    let view = hear(firstView(room, "ben"), {
      what: "media",
      action: { type: "changeMedia", data: { mediaId: "other" } },
    });
    view = hear(view, { what: "media", action: { type: "changeProvider", data: { provider: "direct" } } });
    expect(view.media).toEqual({ mediaId: "other", providerId: "direct" });
  });

  it("takes the names from wherever the server says more", () => {
    const present = { participants: ["ann"], members: [{ userId: "ann", userName: "Ann" }] };
    const heard = hear(firstView(room, "ben"), { what: "people", present });
    expect(heard.people).toEqual([{ userId: "ann", userName: "Ann", isAdmin: true }]);
  });

  it("has nobody for admin when the last admin has gone", () => {
    const said = { what: "answer", state: null, adminId: null, timestamp: 0, sentAt: 0, at: 0 } as const;
    expect(admins(hear(firstView(room, "ben"), said))).toEqual([]);
  });

  it("forgets how far apart people were when the room pauses", () => {
    const members = [{ userId: "ann", driftMs: 3, quality: "excellent" as const }];
    const view = hear(firstView(room, "ben"), { what: "sync", members });
    const state = { isPlaying: false, currentTime: 3, playbackRate: 1 };
    expect(hear(view, { what: "state", state, at: 0 }).sync).toEqual([]);
  });

  it("forgets how far apart people are when it cannot hear them", () => {
    let view = hear(firstView(room, "ben"), {
      what: "sync",
      members: [{ userId: "ann", driftMs: 3, quality: "excellent" }],
    });
    view = hear(view, { what: "lost" });
    expect(view.sync).toEqual([]);
  });
});

describe("the room's spread", () => {
  it("is between the outermost two, ahead and behind", () => {
    expect(spreadMs([at(-12), at(3), at(30)])).toBe(42);
  });

  it("leaves out whoever is not heard, and needs two", () => {
    expect(spreadMs([at(-12), at(null), at(8)])).toBe(20);
    expect(spreadMs([at(-12), at(null)])).toBeNull();
    expect(spreadMs([])).toBeNull();
  });
});
