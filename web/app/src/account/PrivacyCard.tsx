import type { OwnProfile, Privacy, Visibility } from "@tutti/client/party";
import { useRef, useState } from "react";
import { Failure } from "../Failure";
import { people, wordsOf } from "../sign-in/api";

const VISIBLE_TO: readonly [Visibility, string][] = [
  ["public", "Everybody"],
  ["friends", "Friends"],
  ["private", "Nobody"],
];

const SWITCHES: readonly ["allow_friend_requests" | "searchable" | "show_online_status", string][] = [
  ["allow_friend_requests", "People may ask to be my friend"],
  ["searchable", "People may find me by name"],
  ["show_online_status", "Show when I am online"],
];

interface Props {
  me: OwnProfile;
  onChange: (privacy: Privacy) => void;
}

/** Each change counts at once. */
export function PrivacyCard({ me, onChange }: Props) {
  const [wishes, setWishes] = useState<readonly Partial<Privacy>[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const turn = useRef(Promise.resolve());
  const privacy: Privacy = Object.assign({ ...me.privacy }, ...wishes);

  // Each wish is shown until its own answer has come. They are sent one after the other: the last is the newest.
  function change(wish: Partial<Privacy>) {
    setWishes((before) => [...before, wish]);
    setFailure(null);
    turn.current = turn.current
      .then(() => people.changePrivacy(wish))
      .then(onChange, (reason: unknown) => setFailure(wordsOf(reason)))
      .finally(() => setWishes((now) => now.filter((one) => one !== wish)));
  }

  return (
    <section className="card" aria-labelledby="privacy-title">
      <h2 id="privacy-title">Privacy</h2>
      <fieldset>
        <legend>Who sees your profile</legend>
        {VISIBLE_TO.map(([visibility, who]) => (
          <label key={visibility} className="check">
            <input
              type="radio"
              name="visibility"
              checked={privacy.profile_visibility === visibility}
              onChange={() => change({ profile_visibility: visibility })}
            />
            {who}
          </label>
        ))}
      </fieldset>
      <p className="muted">Your name and picture are seen by everybody whom you meet in a party.</p>
      {SWITCHES.map(([name, what]) => (
        <label key={name} className="check">
          <input
            type="checkbox"
            checked={privacy[name]}
            onChange={(event) => change({ [name]: event.target.checked })}
          />
          {what}
        </label>
      ))}
      <Failure>{failure}</Failure>
    </section>
  );
}
