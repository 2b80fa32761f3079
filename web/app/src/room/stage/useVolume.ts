import { useCallback, useEffect, useState } from "react";

export interface Volume {
  level: number;
  muted: boolean;
  setLevel: (level: number) => void;
  changeBy: (step: number) => void;
  toggleMute: () => void;
}

/** The video element is the one that knows; this only shows it and sets it. */
export function useVolume(video: HTMLVideoElement | null): Volume {
  const [shown, setShown] = useState({ level: 1, muted: false });
  useEffect(() => {
    if (video === null) return;
    const show = () => setShown({ level: video.volume, muted: video.muted || video.volume === 0 });
    video.addEventListener("volumechange", show);
    show();
    return () => video.removeEventListener("volumechange", show);
  }, [video]);
  const setLevel = useCallback(
    (level: number) => {
      if (video === null) return;
      video.volume = Math.max(0, Math.min(1, level));
      video.muted = video.volume === 0;
    },
    [video],
  );
  const changeBy = useCallback((step: number) => setLevel((video?.volume ?? 1) + step), [video, setLevel]);
  const toggleMute = useCallback(() => {
    if (video === null) return;
    if (video.muted && video.volume === 0) video.volume = 1;
    video.muted = !video.muted;
  }, [video]);
  return { ...shown, setLevel, changeBy, toggleMute };
}
