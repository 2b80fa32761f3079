import { describe, expect, it } from "vitest";
import { CLIP, CLIP_URL, mediaAt, playable, titleOf } from "../src/media";

const NAMELESS = { title: null, artist: null, episode: null };

describe("what a room plays", () => {
  it("is a file or an HLS stream where its address says so", () => {
    for (const [id, how] of [
      ["https://example.org/film.mp4", "file"],
      ["http://example.org/live/main.m3u8", "hls"],
      ["https://example.org/MAIN.M3U8?token=1", "hls"],
      ["https://example.org/film.mp4?list=x.m3u8", "file"],
      ["/clip.webm", "file"],
    ] as const) {
      expect(playable({ id, provider: "direct" }), id).toEqual({ how, url: id });
    }
  });

  it("is the bundled clip, whichever dialect chose it", () => {
    expect(playable(CLIP)).toEqual({ how: "file", url: CLIP_URL });
    expect(playable({ id: "clip", provider: "library" })).toEqual({ how: "file", url: CLIP_URL });
  });

  it("is left to other clients where this one has no player", () => {
    for (const [id, provider] of [
      ["spotify:track:1", "spotify"],
      ["javascript:alert(1)", "direct"],
      ["file:///etc/passwd", "direct"],
      ["//elsewhere.example/x.mp4", "direct"],
    ] as const) {
      expect(playable({ id, provider }).how, id).toBe("elsewhere");
    }
  });

  it("may be nothing yet", () => {
    expect(playable(null)).toEqual({ how: "nothing" });
    expect(titleOf(null)).toBe("Nothing chosen yet");
  });
});

describe("an address that somebody typed", () => {
  it("becomes media with a name that people recognise", () => {
    expect(mediaAt("  https://example.org/films/A%20film.mp4?x=1 ")).toEqual({
      id: "https://example.org/films/A%20film.mp4?x=1",
      provider: "direct",
      kind: "movie",
      title: "A film.mp4",
    });
    expect(mediaAt("https://example.org/")?.title).toBe("example.org");
    expect(mediaAt("https://example.org/%E0%A4%A")?.title).toBe("%E0%A4%A");
  });

  it("is refused unless it is one of the web's", () => {
    for (const typed of ["", "film.mp4", "javascript:alert(1)", "ftp://example.org/x", "data:video/mp4,"]) {
      expect(mediaAt(typed), typed).toBeNull();
    }
  });
});

describe("a title", () => {
  it("says what is known", () => {
    expect(titleOf({ ...NAMELESS, id: "1", title: "So What", artist: "A band" })).toBe("So What – A band");
    expect(titleOf({ ...NAMELESS, id: "1399", episode: 3 })).toBe("1399, episode 3");
    expect(titleOf({ ...NAMELESS, id: "https://example.org/a/b.mp4" })).toBe("b.mp4");
  });
});
