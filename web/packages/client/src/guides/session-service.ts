/** Guide 000, service 3: making, joining and changing a session, over HTTP. */

import type { SessionRole, SessionState } from "./listen-wire";

export interface SessionServiceOptions {
  /** Like `http://localhost:3001/api` (the guide's `REACT_APP_API_URL`). */
  apiUrl: string;
  /** The Spotify access token, asked for at each request. */
  token: () => string | Promise<string>;
  user: { id: string; name: string };
}

/** What the server declined, in its own words. `status` 0: it could not be reached. */
export class SessionError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "SessionError";
  }
}

interface Entered {
  sessionId: string;
  role: SessionRole;
  /** Beyond the guide: a pass that tells which member of the session is asking. */
  hostToken?: string;
  clientToken?: string;
}

/** Guide 000, "SessionService". It remembers the session that was last made or joined. */
export class SessionService {
  private entered: Entered | null = null;
  private declined: SessionError | null = null;

  constructor(private readonly options: SessionServiceOptions) {}

  /** The code of the session that this person is in; null before any. */
  get sessionId(): string | null {
    return this.entered?.sessionId ?? null;
  }

  get role(): SessionRole | null {
    return this.entered?.role ?? null;
  }

  get userId(): string {
    return this.options.user.id;
  }

  /** Why the last `joinSession` gave false; null if it did not. */
  get lastError(): SessionError | null {
    return this.declined;
  }

  /** Guide 000, "Create Session": resolves with the code to tell others. Rejects with a `SessionError`. */
  async createSession(): Promise<string> {
    this.entered = await this.enter("/sessions");
    return this.entered.sessionId;
  }

  /**
   * Guide 000, "Join Session": true once in, false when the server declined (no such session, full, …; see `lastError`).
   *
   * Rejects with a `SessionError` of status 0 when the server cannot be reached.
   */
  async joinSession(sessionId: string): Promise<boolean> {
    this.declined = null;
    try {
      this.entered = await this.enter(`${inSession(sessionId)}/join`);
      return true;
    } catch (reason) {
      if (!(reason instanceof SessionError) || reason.status === 0) throw reason;
      this.declined = reason;
      return false;
    }
  }

  /** Guide 000, "Update Client Offset": −5000 to 5000 ms; only a client has one. Rejects with a `SessionError`. */
  async updateOffset(offset: number): Promise<void> {
    await this.inside("PATCH", "/offset", { offsetMs: offset });
  }

  /** Guide 000, "Get Session State". Rejects with a `SessionError`. */
  getSessionState(): Promise<SessionState> {
    return this.inside("GET", "/state");
  }

  /** Guide 000, "End Session": only the host may. Rejects with a `SessionError`. */
  async endSession(): Promise<void> {
    await this.inside("DELETE", "");
    this.entered = null;
  }

  private async enter(path: string): Promise<Entered> {
    const { user, token } = this.options;
    return this.call("POST", path, await token(), { userId: user.id, userName: user.name });
  }

  /** In a session, its own pass tells best who is asking: two people may share a Spotify account. */
  private async inside<T>(method: string, rest: string, body?: object): Promise<T> {
    const { entered } = this;
    if (entered === null) throw new SessionError(0, "NO_SESSION", "Create or join a session first");
    const pass = entered.hostToken ?? entered.clientToken ?? (await this.options.token());
    return this.call(method, inSession(entered.sessionId) + rest, pass, body);
  }

  private async call<T>(method: string, path: string, token: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const request: RequestInit = { method, headers };
    if (body !== undefined) request.body = JSON.stringify(body);
    const response = await fetch(this.options.apiUrl + path, request).catch(() => {
      throw new SessionError(0, "UNREACHABLE", "The server cannot be reached");
    });
    const said: unknown = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) throw declined(response.status, said);
    return said as T;
  }
}

function inSession(sessionId: string): string {
  return `/sessions/${encodeURIComponent(sessionId)}`;
}

function declined(status: number, said: unknown): SessionError {
  const { error, code } = (said ?? {}) as { error?: string; code?: string };
  const words = error ?? `The server answered ${status} without saying why`;
  return new SessionError(status, code ?? "UNKNOWN", words);
}
