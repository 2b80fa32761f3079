/**
 * Guide 003 over HTTP: JSON under `/api/`, with an access token that is renewed when it must be.
 *
 * Every call resolves with the answer or rejects with a `PartyError`, whichever of its shapes the server's took.
 */

/** Who asks. The login of the page (`Accounts`) is one. */
export interface PartyIdentity {
  /** A valid access token, asked for at each request; null: nobody is signed in. */
  token: () => Promise<string | null>;
  /** Another one, after the server refused that one; null: the login has ended. */
  renewed?: () => Promise<string | null>;
}

export class PartyError extends Error {
  constructor(
    /** 0: the server was not reached. */
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    /** What is wrong, by the field of the body that it is about. */
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
    /** When it may be tried again. */
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
    this.name = "PartyError";
  }
}

/** One page of a list. `next` and `previous` are handed to `PartyHttp.page`. */
export interface Page<Row> {
  next: string | null;
  previous: string | null;
  results: Row[];
}

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Asking {
  body?: object | undefined;
  query?: Query | undefined;
  /** The same write may be sent again under the same key: it is done once. */
  once?: string | undefined;
  /** Without a token, also if somebody is signed in. */
  anonymous?: boolean;
}

export class PartyHttp {
  constructor(
    private readonly identity: PartyIdentity,
    private readonly origin = "",
  ) {}

  get = <Answer>(path: string, query?: Query): Promise<Answer> => this.ask("GET", path, { query });
  post = <Answer>(path: string, body: object = {}, asking: Asking = {}): Promise<Answer> =>
    this.ask("POST", path, { ...asking, body });
  patch = <Answer>(path: string, body: object): Promise<Answer> => this.ask("PATCH", path, { body });
  delete = (path: string): Promise<void> => this.ask("DELETE", path);

  /** Another page of a list, as an earlier one named it. */
  page = <Row>(address: string): Promise<Page<Row>> => {
    const { pathname, search } = new URL(address, "http://nowhere.invalid");
    return this.send("GET", pathname + search, {});
  };

  /** `path` begins below `/api` and ends with a slash. A `FormData` as the body is a form with files. */
  async ask<Answer>(method: Method, path: string, asking: Asking = {}): Promise<Answer> {
    return this.send(method, `/api${path}${written(asking.query)}`, asking);
  }

  private async send<Answer>(method: Method, address: string, asking: Asking): Promise<Answer> {
    const token = asking.anonymous === true ? null : await this.identity.token();
    const answer = await this.once(method, address, asking, token);
    if (!(answer instanceof PartyError)) return answer as Answer;
    if (answer.status !== 401 || answer.code !== "token_not_valid" || token === null) throw answer;
    const renewed = (await this.identity.renewed?.()) ?? null;
    if (renewed === null || renewed === token) throw answer;
    const again = await this.once(method, address, asking, renewed);
    if (again instanceof PartyError) throw again;
    return again as Answer;
  }

  private async once(
    method: Method,
    address: string,
    { body, once }: Asking,
    token: string | null,
  ): Promise<unknown> {
    const headers: Record<string, string> = {};
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    if (once !== undefined) headers["Idempotency-Key"] = once;
    const request: RequestInit = { method, headers, cache: "no-store", credentials: "same-origin" };
    if (body instanceof FormData) {
      request.body = body;
    } else if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await fetch(this.origin + address, request);
    } catch {
      return new PartyError(0, "The server cannot be reached");
    }
    if (response.status === 204) return undefined;
    const said: unknown = await response.json().catch(() => null);
    return response.ok ? said : problem(response, said);
  }
}

function written(query: Query | undefined): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) said.set(name, String(value));
  }
  return said.size === 0 ? "" : `?${said.toString()}`;
}

function problem(response: Response, said: unknown): PartyError {
  const body = typeof said === "object" && said !== null ? (said as Record<string, unknown>) : {};
  const fields = Object.fromEntries(
    Object.entries(body)
      .filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
      .map(([name, sentences]) => [name, sentences.filter((each) => typeof each === "string")])
      .filter(([, sentences]) => sentences?.length !== 0),
  ) as Record<string, string[]>;
  const sentence =
    typeof body["detail"] === "string" ? body["detail"] : Object.values(fields).flat().join(" ");
  const wait = Number(response.headers.get("Retry-After") ?? "x");
  return new PartyError(
    response.status,
    sentence || `The server answered ${response.status} without saying why`,
    typeof body["code"] === "string" ? body["code"] : null,
    fields,
    Number.isFinite(wait) ? wait : null,
  );
}
