/** Ann is near, and Ben has asked her. */

import type { Find } from "../../src/nearby";

export const ANN = {
  userId: "ann",
  displayName: "Ann",
  avatarUrl: null,
  geohash: "u09tvw",
  distance: 1,
  track: null,
};

export const OFFER: Find = {
  sessionId: "s",
  seekerId: "ben",
  targetId: "ann",
  status: "offered",
  bucket: null,
  answersLeft: 6,
  expiresIn: 60,
  confirmed: [],
};
