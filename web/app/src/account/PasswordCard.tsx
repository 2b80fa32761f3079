import { useRef, useState } from "react";
import { Failure } from "../Failure";
import { account } from "../sign-in/api";
import { useSubmit } from "../useSubmit";

export function PasswordCard() {
  const old = useRef<HTMLInputElement>(null);
  const fresh = useRef<HTMLInputElement>(null);
  const [done, setDone] = useState(false);
  const { busy, failure, onSubmit } = useSubmit(async () => {
    setDone(false);
    await account.changePassword(old.current?.value ?? "", fresh.current?.value ?? "");
    for (const field of [old, fresh]) if (field.current !== null) field.current.value = "";
    setDone(true);
  });
  return (
    <form className="card" onSubmit={onSubmit} aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <label>
        Your password now
        <input ref={old} type="password" required maxLength={128} autoComplete="current-password" />
      </label>
      <label>
        The new one, 8 characters or more
        <input
          ref={fresh}
          type="password"
          required
          minLength={8}
          maxLength={128}
          autoComplete="new-password"
        />
      </label>
      <Failure>{failure}</Failure>
      <p className="row">
        <button disabled={busy}>{busy ? "Changing…" : "Change the password"}</button>
        <span role="status" className="said">
          {done && !busy && "Changed. You are logged out everywhere else."}
        </span>
      </p>
    </form>
  );
}
