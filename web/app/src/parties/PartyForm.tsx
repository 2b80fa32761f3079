/** What a party is: for a new one, and to change one. */

import type { NewParty, Party, Visibility } from "@tutti/client/party";
import { Failure } from "../Failure";
import { CLIP, mediaAt } from "../media";
import { useSubmit } from "../useSubmit";
import { localTime } from "./words";

const VISIBILITY: readonly [Visibility, string][] = [
  ["private", "Those who are invited"],
  ["friends", "My friends"],
  ["public", "Everybody"],
];

interface Props {
  party?: Party;
  act: string;
  onSubmit: (party: NewParty) => Promise<void>;
}

export function PartyForm({ party, act, onSubmit }: Props) {
  const {
    busy,
    failure,
    onSubmit: submit,
  } = useSubmit(async (field) => {
    await onSubmit({
      title: field("title"),
      description: field("description"),
      visibility: field("visibility") as Visibility,
      max_participants: Number(field("max")),
      ...videoOf(field("video"), party),
      ...(party === undefined || party.status === "scheduled"
        ? { scheduled_for: timeOf(field("when")) }
        : {}),
      settings: {
        require_approval: field("ask") !== "",
        allow_chat: field("chat") !== "",
        ...(party === undefined ? { allow_participant_control: field("control") !== "" } : {}),
      },
    });
  });
  const { require_approval = false, allow_chat = true } = party?.settings ?? {};
  return (
    <form className="card party-form" onSubmit={submit} aria-label={act}>
      <label>
        Title
        <input name="title" required maxLength={200} defaultValue={party?.title} autoComplete="off" />
      </label>
      <label>
        Description
        <textarea name="description" maxLength={2000} rows={3} defaultValue={party?.description} />
      </label>
      <label>
        What to watch
        <input
          name="video"
          type="url"
          defaultValue={party?.video?.url ?? ""}
          placeholder="https://…/film.mp4 (left empty: the bundled clip)"
          autoComplete="off"
        />
      </label>
      {(party === undefined || party.status === "scheduled") && (
        <label>
          When (left empty: when you start it)
          <input name="when" type="datetime-local" defaultValue={localTime(party?.scheduled_for ?? null)} />
        </label>
      )}
      <label>
        Who may come
        <select name="visibility" defaultValue={party?.visibility ?? "private"}>
          {VISIBILITY.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <label>
        At most how many
        <input
          name="max"
          type="number"
          min={2}
          max={1000}
          required
          defaultValue={party?.max_participants ?? 50}
        />
      </label>
      <label className="check">
        <input type="checkbox" name="ask" defaultChecked={require_approval} />
        Ask me before somebody comes in
      </label>
      {party === undefined && (
        <label className="check">
          <input type="checkbox" name="control" />
          Everybody may play, pause and seek
        </label>
      )}
      <label className="check">
        <input type="checkbox" name="chat" defaultChecked={allow_chat} />
        With a chat
      </label>
      <Failure>{failure}</Failure>
      <button className="primary" disabled={busy}>
        {busy ? "One moment…" : act}
      </button>
    </form>
  );
}

const clip = {
  id: CLIP.id,
  provider: CLIP.provider,
  title: CLIP.title,
  duration: CLIP.durationMs / 1000,
};

function timeOf(local: string): string | null {
  return local === "" ? null : new Date(local).toISOString();
}

/** Nothing if it stays as it is: a film that is set again begins anew. */
function videoOf(address: string, party: Party | undefined): Pick<NewParty, "video"> {
  if (party !== undefined && address === (party.video?.url ?? "")) return {};
  if (address !== "" && mediaAt(address) === null) {
    throw new Error("That is not the address of a file on the web");
  }
  return { video: address === "" ? clip : { url: address } };
}
