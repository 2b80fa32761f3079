import { expect, test } from "vitest";
import { levelOf, loudnessOf, SILENCE } from "../../src/meet/loudness";

function playing(...counts: { energy: number; seconds: number }[]): RTCPeerConnection {
  const receivers = counts.map(({ energy, seconds }) => ({
    track: { kind: "audio" },
    getStats: async () =>
      new Map<string, unknown>([
        ["in", { type: "inbound-rtp", totalAudioEnergy: energy, totalSamplesDuration: seconds }],
        ["other", { type: "codec" }],
      ]),
  }));
  const picture = { track: { kind: "video" }, getStats: () => Promise.reject(new Error("not asked")) };
  return { getReceivers: () => [...receivers, picture] } as unknown as RTCPeerConnection;
}

test("a word that is shorter than the time between two looks is heard", async () => {
  const before = await loudnessOf(playing({ energy: 1, seconds: 10 }));
  const beep = 0.5 ** 2 * 0.02;
  const after = await loudnessOf(playing({ energy: 1 + beep, seconds: 10.25 }));
  expect(levelOf(after, before)).toBeCloseTo(Math.sqrt(beep / 0.25));
  expect(levelOf(after, before)).toBeGreaterThan(0.02);
});

test("nothing that was played is silence", async () => {
  const silent = await loudnessOf(playing());
  expect(levelOf(silent, SILENCE)).toBe(0);
  const same = await loudnessOf(playing({ energy: 1, seconds: 10 }));
  expect(levelOf(same, same)).toBe(0);
});

test("whoever shares a screen with sound is heard in both", async () => {
  const both = await loudnessOf(playing({ energy: 0.1, seconds: 1 }, { energy: 0.2, seconds: 1 }));
  expect(levelOf(both, SILENCE)).toBeCloseTo(Math.sqrt(0.3));
});
