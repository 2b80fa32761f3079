/** The meeting as frames make it, and the way in and back. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { candidateOf, sdpOf } from "../../src/meet/call";
import { hands, Meeting } from "../../src/meet/index";
import { firstView, heard, type MeetView } from "../../src/meet/meeting-state";
import { qualityOf } from "../../src/meet/quality";
import type { Participant, Peers, ToldFrame } from "../../src/meet/wire";

const PERSON: Participant = {
  peerId: "a",
  username: "Ada",
  role: "host",
  handRaised: false,
  handOrder: null,
  sharing: false,
  muted: false,
  inCall: true,
};

const PEERS: Peers = {
  yourId: "b",
  peers: ["a"],
  isHost: false,
  hostId: "a",
  roomLocked: false,
  participants: [PERSON, { ...PERSON, peerId: "b", username: "Ben", role: "participant" }],
  resumeToken: "tp1.x",
  seq: 7,
  epoch: "e",
};

function after(...frames: ToldFrame[]): MeetView {
  return frames.reduce((view, frame) => heard(view, frame, 1_000), firstView("ROOM"));
}

const peers: ToldFrame = { event: "peers", data: PEERS };

describe("a meeting", () => {
  it("is what peers says, and what a server of the guide alone leaves out is taken as usual", () => {
    const { participants: _, ...guide } = PEERS;
    const view = after({ event: "peers", data: guide });
    expect(view.connection).toBe("connected");
    expect(view.participants).toMatchObject([{ peerId: "a", role: "host", inCall: true }]);
    expect(view.chatEnabled).toBe(true);
    expect(view.topology).toBe("mesh");
  });

  it("lists hands in the order in which they went up", () => {
    const view = after(
      peers,
      { event: "raise-hand", data: { peerId: "b", username: "Ben" } },
      { event: "raise-hand", data: { peerId: "a", username: "Ada" } },
    );
    expect(hands(view).map(({ peerId }) => peerId)).toEqual(["b", "a"]);
    expect(hands(heard(view, { event: "lower-hand", data: { peerId: "b" } }, 0))).toHaveLength(1);
  });

  it("has one host, and whoever was it is one of the others then", () => {
    const view = after(peers, { event: "host-changed", data: { hostId: "b", reason: "transferred" } });
    expect(view.participants.map(({ role }) => role)).toEqual(["participant", "host"]);
  });

  it("counts somebody whose line is lost as here, until they are gone", () => {
    const lost = after(peers, { event: "peer-reconnecting", data: { peerId: "a" } });
    expect(lost.away.has("a")).toBe(true);
    expect(lost.participants).toHaveLength(2);
    const gone = heard(lost, { event: "peer-left", data: { peerId: "a" } }, 0);
    expect(gone.participants.map(({ peerId }) => peerId)).toEqual(["b"]);
    expect(gone.away.size).toBe(0);
  });

  it("shows once whoever knocks twice", () => {
    const knock = { peerId: "k", username: "Kim", timestamp: 1 };
    const view = after(
      peers,
      { event: "waiting-participant-joined", data: knock },
      { event: "waiting-participant-joined", data: knock },
    );
    expect(view.knocks).toHaveLength(1);
    expect(heard(view, { event: "waiting-participant-left", data: { peerId: "k" } }, 0).knocks).toEqual([]);
  });

  it("knows until when the breakout rooms are open, by the clock of this machine", () => {
    const rooms = [{ breakoutId: "r1", name: "One", peers: ["a"] }];
    const view = after(peers, { event: "breakouts", data: { rooms, endsInMs: 60_000 } });
    expect(view.breakoutsEndAt).toBe(61_000);
    expect(heard(view, { event: "breakouts", data: { rooms: [], endsInMs: null } }, 0).breakouts).toBeNull();
  });

  it("keeps who went to a breakout room, with role and hand, until they are back", () => {
    const there = { breakoutId: "r1", name: "One", peers: ["a"] };
    const gone = after(
      peers,
      { event: "raise-hand", data: { peerId: "a", username: "Ada" } },
      { event: "peer-left", data: { peerId: "a", reason: "breakout" } },
      { event: "breakouts", data: { rooms: [there], endsInMs: null } },
    );
    expect(gone.participants[0]).toMatchObject({ role: "host", handRaised: true, breakout: "r1" });
    const back = heard(gone, { event: "peer-joined", data: { peerId: "a", username: "Ada" } }, 0);
    expect(back.participants[0]).toMatchObject({ role: "host", handRaised: true, breakout: null });
  });

  it("hears a private message once, however often it is said", () => {
    const line = { id: "1", peerId: "a", username: "Ada", message: "psst", timestamp: 5 };
    const view = after(
      peers,
      { event: "private-message", data: line },
      { event: "private-message", data: line },
    );
    expect(view.whispers).toHaveLength(1);
  });
});

describe("descriptions and candidates of other clients", () => {
  it.each([
    ["v=0", "v=0"],
    [{ type: "offer", sdp: "v=0" }, "v=0"],
    [{ type: "offer" }, null],
    [7, null],
    [null, null],
  ])("are read as text or as an object: %j", (told, sdp) => {
    expect(sdpOf(told)).toBe(sdp);
  });

  it.each([
    ['{"candidate":"candidate:1","sdpMid":"0"}', { candidate: "candidate:1", sdpMid: "0" }],
    [
      { candidate: "candidate:1", sdpMid: "0" },
      { candidate: "candidate:1", sdpMid: "0" },
    ],
    ["candidate:1", { candidate: "candidate:1", sdpMLineIndex: 0 }],
    ['{"candidate":""}', null],
    ["{broken", null],
    ["", null],
    [12, null],
  ])("%j", (told, candidate) => {
    expect(candidateOf(told)).toEqual(candidate);
  });
});

function report(received: number, lost: number, seconds: number): RTCStatsReport {
  return new Map<string, unknown>([
    ["in", { type: "inbound-rtp", packetsReceived: received, packetsLost: lost }],
    ["pair", { type: "candidate-pair", nominated: true, currentRoundTripTime: seconds }],
  ]) as unknown as RTCStatsReport;
}

describe("the quality of a connection", () => {
  it("is judged by what was lost since the last look, not since the beginning", () => {
    const bad = qualityOf(report(80, 20, 0.01), null);
    expect(bad?.grade).toBe("poor");
    expect(qualityOf(report(180, 20, 0.01), bad)?.grade).toBe("good");
    expect(qualityOf(report(180, 20, 0.4), bad)?.grade).toBe("fair");
  });

  it("is unknown before anything came", () => {
    expect(qualityOf(new Map() as unknown as RTCStatsReport, null)).toBeNull();
  });
});

class Socket {
  static all: Socket[] = [];
  readyState = 1;
  said: { event: string; data: Record<string, unknown> }[] = [];
  private readonly heard = new Map<string, (event: object) => void>();
  constructor(readonly url: string) {
    Socket.all.push(this);
  }
  addEventListener(event: string, listener: unknown): void {
    this.heard.set(event, listener as (event: object) => void);
  }
  send(text: string): void {
    this.said.push(JSON.parse(text) as Socket["said"][number]);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.heard.get("open")?.({});
  }
  hear(frame: object): void {
    this.heard.get("message")?.({ data: JSON.stringify(frame) });
  }
  drop(code: number): void {
    this.readyState = 3;
    this.heard.get("close")?.({ code });
  }
}

function meeting(): Meeting {
  return new Meeting({
    room: "R 1",
    me: { id: "b", name: "Ben" },
    origin: "https://tutti.example",
    open: (url) => new Socket(url) as never,
    random: () => 0.5,
  });
}

describe("the way in and back", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    Socket.all = [];
  });
  afterEach(() => vi.useRealTimers());

  it("joins by name, and comes back with what proves who it is and what it heard last", () => {
    const made = meeting();
    const [first] = Socket.all;
    expect(first?.url).toBe("wss://tutti.example/room/R%201/websocket");
    first?.open();
    expect(first?.said).toEqual([{ event: "join", data: { peerId: "b", username: "Ben" } }]);
    first?.hear({ event: "peers", data: PEERS });
    first?.hear({ event: "room-locked", data: {}, seq: 9 });
    first?.drop(1006);
    expect(made.view().connection).toBe("lost");
    vi.advanceTimersByTime(1_000);
    const second = Socket.all[1];
    second?.open();
    expect(second?.said[0]?.data).toEqual({
      peerId: "b",
      username: "Ben",
      resumeToken: "tp1.x",
      lastSeq: 9,
      epoch: "e",
    });
    made.leave();
  });

  it("comes back with the newest token", () => {
    const made = new Meeting({
      room: "R",
      me: { name: "Ben" },
      token: "old",
      origin: "https://tutti.example",
      open: (url) => new Socket(url) as never,
      random: () => 0.5,
    });
    Socket.all[0]?.open();
    expect(Socket.all[0]?.said).toEqual([{ event: "join", data: { username: "Ben", token: "old" } }]);
    Socket.all[0]?.hear({ event: "peers", data: PEERS });
    made.signIn("fresh");
    Socket.all[0]?.drop(1008);
    vi.advanceTimersByTime(1_000);
    Socket.all[1]?.open();
    expect(Socket.all[1]?.said[0]?.data).toMatchObject({ token: "fresh", resumeToken: "tp1.x" });
    made.leave();
  });

  it("does not come back after 1000, and says why it is out", () => {
    const made = meeting();
    const [socket] = Socket.all;
    socket?.open();
    socket?.hear({ event: "peers", data: PEERS });
    socket?.hear({ event: "kicked", data: {} });
    socket?.drop(1000);
    vi.advanceTimersByTime(60_000);
    expect(Socket.all).toHaveLength(1);
    expect(made.view()).toMatchObject({ connection: "ended", problem: { code: "kicked" } });
  });

  it("gives up at a door that will not open by itself", () => {
    const made = meeting();
    const [socket] = Socket.all;
    socket?.open();
    socket?.hear({ event: "error", data: { code: "ROOM_FULL", message: "This room is full" } });
    socket?.drop(1006);
    expect(made.view().problem?.message).toBe("This room is full");
    vi.advanceTimersByTime(60_000);
    expect(Socket.all).toHaveLength(1);
  });

  it("asks for another password at once, although the connection is still open", () => {
    const made = meeting();
    const [socket] = Socket.all;
    socket?.open();
    const data = { code: "UNAUTHORIZED", message: "This is not the password", reason: "wrong_password" };
    socket?.hear({ event: "error", data });
    expect(made.view()).toMatchObject({ connection: "ended", problem: { reason: "wrong_password" } });
  });

  it("shows that it is alive every 25 s, and is in no hurry while it waits at the door", () => {
    const made = meeting();
    const [socket] = Socket.all;
    socket?.open();
    socket?.hear({ event: "waiting", data: { position: 1 } });
    expect(made.view().connection).toBe("waiting");
    vi.advanceTimersByTime(60_000);
    expect(Socket.all).toHaveLength(1);
    expect(socket?.said.filter(({ event }) => event === "ping")).toHaveLength(2);
    made.leave();
  });
});
