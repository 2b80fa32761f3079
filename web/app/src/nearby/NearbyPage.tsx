/** The way in: go on with a login, come back from Spotify, sign in, or in open mode just say a name. */

import { useEffect, useState } from "react";
import { Failure } from "../Failure";
import { becomeUser, myUserId, rememberedName } from "../identity";
import { accounts, resume, useAccount } from "../sign-in/accounts";
import { SignIn } from "../sign-in/SignIn";
import { useSubmit } from "../useSubmit";
import { Wordmark } from "../Wordmark";
import { Nearby } from "./Nearby";

const FROM_SPOTIFY: Record<string, string> = {
  access_denied: "Spotify says that you did not agree. Nothing was connected.",
  refused: "Signing in with Spotify did not work. Try again.",
  unavailable: "Spotify cannot be reached now. Try again in a while.",
};

export function NearbyPage() {
  const account = useAccount();
  const [guest, setGuest] = useState<string | null>(null);
  const [checking, setChecking] = useState(true);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    document.title = "Nearby · Tutti";
    arrive().then(
      (problem) => {
        setFailure(problem);
        setChecking(false);
      },
      (reason: unknown) => {
        setFailure(reason instanceof Error ? reason.message : "Something went wrong");
        setChecking(false);
      },
    );
  }, []);

  if (account !== null)
    return <Nearby key={account.id} who={{ ...account, guest: false }} arrived={failure} onLeave={logOut} />;
  if (guest !== null) {
    const who = { id: guest, name: guest, guest: true };
    return <Nearby key={guest} who={who} arrived={null} onLeave={() => setGuest(null)} />;
  }
  if (checking) return <p className="waiting">One moment…</p>;
  return (
    <main className="narrow nearby-door">
      <a href="/" className="home-link" aria-label="Tutti, to the start page">
        <Wordmark />
      </a>
      <div className="hero">
        <h1>Who listens near you?</h1>
        <p className="muted">
          Go live to see who is around and what they play. Others learn a cell of at most 1.2 × 0.6 km, never
          your position, and nothing at all before you go live.
        </p>
      </div>
      <Failure>{failure}</Failure>
      <SignIn title="Sign in" withSpotify>
        <AsGuest onGuest={setGuest} />
      </SignIn>
    </main>
  );
}

/** Only a server in open mode believes it, so it is offered only there. */
function AsGuest({ onGuest }: { onGuest: (id: string) => void }) {
  const [open, setOpen] = useState(false);
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const id = `${field("name")}-${myUserId().slice(-4)}`;
    becomeUser(id);
    onGuest(id);
  });
  useEffect(() => {
    let wanted = true;
    void believesClaims().then((does) => wanted && setOpen(does));
    return () => {
      wanted = false;
    };
  }, []);
  if (!open) return null;
  return (
    <details className="as-guest">
      <summary>Try it without an account</summary>
      <form onSubmit={onSubmit} aria-label="Without an account">
        <p className="muted">
          This server runs in open mode, for development: it believes who you say you are, and so can anybody
          else say it.
        </p>
        <label>
          Your name
          <input name="name" required maxLength={40} defaultValue={rememberedName()} autoComplete="name" />
        </label>
        <Failure>{failure}</Failure>
        <button disabled={busy}>Go on as a guest</button>
      </form>
    </details>
  );
}

async function believesClaims(): Promise<boolean> {
  try {
    return (await fetch("/api/v1/auth/me", { headers: { "X-User-Id": myUserId() } })).ok;
  } catch {
    return false;
  }
}

/** What went wrong on the way; null if nothing did. A code is taken out of the address before it is used. */
async function arrive(): Promise<string | null> {
  const said = new URLSearchParams(location.search);
  const [code, error] = [said.get("code"), said.get("error")];
  if (code !== null || error !== null) history.replaceState(null, "", location.pathname);
  if (code !== null) await accounts.exchange(code);
  else await resume();
  return error === null ? null : (FROM_SPOTIFY[error] ?? "Signing in with Spotify did not work.");
}

function logOut(): void {
  void accounts.logOut().catch(() => undefined);
}
