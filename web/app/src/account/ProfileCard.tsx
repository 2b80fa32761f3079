import type { OwnProfile } from "@tutti/client/party";
import { useState } from "react";
import { Failure } from "../Failure";
import { people } from "../sign-in/api";
import { useSubmit } from "../useSubmit";

interface Props {
  me: OwnProfile;
  onChange: (me: OwnProfile) => void;
}

const ZONES = Intl.supportedValuesOf("timeZone");

export function ProfileCard({ me, onChange }: Props) {
  const [saved, setSaved] = useState(false);
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    setSaved(false);
    const changes = { display_name: field("name"), bio: field("bio"), timezone: field("timezone") };
    onChange(await people.change(changes));
    setSaved(true);
  });
  return (
    <form className="card" onSubmit={onSubmit} aria-labelledby="profile-title">
      <h2 id="profile-title">Profile</h2>
      <p className="muted">
        <span className="username">@{me.username}</span>
        {me.email !== null && ` · ${me.email}`}
      </p>
      <label>
        Name, as others see it
        <input name="name" required maxLength={150} defaultValue={me.display_name} autoComplete="name" />
      </label>
      <label>
        About you
        <textarea name="bio" rows={4} maxLength={500} defaultValue={me.bio} />
      </label>
      <label>
        Time zone
        <select name="timezone" defaultValue={me.timezone}>
          <option value="">Not said</option>
          {me.timezone !== "" && !ZONES.includes(me.timezone) && <option>{me.timezone}</option>}
          {ZONES.map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </select>
      </label>
      <Failure>{failure}</Failure>
      <p className="row">
        <button className="primary" disabled={busy}>
          {busy ? "Saving…" : "Save"}
        </button>
        <span role="status" className="said">
          {saved && !busy && "Saved."}
        </span>
      </p>
    </form>
  );
}
