import type { RoomView, WatchRoom } from "@tutti/client";
import { useCallback, useRef, useState } from "react";
import { playable } from "../media";
import { Controls } from "./Controls";
import { useFollowing } from "./useFollowing";
import { usePosition } from "./usePosition";
import { useShortcuts } from "./useShortcuts";
import { useVolume } from "./useVolume";

interface Props {
  room: WatchRoom;
  view: RoomView;
}

export function Player({ room, view }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const { url, insteadOf } = playable(view.media);
  const [failedUrl, setFailedUrl] = useState<string | null>(null);
  const unplayable = failedUrl === url;
  const following = useFollowing(video, room);
  const volume = useVolume(video);
  const { position, duration } = usePosition(room, video);

  const over = duration > 0 && position >= duration;
  const playing = view.timeline?.playing === true && !over;
  const togglePlay = useCallback(() => {
    if (over) room.seek(0);
    if (playing) room.pause();
    else if (room.view().timeline?.playing !== true) room.play();
  }, [room, playing, over]);
  const seekTo = useCallback((to: number) => room.seek(Math.min(to, duration || to)), [room, duration]);
  const seekBy = useCallback((by: number) => seekTo((room.position() ?? 0) + by), [room, seekTo]);
  const toggleFullscreen = useCallback(() => void fullscreen(stage.current), []);
  useShortcuts({ togglePlay, seekBy, toggleMute: volume.toggleMute, toggleFullscreen });

  return (
    <div className="stage">
      {insteadOf !== null && (
        <p className="banner">This page has no player for {insteadOf}; the bundled clip plays instead.</p>
      )}
      <div className="screen" ref={stage}>
        <div className="picture">
          <video
            ref={video}
            src={url}
            playsInline
            preload="auto"
            onClick={togglePlay}
            onError={() => setFailedUrl(url)}
            aria-label={`${room.room.name}, the room's video`}
          />
          {unplayable && <p className="overlay">This browser cannot play {url}.</p>}
          {following.sound === "blocked" && !unplayable && (
            <button className="overlay" onClick={following.allowSound}>
              <span className="button primary">Click to join the sound</span>
            </button>
          )}
        </div>
        <Controls
          state={over ? "over" : playing ? "playing" : "paused"}
          ready={view.timeline !== null}
          position={position}
          duration={duration}
          volume={volume}
          onTogglePlay={togglePlay}
          onSeek={seekTo}
          onFullscreen={toggleFullscreen}
        />
      </div>
      <p className="hint muted">
        <kbd>space</kbd> play or pause <kbd>←</kbd>
        <kbd>→</kbd> five seconds <kbd>m</kbd> mute <kbd>f</kbd> full screen. What you do, everybody sees.
      </p>
    </div>
  );
}

async function fullscreen(element: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else await element?.requestFullscreen?.();
}
