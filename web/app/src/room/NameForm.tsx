import type { Snapshot } from "@tutti/client/native";
import { Failure } from "../Failure";
import { rememberedName } from "../identity";
import { titleOf } from "../media";
import { useSubmit } from "../useSubmit";
import { Wordmark } from "../Wordmark";
import { useTitle } from "./useTitle";

interface Props {
  room: Snapshot;
  onName: (userName: string) => void;
}

export function NameForm({ room, onName }: Props) {
  const { busy, failure, onSubmit } = useSubmit(async (field) => onName(field("userName")));
  useTitle(room.name);
  const there = room.members.length;
  return (
    <main className="narrow">
      <Wordmark />
      <form className="card" onSubmit={onSubmit}>
        <h1>{room.name}</h1>
        <p className="muted">
          {there === 0 ? "Nobody is there yet." : `${there} there now.`} {titleOf(room.media)}.
        </p>
        <label>
          Your name
          <input
            name="userName"
            required
            maxLength={60}
            defaultValue={rememberedName()}
            autoComplete="name"
            autoFocus
          />
        </label>
        <Failure>{failure}</Failure>
        <button className="primary" disabled={busy}>
          Join
        </button>
      </form>
    </main>
  );
}
