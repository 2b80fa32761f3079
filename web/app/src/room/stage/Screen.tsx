import { titleOf } from "../../media";
import { useInside } from "../inside";
import { useFollowing } from "./useFollowing";
import { useReadiness } from "./useReadiness";
import { useSource, type Source } from "./useSource";

interface Props {
  source: Source;
  video: HTMLVideoElement | null;
  muted: boolean;
  onVideo: (video: HTMLVideoElement | null) => void;
  onToggle: () => void;
}

export function Screen({ source, video, muted, onVideo, onToggle }: Props) {
  const { room, state, mayControl } = useInside();
  const failure = useSource(video, source);
  const { sound, enableSound } = useFollowing(video, room, state.media?.kind === "track");
  useReadiness(room, failure === null ? video : null);
  return (
    <>
      <video
        ref={onVideo}
        playsInline
        preload="auto"
        onClick={mayControl ? onToggle : undefined}
        aria-label={`${titleOf(state.media)}, what the room watches`}
      />
      {failure !== null && (
        <div className="overlay" role="alert">
          <p>
            {failure}. <span className="address">{source.url}</span>
          </p>
        </div>
      )}
      {sound === "blocked" && muted && failure === null && (
        <button className="sound-prompt button primary" onClick={enableSound}>
          Muted by your browser: turn the sound on
        </button>
      )}
    </>
  );
}
