/** The watch dialect's REST half. Every call resolves with the room or throws a `RoomError` in the server's words. */

import type { Room } from "./wire";

export class RoomError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "RoomError";
  }
}

export interface NewRoom {
  name: string;
  mediaId: string;
  mediaType: "movie" | "tv";
  adminId: string;
  /** The name of whoever makes it, beyond the guide. */
  userName: string;
  providerId: string;
}

export class RoomsApi {
  constructor(private readonly origin = "") {}

  create(room: NewRoom): Promise<Room> {
    return this.call("POST", "", room);
  }

  get(roomId: string): Promise<Room> {
    return this.call("GET", inRoom(roomId));
  }

  join(roomId: string, userId: string, userName: string): Promise<Room> {
    return this.call("POST", inRoom(roomId, "/join"), { userId, userName });
  }

  async transferAdmin(roomId: string, currentAdminId: string, newAdminId: string): Promise<void> {
    await this.call("POST", inRoom(roomId, "/transfer-admin"), { currentAdminId, newAdminId });
  }

  async kick(roomId: string, adminId: string, userIdToKick: string): Promise<void> {
    await this.call("POST", inRoom(roomId, "/kick-user"), { adminId, userIdToKick });
  }

  private async call(method: string, path: string, body?: unknown): Promise<Room> {
    const request: RequestInit = { method, headers: { "Content-Type": "application/json" } };
    if (body !== undefined) request.body = JSON.stringify(body);
    let response: Response;
    try {
      response = await fetch(`${this.origin}/auth/watch-together/rooms${path}`, request);
    } catch {
      throw new RoomError(0, "The server cannot be reached");
    }
    const said: { data?: Room; message?: string } = await response.json().catch(() => ({}));
    if (!response.ok || said.data === undefined)
      throw new RoomError(response.status, words(response.status, said));
    return said.data;
  }
}

function inRoom(roomId: string, rest = ""): string {
  return `/${encodeURIComponent(roomId)}${rest}`;
}

function words(status: number, said: { message?: string }): string {
  return said.message ?? `The server answered ${status} without saying why`;
}
