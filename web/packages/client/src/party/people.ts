/** Guide 003's `/api/users/`: oneself, friends, people one finds, and people one wants nothing to do with. */

import type { Page, PartyHttp } from "./http";

/** Somebody, wherever they are mentioned. `avatar` is an address on the server. */
export interface Somebody {
  id: string;
  username: string;
  display_name: string;
  avatar: string | null;
}

export type Visibility = "public" | "friends" | "private";

export interface Privacy {
  profile_visibility: Visibility;
  allow_friend_requests: boolean;
  show_online_status: boolean;
  searchable: boolean;
}

export interface OwnProfile extends Somebody {
  email: string | null;
  first_name: string;
  last_name: string;
  is_email_verified: boolean;
  two_factor_enabled: boolean;
  date_joined: string;
  bio: string;
  timezone: string;
  privacy: Privacy;
}

export type ProfileChanges = Partial<
  Pick<OwnProfile, "display_name" | "first_name" | "last_name" | "bio" | "timezone">
>;

export type Standing = "none" | "request_sent" | "request_received" | "friends" | "self";

/** Somebody else's profile; what they hide is null. */
export interface Profile extends Somebody {
  friendship: { status: Standing; id: string | null };
  is_friend: boolean;
  bio: string | null;
  timezone: string | null;
  date_joined: string | null;
  is_online: boolean | null;
}

/** A friend, or a request. `id` is the friendship's. */
export interface Friendship {
  id: string;
  user: Somebody;
  status: "pending" | "accepted";
  direction: "sent" | "received" | null;
  created_at: string;
}

export interface Blocked {
  user: Somebody;
  blocked_at: string;
}

export class PeopleApi {
  constructor(private readonly http: PartyHttp) {}

  me = (): Promise<OwnProfile> => this.http.get("/users/profile/");
  change = (changes: ProfileChanges): Promise<OwnProfile> => this.http.patch("/users/profile/", changes);
  changePrivacy = (changes: Partial<Privacy>): Promise<Privacy> =>
    this.http.patch("/users/settings/privacy/", changes);
  /** JPEG, PNG, WebP or GIF, at most 2 MiB. */
  uploadPicture = (picture: Blob): Promise<OwnProfile> => {
    const form = new FormData();
    form.set("avatar", picture);
    return this.http.post("/users/profile/avatar/", form);
  };
  removePicture = (): Promise<void> => this.http.delete("/users/profile/avatar/");

  profile = (id: string): Promise<Profile> => this.http.get(of(id));
  /** By the beginning of a name or of a word in it: two letters or more. */
  search = (words: string): Promise<Page<Somebody>> => this.http.get("/users/search/", { q: words });

  friends = (): Promise<Page<Friendship>> => this.http.get("/users/friends/");
  requests = (direction: "received" | "sent"): Promise<Page<Friendship>> =>
    this.http.get("/users/friends/requests/", { direction });
  more = <Row>(address: string): Promise<Page<Row>> => this.http.page(address);

  /** Whoever was asked by them agrees by this. */
  befriend = (id: string): Promise<Friendship> => this.http.post("/users/friends/request/", { user_id: id });
  /** By the friendship's id or the other's, as the next two. */
  accept = (id: string): Promise<Friendship> => this.http.post(`${inFriends(id)}accept/`);
  decline = (id: string): Promise<{ detail: string }> => this.http.post(`${inFriends(id)}decline/`);
  unfriend = (id: string): Promise<void> => this.http.delete(inFriends(id));

  block = (id: string): Promise<{ detail: string }> => this.http.post(`${of(id)}block/`);
  unblock = (id: string): Promise<{ detail: string }> => this.http.post(`${of(id)}unblock/`);
  blocked = (): Promise<Page<Blocked>> => this.http.get("/users/blocked/");
}

function of(id: string): string {
  return `/users/${encodeURIComponent(id)}/`;
}

function inFriends(id: string): string {
  return `/users/friends/${encodeURIComponent(id)}/`;
}
