import { describe, expect, it } from "vitest";
import { heard, NOBODY, withFind, type NearbyEvent, type NearbyView } from "../../src/nearby";
import { ANN, OFFER } from "./people";

const PRESENCE = { isLive: true, shareTrack: true, allowFind: true, radiusKm: 2, heartbeatSeconds: 15 };

const LIVE: NearbyView = {
  ...NOBODY,
  me: "ben",
  presence: PRESENCE,
  place: { geohash: "u09tvw", settled: true },
  users: [ANN],
};

function after(view: NearbyView, ...events: NearbyEvent[]): NearbyView {
  return events.reduce((now, event) => heard(now, event, 1_000), view);
}

describe("what is known of who is near", () => {
  it("loses whoever left, and takes a track back when it is shared no more", () => {
    const said = { userId: "ann", trackId: "t", trackName: "Naima", artist: "John Coltrane" };
    const playing = after(LIVE, { name: "live:track_update", said });
    expect(playing.users[0]?.track).toEqual({ trackId: "t", trackName: "Naima", artist: "John Coltrane" });
    const none = { userId: "ann", trackId: null, trackName: null, artist: null };
    expect(after(playing, { name: "live:track_update", said: none }).users[0]?.track).toBeNull();
    expect(after(LIVE, { name: "live:user_left", said: { userId: "ann" } }).users).toEqual([]);
  });

  it("is nothing once one is live no more", () => {
    const offline = after(withFind(LIVE, OFFER, 0), { name: "live:went_offline", said: {} });
    expect(offline).toMatchObject({ place: null, users: [], matches: [], find: null, playing: null });
    expect(offline.presence?.isLive).toBe(false);
  });

  it("has no track from a Spotify that may not be asked any more, and still knows so when offline", () => {
    const track = { trackId: "t", trackName: "Naima", artist: "John Coltrane" };
    const playing: NearbyView = { ...LIVE, spotify: "connected", playing: { isPlaying: true, track } };
    const lost = after(playing, { name: "spotify:reauth_required", said: {} });
    expect(lost).toMatchObject({ spotify: "reauth_required", playing: null });
    expect(after(lost, { name: "live:went_offline", said: {} }).spotify).toBe("reauth_required");
  });
});

describe("a find session", () => {
  it("is told alike by answers and by events, from the question to found", () => {
    const offered = withFind(LIVE, OFFER, 1_000);
    expect(offered.find).toMatchObject({ role: "seeker", otherName: "Ann", stage: "offered", until: 61_000 });
    const close = after(
      offered,
      { name: "find:accepted", said: { sessionId: "s", answersLeft: 6 } },
      { name: "find:bucket_update", said: { sessionId: "s", bucket: "close", answersLeft: 5 } },
      { name: "find:found_claimed", said: { sessionId: "s", confirmed: ["ann"] } },
    );
    expect(close.find).toMatchObject({
      stage: "accepted",
      bucket: "close",
      answersLeft: 5,
      answeredAt: 1_000,
      until: 301_000,
      iFound: false,
      otherFound: true,
    });
    const over = after(close, { name: "find:session_ended", said: { sessionId: "s", status: "completed" } });
    expect(over.find).toMatchObject({ stage: "ended", ending: "completed", bucket: "found" });
  });

  it("has its five minutes from the first consent only", () => {
    const said = { sessionId: "s", answersLeft: 6 };
    const accepted = heard(withFind(LIVE, OFFER, 0), { name: "find:accepted", said }, 10_000);
    expect(heard(accepted, { name: "find:accepted", said }, 90_000).find?.until).toBe(310_000);
  });

  it("of somebody else changes nothing", () => {
    const mine = withFind(LIVE, OFFER, 0);
    expect(after(mine, { name: "find:session_ended", said: { sessionId: "x", status: "expired" } })).toBe(
      mine,
    );
  });

  it("that comes from somebody else is theirs to ask and mine to answer", () => {
    const said = { sessionId: "q", seekerId: "ann", seekerName: "Ann", expiresIn: 60 };
    const asked = after(LIVE, { name: "find:request_received", said });
    expect(asked.find).toMatchObject({ role: "target", otherName: "Ann", stage: "offered", until: 61_000 });
  });
});
