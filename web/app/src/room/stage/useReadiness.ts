import type { NativeRoom } from "@tutti/client/native";
import { useEffect } from "react";

const LOOK_EVERY_MS = 100;
const NEAR_MS = 500;
/** Every seek leaves a player without data for a moment; that is not worth a word to everybody. */
const HICCUP_MS = 400;
const HAVE_FUTURE_DATA = 3;

/**
 * Says whether this player could play on from where the room is, when that changes, and again whenever the room
 * waits to hear it: after a seek the room takes nobody's earlier word for it.
 */
export function useReadiness(room: NativeRoom, video: HTMLVideoElement | null): void {
  useEffect(() => {
    if (video === null) return;
    let said: boolean | null = null;
    let saidFor: unknown = null;
    let unreadySince: number | null = null;
    const look = () => {
      const { connection, room: state, me } = room.view();
      const target = room.position();
      if (connection !== "connected" || state === null || me === null || target === null) {
        said = null;
        return;
      }
      const now = performance.now();
      if (isReady(video, target)) unreadySince = null;
      else unreadySince ??= now;
      if (unreadySince !== null && now - unreadySince < HICCUP_MS) return;
      const ready = unreadySince === null;
      const waiting = state.waiting;
      const awaited = waiting?.for.includes(me) === true && saidFor !== waiting;
      if (ready === said && !(awaited && ready)) return;
      said = ready;
      saidFor = waiting;
      // Refused means not in the room any more, and then nobody waits for us.
      room.setReady(ready).catch(() => undefined);
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    const unsubscribe = room.subscribe(look);
    for (const event of EVENTS) video.addEventListener(event, look);
    look();
    return () => {
      clearInterval(timer);
      unsubscribe();
      for (const event of EVENTS) video.removeEventListener(event, look);
    };
  }, [room, video]);
}

const EVENTS = ["canplay", "canplaythrough", "seeked", "seeking", "waiting", "playing"] as const;

function isReady(video: HTMLVideoElement, targetMs: number): boolean {
  if (video.ended) return true;
  const near = Math.abs(video.currentTime * 1000 - targetMs) < NEAR_MS;
  return video.readyState >= HAVE_FUTURE_DATA && !video.seeking && near;
}
