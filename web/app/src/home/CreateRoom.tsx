import { RoomsApi } from "@tutti/client";
import { Failure } from "../Failure";
import { myUserId, rememberedName, rememberEntry } from "../identity";
import { CLIP } from "../media";
import { navigate } from "../navigation";
import { roomPath } from "../room-link";
import { useSubmit } from "../useSubmit";

const api = new RoomsApi();

export function CreateRoom() {
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const name = field("name") || "Our room";
    const userName = field("userName");
    const room = await api.create({ name, ...CLIP, mediaType: "movie", adminId: myUserId(), userName });
    rememberEntry(room.id, userName);
    navigate(roomPath(room.id));
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
        <input name="userName" required maxLength={60} defaultValue={rememberedName()} autoComplete="name" />
      </label>
      <Failure>{failure}</Failure>
      <button className="primary" disabled={busy}>
        {busy ? "Creating…" : "Create a room"}
      </button>
    </form>
  );
}
