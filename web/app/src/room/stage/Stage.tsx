import { useCallback, useMemo, useRef, useState } from "react";
import { playable, titleOf } from "../../media";
import { useInside } from "../inside";
import { useNow } from "../useNow";
import { useShortcuts } from "../useShortcuts";
import { Controls, type Course } from "./Controls";
import { ReactBar } from "./ReactBar";
import { Reactions } from "./Reactions";
import { Screen } from "./Screen";
import { useNextAtEnd } from "./useNextAtEnd";
import { usePosition } from "./usePosition";
import { useVolume } from "./useVolume";
import { Waiting } from "./Waiting";

const ARROW_MS = 5_000;
const VOLUME_STEP = 0.1;

interface Props {
  /** In a meeting the keys for muting and reacting are one's own, not the film's. */
  inMeeting?: boolean;
}

/** The picture, or what stands for it, and everything that moves the room's timeline. */
export function Stage({ inMeeting = false }: Props) {
  const { room, state, mayControl, ask } = useInside();
  const screen = useRef<HTMLDivElement>(null);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [reacting, setReacting] = useState(false);
  const source = useMemo(() => playable(state.media), [state.media]);
  const volume = useVolume(video);
  const shown = usePosition(room, video);

  const timeline = state.timeline;
  const over = shown.duration > 0 && shown.position >= shown.duration;
  const course: Course = over ? "over" : timeline.playing ? "playing" : "paused";
  useNextAtEnd(room, over && timeline.playing && mayControl, state.queue[0]?.id ?? null);

  const togglePlay = useCallback(() => {
    if (course === "playing") ask(room.pause());
    else ask(course === "over" ? room.seek(0).then(() => room.play()) : room.play());
  }, [room, course, ask]);
  const seekTo = useCallback(
    (to: number) => ask(room.seek(Math.max(0, Math.min(to, shown.duration || to)))),
    [room, shown.duration, ask],
  );
  const toggleFullscreen = useCallback(() => void fullscreen(screen.current), []);
  const react = useCallback((emoji: string) => ask(room.react(emoji)), [room, ask]);

  const hasPicture = "url" in source;
  useShortcuts({
    togglePlay,
    back: () => ask(room.seekBy(-ARROW_MS)),
    forward: () => ask(room.seekBy(ARROW_MS)),
    ...(!inMeeting && { react: () => setReacting((open) => !open) }),
    // Without a picture here, up and down go on scrolling the page.
    ...(hasPicture && {
      louder: () => volume.changeBy(VOLUME_STEP),
      quieter: () => volume.changeBy(-VOLUME_STEP),
      ...(!inMeeting && { mute: volume.toggleMute }),
      fullscreen: toggleFullscreen,
    }),
  });

  return (
    <div className="screen" ref={screen}>
      <div className="picture">
        {hasPicture ? (
          <Screen
            source={source}
            video={video}
            muted={volume.muted}
            onVideo={setVideo}
            onToggle={togglePlay}
          />
        ) : (
          <Elsewhere provider={source.how === "elsewhere" ? source.provider : null} />
        )}
        <Waiting />
        <Reactions />
        {reacting && <ReactBar onReact={react} onClose={() => setReacting(false)} />}
      </div>
      <Controls
        course={course}
        mayControl={mayControl && state.media !== null}
        shown={shown}
        rate={timeline.rate}
        volume={hasPicture ? volume : null}
        onTogglePlay={togglePlay}
        onSeek={seekTo}
        onRate={(rate) => ask(room.setRate(rate))}
        onReact={() => setReacting((open) => !open)}
        onFullscreen={toggleFullscreen}
      />
    </div>
  );
}

/** What plays is for other clients; the timeline and the people are here all the same. */
function Elsewhere({ provider }: { provider: string | null }) {
  const { state } = useInside();
  useNow(1_000, state.timeline.playing);
  return (
    <div className="elsewhere">
      <p className="what">{titleOf(state.media)}</p>
      <p>
        {state.media === null
          ? "The host has not chosen anything to watch yet."
          : `This page has no player for ${provider ?? "this"}. Other clients in the room play it; their timeline is below.`}
      </p>
    </div>
  );
}

async function fullscreen(element: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement !== null) await document.exitFullscreen();
  else await element?.requestFullscreen?.();
}
