/** Everything about one's own account that somebody may change. */

import type { OwnProfile } from "@tutti/client/party";
import { useCallback, useEffect, useState } from "react";
import { Failure } from "../Failure";
import { people, wordsOf } from "../sign-in/api";
import { EmailBanner } from "./EmailBanner";
import { FactorCard } from "./FactorCard";
import { LoginsCard } from "./LoginsCard";
import { PasswordCard } from "./PasswordCard";
import { PictureCard } from "./PictureCard";
import { PrivacyCard } from "./PrivacyCard";
import { ProfileCard } from "./ProfileCard";
import { Shell } from "./Shell";

export function AccountPage() {
  return (
    <Shell title="Settings">
      <Cards />
    </Shell>
  );
}

function Cards() {
  const [me, setMe] = useState<OwnProfile | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const load = useCallback(() => {
    people.me().then(setMe, (reason: unknown) => setFailure(wordsOf(reason)));
  }, []);
  useEffect(load, [load]);
  if (me === null)
    return failure === null ? <p className="muted">One moment…</p> : <Failure>{failure}</Failure>;
  return (
    <>
      {me.email !== null && !me.is_email_verified && <EmailBanner email={me.email} />}
      <div className="account-cards">
        <ProfileCard me={me} onChange={setMe} />
        <PictureCard me={me} onChange={setMe} />
        <PrivacyCard me={me} onChange={(privacy) => setMe((now) => now && { ...now, privacy })} />
        <FactorCard on={me.two_factor_enabled} onChange={load} />
        <PasswordCard />
        <LoginsCard />
      </div>
    </>
  );
}
