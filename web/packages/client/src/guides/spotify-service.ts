/** Guide 000, service 1: Spotify in this page, through the Web Playback SDK and the Web API. */

import type { PlaybackState } from "./listen-wire";
import { loadSdk, SDK_URL, type SdkFailure, type SdkPlayer, type SdkState } from "./spotify-sdk";
import { SpotifyError, SpotifyWebApi, type AccessToken } from "./spotify-web-api";

export interface SpotifyServiceOptions {
  /**
   * A user's access token with the scopes `streaming`, `user-read-playback-state` and `user-modify-playback-state`. Asked
   * for whenever one is needed; called with the refused token when Spotify no longer takes it.
   */
  accessToken: AccessToken;
  /** What this player is called in the person's list of devices. */
  deviceName?: string;
  /** Of the Web API and of the SDK's script; Spotify's own by default. */
  apiUrl?: string;
  sdkUrl?: string;
}

const API_URL = "https://api.spotify.com";
const READY_WITHIN_MS = 15_000;
const STARTED_WITHIN_MS = 4_000;
const FAILURES: readonly SdkFailure[] = ["initialization_error", "authentication_error", "account_error"];

/**
 * Guide 000, "SpotifyService".
 *
 * After `authenticate` this page is a Spotify device, and everything is done on it. Without it (or where the SDK does not
 * run) the calls go to whatever device of the person's is playing. Calls reject with a `SpotifyError`.
 */
export class SpotifyService {
  private readonly api: SpotifyWebApi;
  private player: SdkPlayer | null = null;
  private device: string | null = null;
  private problem: string | null = null;
  private authenticating: Promise<boolean> | null = null;
  private readonly listeners = new Set<(state: PlaybackState | null) => void>();

  constructor(private readonly options: SpotifyServiceOptions) {
    this.api = new SpotifyWebApi(options.apiUrl ?? API_URL, options.accessToken);
  }

  /** Why `authenticate` gave false, in Spotify's words. */
  get lastError(): string | null {
    return this.problem;
  }

  /**
   * Makes this page a Spotify device: true once it can play. False, with `lastError`, when Spotify's script cannot be
   * loaded, the token is refused, or the account is not Premium. Asking again tries again.
   */
  authenticate(): Promise<boolean> {
    if (this.device !== null) return Promise.resolve(true);
    this.authenticating ??= this.enter().finally(() => {
      this.authenticating = null;
    });
    return this.authenticating;
  }

  /** Where the player is now; null when nothing has been chosen to play anywhere. */
  async getCurrentPlayback(): Promise<PlaybackState | null> {
    const here = playbackOf((await this.player?.getCurrentState()) ?? null);
    return here ?? this.api.current();
  }

  /**
   * Plays this track, or goes on with what is there. A track that is loaded already goes on where it is; another one
   * begins at its beginning, and the promise resolves once it has, so that a `seek` after it is a seek in it.
   */
  async play(trackUri?: string): Promise<void> {
    const { player } = this;
    const loaded = (await player?.getCurrentState()) ?? null;
    if (player !== null && loaded !== null && (trackUri === undefined || plays(loaded, trackUri))) {
      return player.resume();
    }
    const started = trackUri === undefined || player === null ? undefined : this.untilPlaying(trackUri);
    await this.api.play(trackUri, this.device);
    await started;
  }

  async pause(): Promise<void> {
    if (await this.playsHere()) return this.player?.pause();
    return this.api.pause(this.device);
  }

  async seek(positionMs: number): Promise<void> {
    const to = Math.max(0, Math.round(positionMs));
    if (await this.playsHere()) return this.player?.seek(to);
    return this.api.seek(to, this.device);
  }

  /** Beyond the guide: called when the track, the play state or the position on this device changes. Returns how to stop. */
  onChange(listener: (state: PlaybackState | null) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Beyond the guide: call from a click, where a browser lets a page make sound only after one. */
  async activate(): Promise<void> {
    await this.player?.activateElement?.();
  }

  /** Beyond the guide: this page is no Spotify device any more. */
  disconnect(): void {
    this.player?.disconnect();
    this.player = null;
    this.device = null;
  }

  private async enter(): Promise<boolean> {
    this.problem = null;
    this.player?.disconnect();
    this.player = null;
    try {
      const sdk = await loadSdk(this.options.sdkUrl ?? SDK_URL);
      const player = new sdk.Player({
        name: this.options.deviceName ?? "Tutti",
        getOAuthToken: (give) => void this.giveToken(give),
      });
      this.device = await ready(player);
      player.addListener("ready", ({ device_id }) => (this.device = device_id));
      player.addListener("not_ready", () => (this.device = null));
      player.addListener("player_state_changed", (state) => this.tell(playbackOf(state)));
      this.player = player;
      return true;
    } catch (reason) {
      this.problem = reason instanceof Error ? reason.message : String(reason);
      return false;
    }
  }

  private async giveToken(give: (token: string) => void): Promise<void> {
    try {
      give(await this.options.accessToken());
    } catch {
      give("");
    }
  }

  private async playsHere(): Promise<boolean> {
    return (await this.player?.getCurrentState()) != null;
  }

  private tell(state: PlaybackState | null): void {
    for (const listener of this.listeners) listener(state);
  }

  /** Spotify says yes before the track is there, and a seek until then would be one in the old track. */
  private untilPlaying(trackUri: string): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(over, STARTED_WITHIN_MS);
      const unsubscribe = this.onChange((state) => {
        if (state?.trackUri === trackUri) over();
      });
    });
  }
}

/** Its device id, once Spotify knows it; rejects with Spotify's reason. */
function ready(player: SdkPlayer): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      player.disconnect();
      reject(new SpotifyError(0, why));
    };
    const timer = setTimeout(() => fail("Spotify's player did not get ready"), READY_WITHIN_MS);
    player.addListener("ready", ({ device_id }) => {
      clearTimeout(timer);
      resolve(device_id);
    });
    for (const failure of FAILURES) {
      player.addListener(failure, ({ message }) => {
        clearTimeout(timer);
        fail(message);
      });
    }
    player.connect().catch((reason: unknown) => {
      clearTimeout(timer);
      fail(reason instanceof Error ? reason.message : "Spotify's player could not connect");
    });
  });
}

function playbackOf(state: SdkState | null): PlaybackState | null {
  const track = state?.track_window.current_track;
  if (state === null || track == null) return null;
  const { position, paused, duration } = state;
  return { trackUri: track.linked_from?.uri ?? track.uri, position, isPlaying: !paused, duration };
}

function plays(state: SdkState, trackUri: string): boolean {
  const track = state.track_window.current_track;
  return track !== null && (track.uri === trackUri || track.linked_from?.uri === trackUri);
}
