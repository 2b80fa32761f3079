/**
 * Gives the video what the room plays. HLS is played by the browser itself where it can, and by hls.js, which is
 * fetched only then, where it cannot or fails to.
 */

import type Hls from "hls.js";
import { useEffect, useState } from "react";
import type { Playable } from "../../media";

const HLS_TYPE = "application/vnd.apple.mpegurl";

type OnFailure = (why: string) => void;

export function useSource(video: HTMLVideoElement | null, { how, url }: Source): string | null {
  const [failure, setFailure] = useState<{ url: string; why: string } | null>(null);
  useEffect(() => {
    if (video === null) return;
    const failed = (why: string) => setFailure({ url, why });
    const stop = how === "hls" ? playHls(video, url, failed) : playFile(video, url, failed);
    return () => {
      stop();
      video.removeAttribute("src");
      video.load();
    };
  }, [video, how, url]);
  return failure?.url === url ? failure.why : null;
}

export type Source = Extract<Playable, { url: string }>;

function playFile(video: HTMLVideoElement, url: string, failed: OnFailure): () => void {
  const onError = () => failed(whyNot(video.error));
  video.addEventListener("error", onError);
  video.src = url;
  return () => video.removeEventListener("error", onError);
}

function playHls(video: HTMLVideoElement, url: string, failed: OnFailure): () => void {
  if (video.canPlayType(HLS_TYPE) === "") return playWithLibrary(video, url, failed);
  let stop = playFile(video, url, () => {
    stop();
    video.removeAttribute("src");
    stop = playWithLibrary(video, url, failed);
  });
  return () => stop();
}

function playWithLibrary(video: HTMLVideoElement, url: string, failed: OnFailure): () => void {
  let wanted = true;
  let hls: Hls | null = null;
  let recoveries = 2;
  const begin = async () => {
    const { default: Library } = await import("hls.js");
    if (!wanted) return;
    if (!Library.isSupported()) {
      failed("This browser cannot play HLS streams");
      return;
    }
    // Its worker would come from a `blob:` address, which the page's content policy does not allow.
    const made = new Library({ enableWorker: false });
    hls = made;
    made.on(Library.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      if (data.type === Library.ErrorTypes.MEDIA_ERROR && recoveries > 0) {
        recoveries -= 1;
        made.recoverMediaError();
      } else failed(`The stream cannot be played (${data.details})`);
    });
    made.loadSource(url);
    made.attachMedia(video);
  };
  begin().catch(() => failed("The part of the page that plays HLS streams could not be loaded"));
  return () => {
    wanted = false;
    hls?.destroy();
  };
}

function whyNot(error: MediaError | null): string {
  switch (error?.code) {
    case MediaError.MEDIA_ERR_NETWORK:
      return "The file could not be loaded to its end";
    case MediaError.MEDIA_ERR_DECODE:
      return "The file is damaged, or of a kind that this browser cannot decode";
    default:
      return "There is no file at this address that this browser can play";
  }
}
