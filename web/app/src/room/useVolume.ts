import { useCallback, useEffect, useState, type RefObject } from "react";

export interface Volume {
  level: number;
  muted: boolean;
  setLevel: (level: number) => void;
  toggleMute: () => void;
}

/** The video element is the one that knows; this only shows it and sets it. */
export function useVolume(video: RefObject<HTMLVideoElement | null>): Volume {
  const [shown, setShown] = useState({ level: 1, muted: false });
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    const show = () => setShown({ level: element.volume, muted: element.muted || element.volume === 0 });
    element.addEventListener("volumechange", show);
    show();
    return () => element.removeEventListener("volumechange", show);
  }, [video]);
  const setLevel = useCallback(
    (level: number) => {
      if (video.current === null) return;
      video.current.volume = level;
      video.current.muted = level === 0;
    },
    [video],
  );
  const toggleMute = useCallback(() => {
    const element = video.current;
    if (element === null) return;
    if (element.muted && element.volume === 0) element.volume = 1;
    element.muted = !element.muted;
  }, [video]);
  return { ...shown, setLevel, toggleMute };
}
