/** Somebody's profile, as far as they show it, and what may be between the two. */

import type { Profile } from "@tutti/client/party";
import { useCallback, useEffect, useState } from "react";
import { Link } from "../account/Link";
import { Shell } from "../account/Shell";
import { Failure } from "../Failure";
import { navigate } from "../navigation";
import { people, wordsOf } from "../sign-in/api";
import { Avatar } from "./Avatar";

export function PersonPage({ id }: { id: string }) {
  return (
    <Shell title="Profile">
      <Shown id={id} />
      <p>
        <Link to="/people">All people</Link>
      </p>
    </Shell>
  );
}

function Shown({ id }: { id: string }) {
  const [profile, setProfile] = useState<Profile | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const load = useCallback(() => {
    people.profile(id).then(setProfile, (reason: unknown) => {
      setProfile(null);
      setFailure(wordsOf(reason));
    });
  }, [id]);
  useEffect(load, [load]);
  const does = (act: Promise<unknown>) => {
    setFailure(null);
    act.then(load, (reason: unknown) => setFailure(wordsOf(reason)));
  };
  const block = () => {
    people.block(id).then(
      () => navigate("/people"),
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  };
  if (profile === null) {
    return failure === null ? <p className="muted">One moment…</p> : <Failure>{failure}</Failure>;
  }
  return (
    <section className="card profile" aria-labelledby="profile-name">
      <Avatar who={profile} size={96} alt={`Picture of ${profile.display_name}`} />
      <h2 id="profile-name">{profile.display_name}</h2>
      <p className="muted">
        @{profile.username}
        {profile.is_online === true && " · online"}
      </p>
      {profile.bio !== null && profile.bio !== "" && <p className="bio">{profile.bio}</p>}
      {profile.bio === null && <p className="muted">They do not show more.</p>}
      {profile.timezone !== null && profile.timezone !== "" && <p className="muted">{profile.timezone}</p>}
      <Failure>{failure}</Failure>
      <Acts profile={profile} does={does} onBlock={block} />
    </section>
  );
}

interface ActsProps {
  profile: Profile;
  does: (act: Promise<unknown>) => void;
  onBlock: () => void;
}

function Acts({ profile: { id, friendship, display_name }, does, onBlock }: ActsProps) {
  const [sure, setSure] = useState(false);
  if (friendship.status === "self") return <Link to="/account">Change it</Link>;
  return (
    <div className="row">
      <Link to={`/messages/with/${encodeURIComponent(id)}`} className="button">
        Message
      </Link>
      {friendship.status === "none" && (
        <button className="primary" onClick={() => does(people.befriend(id))}>
          Add friend
        </button>
      )}
      {friendship.status === "request_received" && (
        <>
          <button className="primary" onClick={() => does(people.accept(id))}>
            Accept
          </button>
          <button onClick={() => does(people.decline(id))}>Decline</button>
        </>
      )}
      {friendship.status === "request_sent" && (
        <button onClick={() => does(people.unfriend(id))}>Take the request back</button>
      )}
      {friendship.status === "friends" && (
        <button onClick={() => does(people.unfriend(id))}>Remove from friends</button>
      )}
      {sure ? (
        <>
          <button className="danger" onClick={onBlock}>
            Block {display_name}
          </button>
          <button onClick={() => setSure(false)}>Rather not</button>
        </>
      ) : (
        <button className="quiet danger" onClick={() => setSure(true)}>
          Block…
        </button>
      )}
    </div>
  );
}
