import type { PartyDetail } from "@tutti/client/party";
import { useState } from "react";
import { Failure } from "../Failure";
import { people, wordsOf } from "../sign-in/api";
import { usePages } from "../people/usePages";
import { useSubmit } from "../useSubmit";
import { parties } from "./api";

/** By mail, by a link, or a friend. */
export function InviteCard({ party }: { party: PartyDetail }) {
  const [told, setTold] = useState("");
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const emails = field("emails")
      .split(/[\s,;]+/)
      .filter(Boolean);
    const message = field("message");
    const user = field("friend");
    const { detail } = await parties.invite(party.id, {
      emails,
      user_ids: user === "" ? [] : [user],
      message,
    });
    setTold(detail);
  });
  return (
    <section className="card" aria-labelledby="invite-title">
      <h2 id="invite-title">Invite</h2>
      <form onSubmit={onSubmit} aria-label="Invite people">
        <label>
          Email addresses
          <input name="emails" placeholder="ann@example.org, ben@example.org" autoComplete="off" />
        </label>
        <Friends party={party} />
        <label>
          A few words
          <input name="message" maxLength={500} autoComplete="off" />
        </label>
        <Failure>{failure}</Failure>
        <p className="said" role="status">
          {told}
        </p>
        <button disabled={busy}>Send</button>
      </form>
      <InviteLink id={party.id} />
    </section>
  );
}

function Friends({ party }: { party: PartyDetail }) {
  const { rows } = usePages(people.friends);
  const inside = new Set(party.participants.map((one) => one.user.id));
  const others = (rows ?? []).filter(({ user }) => !inside.has(user.id));
  if (others.length === 0) return null;
  return (
    <label>
      A friend
      <select name="friend" defaultValue="">
        <option value="">Nobody</option>
        {others.map(({ user }) => (
          <option key={user.id} value={user.id}>
            {user.display_name}
          </option>
        ))}
      </select>
    </label>
  );
}

function InviteLink({ id }: { id: string }) {
  const [link, setLink] = useState<string | null>(null);
  const [copied, setCopied] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const make = () => {
    parties.link(id).then(
      ({ token }) => setLink(`${location.origin}/parties/join?token=${token}`),
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  };
  if (link === null) {
    return (
      <>
        <Failure>{failure}</Failure>
        <p className="row">
          <button onClick={make}>Make a link</button>
        </p>
      </>
    );
  }
  const copy = () =>
    void navigator.clipboard.writeText(link).then(
      () => setCopied(true),
      () => undefined,
    );
  return (
    <div className="invite-link">
      <label>
        Whoever has this link may come in, for a week
        <input readOnly value={link} onFocus={(event) => event.target.select()} />
      </label>
      <button onClick={copy}>{copied ? "Copied" : "Copy"}</button>
    </div>
  );
}
