/** Guide 003's `/api/notifications/`: what one was told, and what one wants to be told of. */

import type { Page, PartyHttp } from "./http";
import type { Somebody } from "./people";

export interface Notification {
  id: string;
  type: string;
  title: string;
  message: string;
  /** What it is about, such as `party_id` or `conversation_id`. */
  data: Readonly<Record<string, unknown>>;
  actor: Somebody | null;
  is_read: boolean;
  read_at: string | null;
  created_at: string;
}

export interface NotificationPage extends Page<Notification> {
  unread_count: number;
}

export interface NotificationChoice {
  in_app: boolean;
  email: boolean;
}

/** By type of notification. */
export type NotificationChoices = Readonly<Record<string, NotificationChoice>>;

export class NotificationsApi {
  constructor(private readonly http: PartyHttp) {}

  all = (): Promise<NotificationPage> => this.http.get("/notifications/");
  more = (address: string): Promise<Page<Notification>> => this.http.page(address);
  read = (id: string): Promise<Notification> =>
    this.http.patch(`/notifications/${encodeURIComponent(id)}/read/`, {});
  readAll = (): Promise<{ marked: number }> => this.http.post("/notifications/mark-all-read/");
  delete = (id: string): Promise<void> => this.http.delete(`/notifications/${encodeURIComponent(id)}/`);
  choices = (): Promise<NotificationChoices> => this.http.get("/notifications/preferences/");
  choose = (type: string, choice: Partial<NotificationChoice>): Promise<NotificationChoices> =>
    this.http.patch("/notifications/preferences/", { [type]: choice });
}
