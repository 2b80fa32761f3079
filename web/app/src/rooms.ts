/** The native dialect's two calls over HTTP: make a room, and look at one from outside. */

import type { NewMedia, Snapshot } from "@tutti/client/native";
import { accounts } from "./sign-in/accounts";

export class RoomError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "RoomError";
  }
}

export interface Made {
  room: string;
  /** Shows who made it, wherever that person comes from. */
  pass: string;
}

interface NewRoom {
  name: string;
  userId: string;
  userName: string;
  media: NewMedia;
  waitForAll: boolean;
}

export function createRoom(room: NewRoom): Promise<Made> {
  return call("POST", "", room);
}

export function findRoom(room: string): Promise<Snapshot> {
  return call("GET", `/${encodeURIComponent(room)}`);
}

async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  const token = await accounts.token();
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  const request: RequestInit = { method, headers };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(`/v1/rooms${path}`, request);
  } catch {
    throw new RoomError(0, "The server cannot be reached");
  }
  const said: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new RoomError(response.status, words(response.status, said));
  return said as Answer;
}

function words(status: number, said: unknown): string {
  if (typeof said === "object" && said !== null && "message" in said && typeof said.message === "string") {
    return said.message;
  }
  return `The server answered ${status} without saying why`;
}
