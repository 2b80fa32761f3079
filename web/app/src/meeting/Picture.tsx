import { useEffect, useRef } from "react";

interface Props {
  stream: MediaStream | null;
  label: string;
  /** One's own face, as in a mirror; it is never heard. */
  mirrored?: boolean;
}

export function Picture({ stream, label, mirrored = false }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const { current } = video;
    if (current === null || current.srcObject === stream) return;
    current.srcObject = stream;
  }, [stream]);
  return (
    <video
      ref={video}
      className={mirrored ? "mirrored" : undefined}
      autoPlay
      playsInline
      muted={mirrored}
      aria-label={label}
    />
  );
}

/** Somebody without a picture is still heard. */
export function Sound({ stream }: { stream: MediaStream }) {
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (audio.current !== null) audio.current.srcObject = stream;
  }, [stream]);
  // A call has no captions to offer.
  // oxlint-disable-next-line jsx-a11y/media-has-caption
  return <audio ref={audio} autoPlay />;
}
