export { observe, roomTime, type ClockEstimate, type Probe } from "./clock";
export { follow, forgive, STILL, type Correction, type Follower, type Sample } from "./follow";
export { positionAt, timelineOf, type Timeline } from "./position";
export { RoomError, RoomsApi, type NewRoom } from "./rooms-api";
export {
  hear,
  spreadMs,
  type Connection,
  type Media,
  type Person,
  type Problem,
  type RoomView,
} from "./room-view";
export { VideoFollower, type Sound } from "./video-follower";
export { connect, WatchRoom, type LocalClock, type Me } from "./watch-room";
export type { MemberSync, Participant, PlaybackAction, PlaybackState, Quality, Room } from "./wire";
