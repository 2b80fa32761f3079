import { describe, expect, it } from "vitest";
import {
  awaited,
  evolve,
  positionAt,
  stateOf,
  targetAt,
  timelineAt,
  type RoomState,
} from "../../src/native/room-state";
import type { Poll, Media, RoomEvent, Snapshot, Timeline } from "../../src/native/wire";
import { aRoom, person, type Happening } from "./server";

function after(happenings: Happening[], from: Snapshot = aRoom(), at = 100): RoomState {
  return happenings.reduce(
    (room, happening, index) => evolve(room, { ...happening, seq: index + 2, at } as RoomEvent),
    stateOf(from),
  );
}

/** What a later snapshot would be, but for what only matters until an announced move has begun. */
function snapshotOf(room: RoomState): Snapshot {
  const { earlier: _earlier, previousTimeline: _previous, ...snapshot } = room;
  return snapshot;
}

function underWay({ recording, waiting, members }: RoomState): unknown[] {
  return [recording, waiting, members[1]?.calling ?? false];
}

const film: Media = { ...(aRoom().media as Media), id: "other", durationMs: 5_000 };
const playing = (at: number, position = 0, rate = 1): Timeline => ({ position, rate, playing: true, at });
const move = (timeline: Timeline): Happening => ({ type: "timeline", timeline, move: "play", by: "ann" });

/** Each kind of event, and what it leaves behind. */
const poll: Poll = {
  id: "p1",
  question: "Again?",
  kind: "yes_no",
  options: ["Yes", "No"],
  by: "ann",
  openedAt: 100,
  until: null,
  closed: false,
  results: { total: 0, counts: [0, 0], average: null, texts: [] },
};

const CASES: Record<RoomEvent["type"], [Happening, (room: Snapshot) => unknown, unknown]> = {
  opened: [{ type: "opened", epoch: "e", room: { ...aRoom(), name: "New" } }, (room) => room.name, "New"],
  joined: [{ type: "joined", member: person("cem", "Cem") }, (room) => room.members.length, 3],
  left: [
    { type: "left", member: "ben", reason: "left" },
    (room) => room.members.map(({ id }) => id),
    ["ann"],
  ],
  host: [
    { type: "host", host: "ben", was: "ann" },
    (room) => [room.host, ...room.members.map(({ role }) => role)],
    ["ben", "member", "host"],
  ],
  role: [{ type: "role", member: "ben", role: "moderator" }, (room) => room.members[1]?.role, "moderator"],
  locked: [{ type: "locked", locked: true }, (room) => room.locked, true],
  capacity: [{ type: "capacity", capacity: 7 }, (room) => room.capacity, 7],
  chatSwitched: [{ type: "chatSwitched", on: false }, (room) => room.chatOn, false],
  offset: [{ type: "offset", member: "ben", ms: -40 }, (room) => room.members[1]?.offset, -40],
  media: [
    { type: "media", media: film, timeline: playing(200), change: "media", by: "ann" },
    (room) => [room.media?.id, room.timeline],
    ["other", playing(200)],
  ],
  timeline: [move(playing(200)), (room) => room.timeline, playing(200)],
  queue: [
    { type: "queue", queue: [{ id: "1", media: film, by: "ann" }], by: "ann" },
    (room) => room.queue.map(({ id }) => id),
    ["1"],
  ],
  callEntered: [{ type: "callEntered", member: "ben" }, (room) => room.members[1]?.calling, true],
  callLeft: [{ type: "callLeft", member: "ben" }, (room) => room.members[1]?.calling, false],
  muted: [{ type: "muted", member: "ben", muted: true, by: "ann" }, (room) => room.members[1]?.muted, true],
  recordingStarted: [
    { type: "recordingStarted", id: "r1", by: "ann" },
    (room) => room.recording,
    { id: "r1", by: "ann", since: 100 },
  ],
  recordingStopped: [{ type: "recordingStopped", id: "r1", by: null }, (room) => room.recording, null],
  chat: [
    { type: "chat", member: "ben", name: "Ben", text: "hi", replyTo: null },
    (room) => room.chat,
    [{ seq: 2, at: 100, member: "ben", name: "Ben", text: "hi", replyTo: null, editedAt: null }],
  ],
  chatEdited: [{ type: "chatEdited", line: 1, text: "hallo", by: "ben" }, (room) => room.chat, []],
  chatRemoved: [{ type: "chatRemoved", line: 1, by: "ben" }, (room) => room.chat, []],
  slowMode: [{ type: "slowMode", seconds: 30 }, (room) => room.slowMode, 30],
  poll: [{ type: "poll", poll }, (room) => room.polls, [poll]],
  pollResults: [{ type: "pollResults", poll: "another", results: poll.results }, (room) => room.polls, []],
  pollClosed: [
    { type: "pollClosed", poll: "another", by: null, results: poll.results },
    (room) => room.polls,
    [],
  ],
  access: [{ type: "access", invitedOnly: true }, (room) => room.invitedOnly, true],
  hand: [{ type: "hand", member: "ben", raised: true }, (room) => room.members[1]?.hand, 100],
  ready: [{ type: "ready", member: "ben", ready: true }, (room) => room.members[1]?.ready, true],
  waitForAll: [{ type: "waitForAll", on: true }, (room) => room.waitForAll, true],
  waiting: [
    { type: "waiting", for: ["ben"], until: 5_000, by: "ann" },
    (room) => [room.waiting, room.members[1]?.ready],
    [{ for: ["ben"], until: 5_000 }, false],
  ],
  waited: [{ type: "waited", missing: [] }, (room) => room.waiting, null],
  closed: [{ type: "closed", reason: "host_ended" }, (room) => room, aRoom()],
};

