/** Guide 003's client: accounts, people, parties. */

export { AccountApi, type FactorSetUp, type LoginSession } from "./accounts";
export {
  PartyError,
  PartyHttp,
  type Asking,
  type Method,
  type Page,
  type PartyIdentity,
  type Query,
} from "./http";
export {
  PeopleApi,
  type Blocked,
  type Friendship,
  type OwnProfile,
  type Privacy,
  type Profile,
  type ProfileChanges,
  type Somebody,
  type Standing,
  type Visibility,
} from "./people";
