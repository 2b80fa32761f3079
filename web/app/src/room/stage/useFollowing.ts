import { NativeFollower, type NativeRoom, type Sound } from "@tutti/client/native";
import { useCallback, useEffect, useRef, useState } from "react";

export interface Following {
  sound: Sound;
  enableSound: () => void;
}

/** Has the video follow the room for as long as both are there. In music, corrections are heard sooner. */
export function useFollowing(video: HTMLVideoElement | null, room: NativeRoom, music: boolean): Following {
  const [sound, setSound] = useState<Sound>("on");
  const follower = useRef<NativeFollower | null>(null);
  useEffect(() => {
    if (video === null) return;
    const made = new NativeFollower(video, room, { onSound: setSound, music });
    follower.current = made;
    made.start();
    return () => made.stop();
  }, [video, room, music]);
  const enableSound = useCallback(() => follower.current?.enableSound(), []);
  return { sound, enableSound };
}
