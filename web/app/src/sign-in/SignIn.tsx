/** Log in or register, with a second factor where there is one, or with Spotify where the server has it set up. */

import { SignInError, spotifyIsSetUp } from "@tutti/client/nearby";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Failure } from "../Failure";
import { useSubmit } from "../useSubmit";
import { accounts } from "./accounts";

type Way = "login" | "register";

interface Props {
  title: string;
  /** Whether the way back from Spotify leads to this page. */
  withSpotify?: boolean;
  children?: ReactNode;
}

export function SignIn({ title, withSpotify = false, children }: Props) {
  const [way, setWay] = useState<Way>("login");
  const [ticket, setTicket] = useState<string | null>(null);
  return (
    <section className="card sign-in" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">{title}</h2>
      {ticket !== null ? (
        <SecondFactor ticket={ticket} onBack={() => setTicket(null)} />
      ) : (
        <>
          <div className="segments" role="group" aria-label="How to sign in">
            <button type="button" aria-pressed={way === "login"} onClick={() => setWay("login")}>
              Log in
            </button>
            <button type="button" aria-pressed={way === "register"} onClick={() => setWay("register")}>
              New account
            </button>
          </div>
          {way === "login" ? <LogIn onTicket={setTicket} /> : <Register />}
          {withSpotify && <WithSpotify />}
          {children}
        </>
      )}
    </section>
  );
}

function LogIn({ onTicket }: { onTicket: (ticket: string) => void }) {
  const password = useRef<HTMLInputElement>(null);
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    try {
      await accounts.logIn(field("login"), password.current?.value ?? "");
    } catch (reason) {
      if (!(reason instanceof SignInError) || reason.ticket === null) throw reason;
      onTicket(reason.ticket);
    }
  });
  return (
    <form onSubmit={onSubmit} aria-label="Log in">
      <label>
        Email or user name
        <input name="login" required maxLength={254} autoComplete="username" autoCapitalize="off" />
      </label>
      <label>
        Password
        <input
          ref={password}
          name="password"
          type="password"
          required
          maxLength={128}
          autoComplete="current-password"
        />
      </label>
      <Failure>{failure}</Failure>
      <button className="primary" disabled={busy}>
        {busy ? "Logging in…" : "Log in"}
      </button>
      <a href="/forgot-password">Forgotten your password?</a>
    </form>
  );
}

function Register() {
  const password = useRef<HTMLInputElement>(null);
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const username = field("username");
    await accounts.register({
      email: field("email"),
      password: password.current?.value ?? "",
      ...(username !== "" && { username }),
    });
  });
  return (
    <form onSubmit={onSubmit} aria-label="New account">
      <label>
        Email
        <input name="email" type="email" required maxLength={254} autoComplete="email" />
      </label>
      <label>
        User name, which others see
        <input
          name="username"
          maxLength={150}
          pattern="[\w.+\-]+"
          title="Letters, digits and . + - _"
          autoComplete="username"
          autoCapitalize="off"
        />
      </label>
      <label>
        Password, 8 characters or more
        <input
          ref={password}
          name="password"
          type="password"
          required
          minLength={8}
          maxLength={128}
          autoComplete="new-password"
        />
      </label>
      <Failure>{failure}</Failure>
      <button className="primary" disabled={busy}>
        {busy ? "Making your account…" : "Make an account"}
      </button>
    </form>
  );
}

function SecondFactor({ ticket, onBack }: { ticket: string; onBack: () => void }) {
  const { busy, failure, onSubmit } = useSubmit((field) => accounts.verify(ticket, field("code")));
  return (
    <form onSubmit={onSubmit} aria-label="Second factor">
      <label>
        The code of your authenticator app, or a backup code
        <input name="code" required maxLength={64} autoComplete="one-time-code" autoFocus />
      </label>
      <Failure>{failure}</Failure>
      <p className="row">
        <button className="primary" disabled={busy}>
          {busy ? "Checking…" : "Go on"}
        </button>
        <button type="button" onClick={onBack}>
          Back
        </button>
      </p>
    </form>
  );
}

function WithSpotify() {
  const [there, setThere] = useState(false);
  useEffect(() => {
    let wanted = true;
    void spotifyIsSetUp().then((is) => wanted && setThere(is));
    return () => {
      wanted = false;
    };
  }, []);
  if (!there) return null;
  return (
    <a className="button" href="/api/v1/auth/spotify">
      Sign in with Spotify
    </a>
  );
}
