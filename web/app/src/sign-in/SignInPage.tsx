import { useEffect, useState } from "react";
import { navigate } from "../navigation";
import { resume, useAccount } from "./accounts";
import { Alone } from "./Alone";
import { SignIn } from "./SignIn";

const AFTERWARDS = "/people";

/** `?next=` is where to go afterwards: a page of this app. */
export function SignInPage() {
  const account = useAccount();
  const [checking, setChecking] = useState(true);
  useEffect(() => {
    resume()
      .catch(() => false)
      .finally(() => setChecking(false));
  }, []);
  useEffect(() => {
    if (account !== null) navigate(afterwards(location.search));
  }, [account]);
  if (checking || account !== null) return <p className="waiting">One moment…</p>;
  return (
    <Alone title="Sign in">
      <SignIn title="Sign in" />
    </Alone>
  );
}

/** Never to another site, however the address is written. */
export function afterwards(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "";
  return /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : AFTERWARDS;
}
