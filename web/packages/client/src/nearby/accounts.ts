/**
 * Being signed in with an account of the server (`/api/auth/`), or with Spotify (`/api/v1/auth/`).
 *
 * The access token is kept in memory only and renewed before it expires. The refresh token is the server's cookie, which
 * scripts cannot read and every tab shares, so that two tabs never hold two ends of one chain.
 */

export interface Account {
  id: string;
  name: string;
}

/** `ticket`: half a login, that a second factor completes. */
export class SignInError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly ticket: string | null = null,
  ) {
    super(message);
    this.name = "SignInError";
  }
}

export interface NewAccount {
  email: string;
  password: string;
  username?: string;
}

interface Entered {
  access: string;
  user?: { id: string; display_name?: string; username?: string };
}

const RENEW_BEFORE_MS = 60_000;
const AGAIN_AFTER_MS = 10_000;

export class Accounts {
  private access: string | null = null;
  private expiresAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private renewing: Promise<void> | null = null;
  private who: Account | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly origin = "",
    private readonly now: () => number = () => performance.now(),
  ) {}

  account = (): Account | null => this.who;

  /** Called when somebody signs in or out, and when there is a fresh token. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The access token as it is now, for whoever cannot wait. */
  current = (): string | null => this.access;

  /** A token that is still valid; null if nobody is signed in. */
  token = async (): Promise<string | null> => {
    if (this.access !== null && this.now() > this.expiresAt - RENEW_BEFORE_MS / 2) {
      await this.renew().catch(() => undefined);
    }
    return this.access;
  };

  /** A fresh token, after the server refused the one that there was; null: the login has ended. */
  renewed = async (): Promise<string | null> => {
    await this.renew().catch(() => undefined);
    return this.access;
  };

  /** Goes on with a login of this browser. False: there is none. Rejects if the server cannot say. */
  async resume(): Promise<boolean> {
    try {
      await this.renew();
    } catch (reason) {
      if (reason instanceof SignInError && (reason.status === 401 || reason.status === 400)) return false;
      throw reason;
    }
    return this.who !== null;
  }

  async register(account: NewAccount): Promise<void> {
    this.enter(await this.post("/api/auth/register/", account));
  }

  /** Rejects with a `ticket` where a second factor is needed. `login` is the email, or the user name. */
  async logIn(login: string, password: string): Promise<void> {
    const named = login.includes("@") ? { email: login } : { username: login };
    this.enter(await this.post("/api/auth/login/", { ...named, password }));
  }

  async verify(ticket: string, code: string): Promise<void> {
    this.enter(await this.post("/api/auth/verify-2fa/", { ticket, code }));
  }

  /** The one-use code that the way back from Spotify carries. */
  async exchange(code: string): Promise<void> {
    const { refreshToken } = await this.post<{ refreshToken: string }>("/api/v1/auth/token", { code });
    // At once, so that the login is the cookie's like every other.
    await this.accept(await this.post("/api/auth/refresh/", { refresh: refreshToken }));
  }

  /** Ends the login here and on the server: what is live on it is gone. */
  async logOut(): Promise<void> {
    const { access } = this;
    this.leave();
    if (access !== null) await this.post("/api/auth/logout/", {}, access);
  }

  private renew(): Promise<void> {
    this.renewing ??= this.post<Entered>("/api/auth/refresh/", {})
      .then((said) => this.accept(said))
      .catch((reason: unknown) => {
        if (reason instanceof SignInError && reason.status === 401) this.leave();
        else if (this.access !== null) this.renewIn(AGAIN_AFTER_MS);
        throw reason;
      })
      .finally(() => {
        this.renewing = null;
      });
    return this.renewing;
  }

  private async accept({ access }: Entered): Promise<void> {
    const user =
      this.who === null || subjectOf(access) !== this.who.id ? await this.whoHas(access) : undefined;
    this.enter(user === undefined ? { access } : { access, user });
  }

  private async whoHas(access: string): Promise<Entered["user"]> {
    return this.request("GET", "/api/auth/me/", undefined, access);
  }

  private enter({ access, user }: Entered): void {
    this.access = access;
    if (user !== undefined) this.who = { id: user.id, name: user.display_name || user.username || user.id };
    const livesMs = lifetimeMs(access);
    this.expiresAt = this.now() + livesMs;
    this.renewIn(Math.max(livesMs - RENEW_BEFORE_MS, livesMs / 2));
    this.tell();
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.access = null;
    this.who = null;
    this.tell();
  }

  private renewIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.renew().catch(() => undefined), ms);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private post<Answer>(path: string, body: object, token?: string): Promise<Answer> {
    return this.request("POST", path, body, token);
  }

  private async request<Answer>(
    method: string,
    path: string,
    body: object | undefined,
    token: string | undefined,
  ): Promise<Answer> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
    const request: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
    if (body !== undefined) request.body = JSON.stringify(body);
    let response: Response;
    try {
      response = await fetch(this.origin + path, request);
    } catch {
      throw new SignInError(0, "The server cannot be reached");
    }
    const said: unknown = await response.json().catch(() => null);
    if (!response.ok) throw problem(response, said);
    return said as Answer;
  }
}

/** Where signing in with Spotify begins, if it is set up: asked with a code that is none, which costs nobody anything. */
export async function spotifyIsSetUp(origin = ""): Promise<boolean> {
  try {
    const response = await fetch(`${origin}/api/v1/auth/token`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code: "none" }),
    });
    return response.status !== 503 && response.status !== 404;
  } catch {
    return false;
  }
}

/** How long it lives as the server counts: this device's clock may be wrong. */
function lifetimeMs(access: string): number {
  const { exp, iat } = claimsOf(access);
  return typeof exp === "number" && typeof iat === "number" ? (exp - iat) * 1000 : 15 * 60_000;
}

function subjectOf(access: string): unknown {
  return claimsOf(access)["sub"];
}

function claimsOf(access: string): Record<string, unknown> {
  try {
    const part = (access.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(part)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function problem(response: Response, said: unknown): SignInError {
  const body = typeof said === "object" && said !== null ? (said as Record<string, unknown>) : {};
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : null);
  const detail = text("detail") ?? text("message") ?? fieldWords(body);
  const words = detail ?? `The server answered ${response.status} without saying why`;
  const wait = response.headers.get("Retry-After");
  const again = wait === null ? "" : ` Try again in ${wait} s.`;
  return new SignInError(response.status, words + again, text("code"), text("ticket"));
}

/** `{"email": ["…"], "password": ["…"]}` as one sentence after the other. */
function fieldWords(body: Record<string, unknown>): string | null {
  const sentences = Object.values(body).flatMap((each) => (Array.isArray(each) ? each.map(String) : []));
  return sentences.length > 0 ? sentences.join(" ") : null;
}
