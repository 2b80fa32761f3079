/** Keeps a `<video>` where a `NativeRoom` is, and tells the room where the video is. */

import type { NativeRoom } from "./native-room";

export type Sound = "on" | "blocked";

export interface FollowerOptions {
  /** The same local clock as the room's; `performance.now` by default. */
  now?: () => number;
  onSound?: (sound: Sound) => void;
  /** Music: corrections stay within ±3 % instead of a film's ±8 %. */
  music?: boolean;
}

export class NativeFollower {
  constructor(
    readonly video: HTMLVideoElement,
    readonly room: NativeRoom,
    readonly options: FollowerOptions = {},
  ) {}

  start(): void {}
  stop(): void {}
  /** Call from a click: browsers let a page make sound only after one. */
  enableSound(): void {}
  /** Position less target in ms, as last seen; null while it is not known. */
  error(): number | null {
    return null;
  }
}
