import { VideoFollower, type Sound, type WatchRoom } from "@tutti/client";
import { useEffect, useRef, useState, type RefObject } from "react";

export interface Following {
  sound: Sound;
  allowSound: () => void;
}

/** Has the video follow the room for as long as the component is there, whatever the video plays. */
export function useFollowing(video: RefObject<HTMLVideoElement | null>, room: WatchRoom): Following {
  const [sound, setSound] = useState<Sound>("on");
  const follower = useRef<VideoFollower | null>(null);
  useEffect(() => {
    if (video.current === null) return;
    const made = new VideoFollower(video.current, room, () => performance.now(), setSound);
    follower.current = made;
    made.start();
    return () => made.stop();
  }, [video, room]);
  return { sound, allowSound: () => follower.current?.allowSound() };
}
