/** The parts of Spotify's Web Playback SDK that are used here, and how its script gets onto the page. */

export interface SdkTrack {
  uri: string;
  name: string;
  duration_ms: number;
  artists: { name: string }[];
  /** Spotify may play another copy of a track than the one asked for; this is the one asked for. */
  linked_from?: { uri: string | null } | null;
}

export interface SdkState {
  position: number;
  duration: number;
  paused: boolean;
  track_window: { current_track: SdkTrack | null };
}

export type SdkFailure =
  "initialization_error" | "authentication_error" | "account_error" | "playback_error" | "autoplay_failed";

export interface SdkPlayer {
  addListener(event: "ready" | "not_ready", heard: (device: { device_id: string }) => void): boolean;
  addListener(event: "player_state_changed", heard: (state: SdkState | null) => void): boolean;
  addListener(event: SdkFailure, heard: (problem: { message: string }) => void): boolean;
  connect(): Promise<boolean>;
  disconnect(): void;
  getCurrentState(): Promise<SdkState | null>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  seek(positionMs: number): Promise<void>;
  activateElement?(): Promise<void>;
}

export interface Sdk {
  Player: new (options: {
    name: string;
    getOAuthToken: (give: (token: string) => void) => void;
    volume?: number;
  }) => SdkPlayer;
}

interface SdkWindow {
  Spotify?: Sdk;
  onSpotifyWebPlaybackSDKReady?: () => void;
}

export const SDK_URL = "https://sdk.scdn.co/spotify-player.js";

let loading: Promise<Sdk> | null = null;

/** Spotify's own script, loaded when first needed and once. Rejects if it cannot be loaded; asking again tries again. */
export function loadSdk(url: string): Promise<Sdk> {
  const page = globalThis as unknown as SdkWindow;
  if (page.Spotify !== undefined) return Promise.resolve(page.Spotify);
  loading ??= load(url, page).catch((reason: unknown) => {
    loading = null;
    throw reason;
  });
  return loading;
}

function load(url: string, page: SdkWindow): Promise<Sdk> {
  return new Promise((resolve, reject) => {
    page.onSpotifyWebPlaybackSDKReady = () => {
      if (page.Spotify === undefined) reject(new Error("Spotify's script did not bring its player"));
      else resolve(page.Spotify);
    };
    const script = document.createElement("script");
    script.src = url;
    script.async = true;
    script.addEventListener("error", () => reject(new Error("Spotify's script could not be loaded")));
    document.head.append(script);
  });
}
