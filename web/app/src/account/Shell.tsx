/** What the pages of an account have around them: the way in for whoever is not signed in, and the ways between them. */

import { useEffect, useState, type ReactNode } from "react";
import { Failure } from "../Failure";
import { usePath } from "../navigation";
import { Bell } from "../notifications/Bell";
import { Toasts } from "../notifications/Toasts";
import { accounts, resume, useAccount } from "../sign-in/accounts";
import { wordsOf } from "../sign-in/api";
import { SignIn } from "../sign-in/SignIn";
import { Wordmark } from "../Wordmark";
import { Link } from "./Link";

const PLACES: readonly [path: string, name: string][] = [
  ["/parties", "Parties"],
  ["/messages", "Messages"],
  ["/people", "People"],
  ["/account", "Settings"],
];

interface Props {
  title: string;
  children: ReactNode;
}

export function Shell({ title, children }: Props) {
  const path = usePath();
  const account = useAccount();
  useEffect(() => {
    document.title = `${title} · Tutti`;
  }, [title]);
  if (account === null) return <Door title={title} />;
  return (
    <div className="account">
      <header className="account-bar">
        <a href="/" className="home-link" aria-label="Tutti, to the start page">
          <Wordmark />
        </a>
        <nav aria-label="Your account">
          {PLACES.map(([to, name]) => (
            <Link key={to} to={to} current={path === to || path.startsWith(`${to}/`)}>
              {name}
            </Link>
          ))}
        </nav>
        <Bell />
        <p className="account-who">
          <span title={account.name}>{account.name}</span>
          <button className="quiet" onClick={logOut}>
            Log out
          </button>
        </p>
      </header>
      <main key={account.id}>
        <h1>{title}</h1>
        {children}
      </main>
      <Toasts />
    </div>
  );
}

function Door({ title }: { title: string }) {
  const [checking, setChecking] = useState(true);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    resume()
      .catch((reason: unknown) => setFailure(wordsOf(reason)))
      .finally(() => setChecking(false));
  }, []);
  if (checking) return <p className="waiting">One moment…</p>;
  return (
    <main className="narrow account-door">
      <a href="/" className="home-link" aria-label="Tutti, to the start page">
        <Wordmark />
      </a>
      <h1>{title}</h1>
      <Failure>{failure}</Failure>
      <SignIn title="Sign in" />
    </main>
  );
}

function logOut(): void {
  void accounts.logOut().catch(() => undefined);
}
