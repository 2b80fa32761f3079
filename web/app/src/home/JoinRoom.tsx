import { Failure } from "../Failure";
import { navigate } from "../navigation";
import { meetingPath, roomIn, roomPath } from "../room-link";
import { useSubmit } from "../useSubmit";

export function JoinRoom() {
  const { failure, onSubmit } = useSubmit(async (field) => {
    const roomId = roomIn(field("room"));
    if (roomId === null) throw new Error("That is neither a room code nor a link to a room");
    const meeting = /\/m\//.test(field("room"));
    navigate(meeting ? meetingPath(roomId) : roomPath(roomId));
  });
  return (
    <form className="card" onSubmit={onSubmit} aria-labelledby="join-title">
      <h2 id="join-title">Join</h2>
      <label>
        Room code or link
        <input
          name="room"
          required
          placeholder={`${location.host}/r/…`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      </label>
      <Failure>{failure}</Failure>
      <button>Join</button>
    </form>
  );
}
