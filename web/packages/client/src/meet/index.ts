/** Meetings: the room as guide 004 tells of it, and the call in it. */

export { Call, type CallOptions, type Tile } from "./call";
export { Meeting, type MeetingOptions, type Signal } from "./meeting";
export {
  hands,
  myself,
  nameOf,
  type MeetConnection,
  type MeetProblem,
  type MeetView,
  type Notice,
  type PrivateLine,
} from "./meeting-state";
export type { Grade, Quality } from "./quality";
export type { Breakouts, Knock, MeetRole, Participant, Recording } from "./wire";
