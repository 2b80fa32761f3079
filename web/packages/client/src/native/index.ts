export { NativeRoom, Refusal, type NativeRoomOptions, type WebSocketLike } from "./native-room";
export {
  awaited,
  positionAt,
  targetAt,
  timelineAt,
  type Connection,
  type NativeView,
  type Problem,
  type Reaction,
  type RoomState,
  type Status,
} from "./room-state";
export { NativeFollower, type FollowerOptions, type Sound } from "./video-follower";
export type {
  ChatLine,
  Entry,
  Media,
  Member,
  NewMedia,
  NewPoll,
  PlayerState,
  Poll,
  PollKind,
  PollResults,
  Report,
  Role,
  Snapshot,
  Timeline,
  Waiting,
} from "./wire";
