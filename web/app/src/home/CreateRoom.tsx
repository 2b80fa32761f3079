import type { NewMedia } from "@tutti/client/native";
import { useState } from "react";
import { Failure } from "../Failure";
import { rememberedName, rememberEntry, rememberPass } from "../identity";
import { CLIP, mediaAt } from "../media";
import { navigate } from "../navigation";
import { roomPath } from "../room-link";
import { createRoom } from "../rooms";
import { myId, resume, useAccount } from "../sign-in/accounts";
import { useSubmit } from "../useSubmit";

type Source = "clip" | "address";

export function CreateRoom() {
  const [source, setSource] = useState<Source>("clip");
  const account = useAccount();
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const userName = field("userName");
    await resume().catch(() => false);
    const made = await createRoom({
      name: field("name") || "Our room",
      userId: myId(),
      userName,
      media: source === "clip" ? CLIP : chosen(field("address")),
      waitForAll: field("waitForAll") !== "",
    });
    rememberPass(made.room, made.pass);
    rememberEntry(made.room, userName);
    navigate(roomPath(made.room));
  });
  return (
    <form className="card" onSubmit={onSubmit} aria-labelledby="create-title">
      <h2 id="create-title">Create a room</h2>
      <label>
        Name of the room
        <input name="name" maxLength={100} placeholder="Our room" autoComplete="off" />
      </label>
      <label>
        Your name
        <input
          name="userName"
          required
          maxLength={60}
          defaultValue={rememberedName() || account?.name}
          autoComplete="name"
        />
      </label>
      <WhatToWatch source={source} onSource={setSource} />
      <label className="check">
        <input type="checkbox" name="waitForAll" />
        Wait for everybody before playing, at most five seconds
      </label>
      <Failure>{failure}</Failure>
      <button className="primary" disabled={busy}>
        {busy ? "Creating…" : "Create a room"}
      </button>
    </form>
  );
}

function WhatToWatch({ source, onSource }: { source: Source; onSource: (source: Source) => void }) {
  return (
    <fieldset>
      <legend>What to watch</legend>
      <label className="check">
        <input type="radio" name="source" checked={source === "clip"} onChange={() => onSource("clip")} />
        The bundled clip
      </label>
      <label className="check">
        <input
          type="radio"
          name="source"
          checked={source === "address"}
          onChange={() => onSource("address")}
        />
        A file or stream on the web
      </label>
      {source === "address" && (
        <label>
          Its address
          <input
            name="address"
            type="url"
            required
            placeholder="https://…/film.mp4 or …/stream.m3u8"
            autoComplete="off"
          />
        </label>
      )}
    </fieldset>
  );
}

function chosen(address: string): NewMedia {
  const media = mediaAt(address);
  if (media === null) throw new Error("That is not the address of a file on the web");
  return media;
}
