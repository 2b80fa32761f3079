/** Guide 003's `/api/messaging/`: conversations of two and of many, what is said in them, and files. */

import type { Page, PartyHttp, PartyIdentity } from "./http";
import type { Somebody } from "./people";

export interface MessageFile {
  id: string;
  name: string;
  content_type: string;
  size: number;
  /** Fetched with a token: see `MessagingApi.file`. */
  url: string;
}

/** `user` null: the account is gone. What was deleted says nothing. */
export interface Message {
  id: string;
  conversation_id: string;
  user: Somebody | null;
  message: string;
  message_type: "text" | "file";
  timestamp: string;
  edited: boolean;
  edited_at: string | null;
  deleted: boolean;
  reply_to: string | null;
  attachments: MessageFile[];
}

export interface ConversationPerson extends Somebody {
  role: "owner" | "member";
  last_read_at: string;
}

export interface Conversation {
  id: string;
  type: "direct" | "group";
  title: string;
  participants: ConversationPerson[];
  last_message: Message | null;
  unread_count: number;
  created_at: string;
  updated_at: string;
}

export interface NewMessage {
  message: string;
  reply_to?: string | undefined;
  /** Ids of files uploaded to this conversation. */
  attachments?: readonly string[] | undefined;
}

export class MessagingApi {
  constructor(
    private readonly http: PartyHttp,
    private readonly identity: PartyIdentity,
    private readonly origin = "",
  ) {}

  conversations = (): Promise<Page<Conversation>> => this.http.get("/messaging/conversations/");
  conversation = (id: string): Promise<Conversation> => this.http.get(of(id));
  /** The one conversation with somebody, begun if there is none. */
  withOne = (user: string): Promise<Conversation> =>
    this.http.post("/messaging/conversations/", { user_id: user });
  group = (participants: readonly string[], title: string, once?: string): Promise<Conversation> =>
    this.http.post("/messaging/conversations/", { participants, title, type: "group" }, { once });
  rename = (id: string, title: string): Promise<Conversation> => this.http.patch(of(id), { title });
  add = (id: string, users: readonly string[]): Promise<Conversation> =>
    this.http.post(`${of(id)}participants/`, { user_ids: users });
  remove = (id: string, user: string): Promise<void> =>
    this.http.delete(`${of(id)}participants/${encodeURIComponent(user)}/`);
  leave = (id: string): Promise<{ detail: string }> => this.http.post(`${of(id)}leave/`);

  /** The newest first. */
  messages = (id: string): Promise<Page<Message>> => this.http.get(`${of(id)}messages/`);
  more = <Row>(address: string): Promise<Page<Row>> => this.http.page(address);
  /** `once`: sent again under the same key it is said once. */
  send = (id: string, said: NewMessage, once: string): Promise<Message> =>
    this.http.post(`${of(id)}messages/`, said, { once });
  edit = (id: string, message: string, text: string): Promise<Message> =>
    this.http.patch(`${of(id)}messages/${encodeURIComponent(message)}/`, { message: text });
  delete = (id: string, message: string): Promise<void> =>
    this.http.delete(`${of(id)}messages/${encodeURIComponent(message)}/`);
  read = (id: string): Promise<{ last_read_at: string }> => this.http.post(`${of(id)}read/`);

  /** At most five, 5 MiB together; they can be sent with a message then. */
  upload = async (id: string, files: readonly File[]): Promise<MessageFile[]> => {
    const form = new FormData();
    for (const file of files) form.append("attachments", file);
    return (await this.http.post<{ results: MessageFile[] }>(`${of(id)}attachments/`, form)).results;
  };
  file = async ({ url }: MessageFile): Promise<Blob> => {
    const token = await this.identity.token();
    const answer = await fetch(this.origin + url, { headers: { Authorization: `Bearer ${token ?? ""}` } });
    if (!answer.ok) throw new Error("This file is not there any more");
    return answer.blob();
  };
}

function of(id: string): string {
  return `/messaging/conversations/${encodeURIComponent(id)}/`;
}
