/** Guide 002's client, and being signed in. */

export { Accounts, SignInError, spotifyIsSetUp, type Account, type NewAccount } from "./accounts";
export { cellAt, cellBeside, cellSizeKm, PRECISION, readCell } from "./geohash";
export { NearbyApi, NearbyError, type NearbyIdentity } from "./nearby-api";
export { NearbyService, type NearbyServiceOptions, type Remains } from "./nearby-service";
export {
  heard,
  nameOf,
  NOBODY,
  withFind,
  type FindView,
  type NearbyConnection,
  type NearbyEvent,
  type NearbyView,
} from "./nearby-view";
export type {
  Bucket,
  Ending,
  Find,
  Listener,
  Match,
  NearbyHears,
  NearbyPerson,
  Place,
  Playing,
  Presence,
  Room,
  Settings,
  SpotifyState,
  Track,
} from "./wire";
