/** Guide 003's `/api/parties/`: watch parties, who takes part in them, and invitations. */

import type { Page, PartyHttp } from "./http";
import type { Somebody, Visibility } from "./people";

export type PartyStatus = "scheduled" | "live" | "paused" | "ended" | "cancelled";
export type PartyRole = "participant" | "moderator" | "host";
export type PartyStanding = "pending" | "approved" | "rejected" | "kicked" | "left";

export interface PartyVideo {
  id: string;
  title: string | null;
  url: string | null;
  provider: string | null;
  /** In seconds. */
  duration: number | null;
}

export interface PartySettings {
  allow_chat: boolean;
  allow_participant_control: boolean;
  require_approval: boolean;
}

/** `my_role` and `my_status`: of whoever asks; null: they have nothing to do with it yet. */
export interface Party {
  id: string;
  title: string;
  description: string;
  host: Somebody;
  video: PartyVideo | null;
  room_code: string;
  visibility: Visibility;
  status: PartyStatus;
  scheduled_for: string | null;
  started_at: string | null;
  ended_at: string | null;
  created_at: string;
  updated_at: string;
  max_participants: number;
  participant_count: number;
  settings: PartySettings;
  current_timestamp: number;
  is_playing: boolean;
  last_sync_at: string | null;
  my_role: PartyRole | null;
  my_status: PartyStanding | null;
}

export interface PartyParticipant {
  id: string;
  user: Somebody;
  role: PartyRole;
  status: PartyStanding;
  joined_at: string;
  is_online: boolean;
}

export interface PartyDetail extends Party {
  participants: PartyParticipant[];
}

export interface NewParty {
  title: string;
  description?: string;
  visibility?: Visibility;
  scheduled_for?: string | null;
  max_participants?: number;
  video?: Partial<PartyVideo> | null;
  settings?: Partial<PartySettings>;
}

export interface PartyJoined {
  detail: string;
  status: PartyStanding;
  role: PartyRole;
  party_id: string;
  room_code: string;
  title: string;
}

export interface PartyLink {
  token: string;
  invite_url: string;
  expires_at: string;
}

export type PartyPart = "hosting" | "attending";

export interface PartyFilter {
  /** `active`, `upcoming`, `past`, or statuses with commas between them. */
  status?: string | undefined;
  role?: PartyPart | undefined;
}

type Told = Promise<{ detail: string }>;

export class PartiesApi {
  constructor(private readonly http: PartyHttp) {}

  mine = ({ status, role }: PartyFilter = {}): Promise<Page<Party>> =>
    this.http.get("/parties/", { status, role });
  open = (status?: string): Promise<Page<Party>> => this.http.get("/parties/public/", { status });
  one = (id: string): Promise<PartyDetail> => this.http.get(of(id));
  /** `once`: the same key makes one party, however often it is sent. */
  create = (party: NewParty, once?: string): Promise<Party> => this.http.post("/parties/", party, { once });
  change = (id: string, changes: Partial<NewParty>): Promise<PartyDetail> => this.http.patch(of(id), changes);
  /** One that has started ends; one that has not is cancelled. */
  cancel = (id: string): Promise<void> => this.http.delete(of(id));
  start = (id: string): Promise<PartyDetail> => this.http.post(`${of(id)}start/`);

  join = (id: string): Promise<PartyJoined> => this.http.post(`${of(id)}join/`);
  joinByCode = (code: string): Promise<PartyJoined> =>
    this.http.post("/parties/join-by-code/", { room_code: code });
  joinByInvite = (token: string): Promise<PartyJoined> =>
    this.http.post("/parties/join-by-invite/", { token });
  leave = (id: string): Told => this.http.post(`${of(id)}leave/`);
  approve = (id: string, user: string): Told => this.http.post(`${of(id)}approve/`, { user_id: user });
  reject = (id: string, user: string): Told => this.http.post(`${of(id)}reject/`, { user_id: user });
  kick = (id: string, user: string): Told => this.http.post(`${of(id)}kick/`, { user_id: user });
  promote = (id: string, user: string, role: PartyRole): Told =>
    this.http.post(`${of(id)}promote/`, { user_id: user, role });

  invite = (id: string, whom: { emails?: string[]; user_ids?: string[]; message?: string }): Told =>
    this.http.post(`${of(id)}invite/`, whom);
  link = (id: string): Promise<PartyLink> => this.http.post(`${of(id)}generate-invite/`);
}

function of(id: string): string {
  return `/parties/${encodeURIComponent(id)}/`;
}
