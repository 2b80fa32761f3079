import type { NewMedia } from "@tutti/client/native";
import { useRef, useState } from "react";
import { Failure } from "../../Failure";
import { CLIP, mediaAt } from "../../media";
import { useInside } from "../inside";

export function AddToQueue() {
  const { room, isHost, ask } = useInside();
  const [failure, setFailure] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const withTyped = (act: (media: NewMedia) => Promise<void>) => {
    const media = mediaAt(field.current?.value ?? "");
    setFailure(media === null ? "That is not the address of a file on the web" : null);
    if (media === null) return;
    ask(act(media));
    if (field.current !== null) field.current.value = "";
  };
  return (
    <form
      className="add"
      onSubmit={(event) => {
        event.preventDefault();
        withTyped((media) => room.queueAdd(media));
      }}
    >
      <label>
        Address of a film or stream
        <input
          ref={field}
          inputMode="url"
          placeholder="https://…/film.mp4"
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      <Failure>{failure}</Failure>
      <span className="row">
        <button className="primary">Add</button>
        {isHost && (
          <button type="button" onClick={() => withTyped((media) => room.setMedia(media))}>
            Play it now
          </button>
        )}
        <button type="button" onClick={() => ask(room.queueAdd(CLIP))}>
          Add the clip
        </button>
      </span>
    </form>
  );
}