function waitedFor(...happenings: Happening[]): string[] {
  return awaited(after(happenings)).map(({ id }) => id);
}

describe("those who are waited for", () => {
  const wait: Happening = { type: "waiting", for: ["ann", "ben"], until: 5_000, by: "ann" };

  it("are those who have not said since that they are ready, and are here", () => {
    expect(waitedFor()).toEqual([]);
    expect(waitedFor(wait)).toEqual(["ann", "ben"]);
    expect(waitedFor(wait, { type: "ready", member: "ann", ready: true })).toEqual(["ben"]);
    expect(waitedFor(wait, { type: "left", member: "ben", reason: "lost" })).toEqual(["ann"]);
    expect(waitedFor(wait, { type: "waited", missing: ["ben"] })).toEqual([]);
  });
});

describe("an event of a newer server", () => {
  it("counts, and changes nothing", () => {
    const room = stateOf(aRoom());
    expect(evolve(room, { type: "sunrise", seq: 2, at: 5 } as never)).toBe(room);
  });
});

describe("a room after an event", () => {
  it.each(Object.entries(CASES))(
    "knows what %s changed, and nothing else changes",
    (_, [event, seen, is]) => {
      const before = aRoom();
      const changed = snapshotOf(after([event], before));
      const looked = new Set<PropertyKey>();
      const watched = new Proxy(changed, {
        get: (room, part) => {
          looked.add(part);
          return Reflect.get(room, part);
        },
      });
      expect(seen(watched)).toEqual(is);
      expect(before).toEqual(aRoom());
      const others = Object.entries(aRoom()).filter(([part]) => !looked.has(part));
      expect(changed).toMatchObject(Object.fromEntries(others));
      expect(Object.keys(changed)).toEqual(Object.keys(aRoom()));
    },
  );

  it("has somebody who comes back once, in the same place", () => {
    const again = { ...person("ann", "Anna"), offset: 5 };
    expect(after([{ type: "joined", member: again }]).members.map(({ name }) => name)).toEqual([
      "Anna",
      "Ben",
    ]);
  });

  it("keeps the last 200 lines of chat", () => {
    const lines = Array.from({ length: 230 }, (_, index): Happening => {
      return { type: "chat", member: "ben", name: "Ben", text: String(index), replyTo: null };
    });
    const { chat } = after(lines);
    expect([chat.length, chat[0]?.text, chat.at(-1)?.text]).toEqual([200, "30", "229"]);
  });

  it("has other words for a line that was changed, and not the line that was taken back", () => {
    const said: Happening = { type: "chat", member: "ben", name: "Ben", text: "helo", replyTo: null };
    const { chat } = after([
      said,
      said,
      { type: "chatEdited", line: 2, text: "hello", by: "ben" },
      { type: "chatRemoved", line: 3, by: "ann" },
    ]);
    expect(chat.map(({ seq, text }) => [seq, text])).toEqual([[2, "hello"]]);
    expect(chat[0]?.editedAt).not.toBeNull();
  });

  it("counts what a poll counts, and closes it", () => {
    const results = { ...poll.results, total: 1, counts: [0, 1] };
    const voted: Happening = { type: "pollResults", poll: "p1", results };
    expect(after([{ type: "poll", poll }, voted]).polls).toEqual([{ ...poll, results }]);
    const closed: Happening = { type: "pollClosed", poll: "p1", by: null, results };
    expect(after([{ type: "poll", poll }, closed]).polls).toEqual([{ ...poll, results, closed: true }]);
  });

  it.each<[string, Happening[]]>([
    [
      "a recording",
      [
        { type: "recordingStarted", id: "r1", by: "ann" },
        { type: "recordingStopped", id: "r1", by: null },
      ],
    ],
    [
      "a wait",
      [
        { type: "waiting", for: ["ben"], until: 5_000, by: "ann" },
        { type: "waited", missing: [] },
      ],
    ],
    [
      "a call",
      [
        { type: "callEntered", member: "ben" },
        { type: "callLeft", member: "ben" },
      ],
    ],
  ])("knows that %s which had begun has ended", (_, happenings) => {
    expect(underWay(after(happenings.slice(0, 1)))).not.toEqual([null, null, false]);
    expect(underWay(after(happenings))).toEqual([null, null, false]);
  });

  it("forgets a hand that went down", () => {
    const up: Happening = { type: "hand", member: "ben", raised: true };
    expect(after([up, { ...up, raised: false }]).members[1]?.hand).toBeNull();
  });
});

