/** The two things that Spotify's Web API is needed for: starting a track on a device, and seeing what plays elsewhere. */

import type { PlaybackState } from "./listen-wire";

/** What Spotify declined. `status` 0: not reached. `retryAfterS`: Spotify asks for no calls until then. */
export class SpotifyError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
    this.name = "SpotifyError";
  }
}

/** An access token; `stale`: this one was refused, so it must be another. */
export type AccessToken = (stale?: string) => string | Promise<string>;

interface Player {
  progress_ms: number | null;
  is_playing: boolean;
  item: { uri: string; duration_ms?: number } | null;
}

export class SpotifyWebApi {
  constructor(
    private readonly url: string,
    private readonly accessToken: AccessToken,
  ) {}

  /** `PUT /v1/me/player/play`: with a track, that track from its beginning; without, what was playing goes on. */
  async play(trackUri: string | undefined, device: string | null): Promise<void> {
    const body = trackUri === undefined ? undefined : { uris: [trackUri] };
    await this.call("PUT", `/play${on(device)}`, body);
  }

  async pause(device: string | null): Promise<void> {
    await this.call("PUT", `/pause${on(device)}`);
  }

  async seek(positionMs: number, device: string | null): Promise<void> {
    await this.call("PUT", `/seek?position_ms=${positionMs}${on(device).replace("?", "&")}`);
  }

  /** `GET /v1/me/player`: what plays on any device of theirs; null when nothing does. */
  async current(): Promise<PlaybackState | null> {
    const askedAt = Date.now();
    const response = await this.call("GET", "");
    if (response.status === 204) return null;
    const said = (await response.json()) as Player;
    if (said.item === null || said.progress_ms === null) return null;
    // It was there when Spotify answered, which was about half of the way there and back ago.
    const since = said.is_playing ? (Date.now() - askedAt) / 2 : 0;
    return {
      trackUri: said.item.uri,
      position: Math.round(said.progress_ms + since),
      isPlaying: said.is_playing,
      duration: said.item.duration_ms ?? null,
    };
  }

  /** Once more with a new token when the first was refused; nothing else is tried twice. */
  private async call(method: string, path: string, body?: object): Promise<Response> {
    const token = await this.accessToken();
    const response = await this.send(method, path, token, body);
    if (response.status !== 401) return accepted(response);
    return accepted(await this.send(method, path, await this.accessToken(token), body));
  }

  private send(method: string, path: string, token: string, body?: object): Promise<Response> {
    const request: RequestInit = { method, headers: { Authorization: `Bearer ${token}` } };
    if (body !== undefined) {
      request.headers = { ...request.headers, "Content-Type": "application/json" };
      request.body = JSON.stringify(body);
    }
    return fetch(`${this.url}/v1/me/player${path}`, request).catch(() => {
      throw new SpotifyError(0, "Spotify cannot be reached");
    });
  }
}

function on(device: string | null): string {
  return device === null ? "" : `?device_id=${encodeURIComponent(device)}`;
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const said = (await response.json().catch(() => null)) as { error?: { message?: string } } | null;
  const words = said?.error?.message ?? `Spotify answered ${response.status} without saying why`;
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  throw new SpotifyError(response.status, words, Number.isFinite(retryAfter) ? retryAfter : null);
}
