import { createContext, useCallback, useContext, useEffect, useRef, useState } from "react";

export interface Volume {
  level: number;
  muted: boolean;
  setLevel: (level: number) => void;
  changeBy: (step: number) => void;
  toggleMute: () => void;
}

/** What the volume is multiplied with while something else is to be heard: 1 is as chosen. */
export const Ducking = createContext(1);

const STEP_MS = 40;
const STEP = 0.15;

/** The video element is the one that knows; this only shows it and sets it. */
export function useVolume(video: HTMLVideoElement | null): Volume {
  const [shown, setShown] = useState({ level: 1, muted: false });
  const factor = useDucking(video);
  useEffect(() => {
    if (video === null) return;
    const show = () => {
      const level = Math.min(1, video.volume / factor.current);
      setShown({ level, muted: video.muted || video.volume === 0 });
    };
    video.addEventListener("volumechange", show);
    show();
    return () => video.removeEventListener("volumechange", show);
  }, [video, factor]);
  const setLevel = useCallback(
    (level: number) => {
      if (video === null) return;
      video.volume = Math.max(0, Math.min(1, level)) * factor.current;
      video.muted = video.volume === 0;
    },
    [video, factor],
  );
  const changeBy = useCallback(
    (step: number) => setLevel((video?.volume ?? 1) / factor.current + step),
    [video, factor, setLevel],
  );
  const toggleMute = useCallback(() => {
    if (video === null) return;
    if (video.muted && video.volume === 0) video.volume = factor.current;
    video.muted = !video.muted;
  }, [video, factor]);
  return { ...shown, setLevel, changeBy, toggleMute };
}

/** The factor in force now, on its way to the one that is wanted: a jump would be heard. */
function useDucking(video: HTMLVideoElement | null): { readonly current: number } {
  const wanted = useContext(Ducking);
  const factor = useRef(1);
  useEffect(() => {
    if (video === null) return;
    const step = () => {
      const chosen = Math.min(1, video.volume / factor.current);
      const way = wanted - factor.current;
      factor.current += Math.max(-STEP, Math.min(STEP, way));
      video.volume = Math.min(1, chosen * factor.current);
      if (factor.current === wanted) clearInterval(timer);
    };
    const timer = setInterval(step, STEP_MS);
    return () => clearInterval(timer);
  }, [video, wanted]);
  return factor;
}
