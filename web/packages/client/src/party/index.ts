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
export {
  PartiesApi,
  type NewParty,
  type Party,
  type PartyDetail,
  type PartyFilter,
  type PartyJoined,
  type PartyLink,
  type PartyPart,
  type PartyParticipant,
  type PartyRole,
  type PartySettings,
  type PartyStanding,
  type PartyStatus,
  type PartyVideo,
} from "./parties";
export {
  MessagingApi,
  type Conversation,
  type ConversationPerson,
  type Message,
  type MessageFile,
  type NewMessage,
} from "./messaging";
export {
  NotificationsApi,
  type Notification,
  type NotificationChoice,
  type NotificationChoices,
  type NotificationPage,
} from "./notifications";
export { PersonLine, type PersonHears } from "./person-line";
