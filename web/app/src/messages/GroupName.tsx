/** What a group is called. Whoever began it may call it something else. */

import type { Conversation } from "@tutti/client/party";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Failure } from "../Failure";
import { messaging } from "../notifications/live";
import { useSubmit } from "../useSubmit";

const LONGEST = 100;

interface Props {
  talk: Conversation;
  name: string;
  mayRename: boolean;
  onRenamed: (talk: Conversation) => void;
}

export function GroupName({ talk, name, mayRename, onRenamed }: Props) {
  const [renaming, setRenaming] = useState(false);
  const key = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !renaming) key.current?.focus();
    was.current = renaming;
  }, [renaming]);
  if (renaming && mayRename) {
    return <NewName talk={talk} onRenamed={onRenamed} onDone={() => setRenaming(false)} />;
  }
  return (
    <>
      <h2>{name}</h2>
      {mayRename && (
        <button ref={key} className="quiet" onClick={() => setRenaming(true)}>
          Rename
        </button>
      )}
    </>
  );
}

interface NewNameProps {
  talk: Conversation;
  onRenamed: (talk: Conversation) => void;
  onDone: () => void;
}

function NewName({ talk, onRenamed, onDone }: NewNameProps) {
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    onRenamed(await messaging.rename(talk.id, field("title")));
    onDone();
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onDone();
  };
  return (
    <form className="talk-rename" onSubmit={onSubmit} aria-label="Rename the group">
      <input
        name="title"
        aria-label="What is the group called?"
        maxLength={LONGEST}
        defaultValue={talk.title}
        placeholder="Nothing: the names of those in it"
        autoComplete="off"
        autoFocus
        onKeyDown={onKeyDown}
      />
      <button className="primary" disabled={busy}>
        Save
      </button>
      <button type="button" className="quiet" onClick={onDone}>
        Rather not
      </button>
      <Failure>{failure}</Failure>
    </form>
  );
}
