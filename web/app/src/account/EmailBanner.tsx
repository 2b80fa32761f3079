import { useState } from "react";
import { account, wordsOf } from "../sign-in/api";

export function EmailBanner({ email }: { email: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const again = () => {
    setSaid("One moment…");
    account.resendVerification().then(
      () => setSaid("A mail with a link is on its way."),
      (reason: unknown) => setSaid(wordsOf(reason)),
    );
  };
  return (
    <div className="banners" role="status" aria-live="polite">
      <p className="banner warn">
        <span>{said ?? `${email} is not confirmed yet: follow the link in the mail that we sent.`}</span>
        {said === null && (
          <button className="quiet" onClick={again}>
            Send it again
          </button>
        )}
      </p>
    </div>
  );
}