function shifted(ms: number): RoomState {
  return after([{ type: "offset", member: "ben", ms }]);
}

describe("the timeline in force", () => {
  it("is the earlier one until the announced moment", () => {
    const room = after([move(playing(300, 10_000))]);
    expect(timelineAt(room, 299).playing).toBe(false);
    expect(timelineAt(room, 300)).toEqual(playing(300, 10_000));
    expect(room.previousTimeline).toEqual(aRoom().timeline);
  });

  it("goes through a move that was announced and then replaced by a later one", () => {
    const stop: Happening = move({ position: 10_500, rate: 1, playing: false, at: 800 });
    const room = after([move(playing(300, 10_000)), stop]);
    expect([299, 500, 800].map((now) => timelineAt(room, now).playing)).toEqual([false, true, false]);
  });

  it("forgets one that will never be in force, because a sooner one replaced it", () => {
    const room = after([move(playing(900)), move({ ...playing(400), playing: false })]);
    expect(timelineAt(room, 950)).toMatchObject({ at: 400, playing: false });
  });

  it("does not play other media by the timeline of those before", () => {
    const begun: Happening = {
      type: "media",
      media: film,
      timeline: playing(300),
      change: "media",
      by: "ann",
    };
    const room = after([move(playing(50, 20_000)), begun]);
    expect(targetAt(room, null, 200)).toBe(0);
    expect(targetAt(room, null, 400)).toBe(100);
  });

  it("goes on where it was when only the provider changes", () => {
    const moved: Happening = {
      type: "media",
      media: film,
      timeline: playing(300, 1_000),
      change: "provider",
      by: "ann",
    };
    expect(timelineAt(after([move(playing(50, 750)), moved]), 200)).toEqual(playing(50, 750));
  });

  it.each([
    [playing(1_000, 500), 1_200, 700],
    [playing(1_000, 500), 900, 500],
    [playing(1_000, 500, 2), 1_200, 900],
    [{ ...playing(1_000, 500), playing: false }, 9_000, 500],
    [playing(0, 59_000), 5_000, 60_000],
  ])("%o is at room time %i at %i", (timeline, now, position) => {
    expect(positionAt(timeline, now, 60_000)).toBe(position);
  });

  it("puts a member where the offset says, but not before the beginning", () => {
    expect(targetAt(shifted(-400), "ben", 200)).toBe(9_600);
    expect(targetAt(shifted(-400), "ann", 200)).toBe(10_000);
    expect(targetAt(shifted(-99_000), "ben", 200)).toBe(0);
  });
});
