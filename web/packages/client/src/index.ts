/** The native client, the values it is made of, and a client of guide 001's dialect. */

export { boundAt, nextProbeInMs, observe, roomTime, type ClockEstimate, type Probe } from "./clock";
export { Follower, MUSIC, VIDEO, type Action, type Limits, type Sample } from "./follow";
export * from "./native/index";
export { timelineOf, type Timeline as WatchTimeline } from "./position";
export { RoomError, RoomsApi, type NewRoom } from "./rooms-api";
export {
  hear,
  spreadMs,
  type Connection as WatchConnection,
  type Media as WatchMedia,
  type Person,
  type Problem as WatchProblem,
  type RoomView,
} from "./room-view";
export { VideoFollower } from "./video-follower";
export { connect, WatchRoom, type LocalClock, type Me } from "./watch-room";
export type { MemberSync, Participant, PlaybackAction, PlaybackState, Quality, Room } from "./wire";
