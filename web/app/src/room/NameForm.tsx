import type { Room } from "@tutti/client";
import { Failure } from "../Failure";
import { rememberedName } from "../identity";
import { useSubmit } from "../useSubmit";
import { Wordmark } from "../Wordmark";
import { useTitle } from "./useTitle";

interface Props {
  room: Room;
  onName: (userName: string) => Promise<void>;
}

export function NameForm({ room, onName }: Props) {
  const { busy, failure, onSubmit } = useSubmit((field) => onName(field("userName")));
  useTitle(room.name);
  const there = room.participants.length;
  return (
    <main className="narrow">
      <Wordmark />
      <form className="card" onSubmit={onSubmit}>
        <h1>{room.name}</h1>
        <p className="muted">{there === 0 ? "Nobody is there yet." : `${there} there now.`}</p>
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
          {busy ? "Joining…" : "Join"}
        </button>
      </form>
    </main>
  );
}
