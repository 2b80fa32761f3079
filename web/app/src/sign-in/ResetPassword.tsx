import { useRef, useState } from "react";
import { Failure } from "../Failure";
import { useSubmit } from "../useSubmit";
import { Alone } from "./Alone";
import { account } from "./api";
import { tokenInAddress } from "./token";

/** Where the link of a mail leads: `/reset-password?token=…`. */
export function ResetPassword() {
  const [token] = useState(tokenInAddress);
  const [done, setDone] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const { busy, failure, onSubmit } = useSubmit(async () => {
    await account.resetPassword(token, password.current?.value ?? "");
    setDone(true);
  });
  return (
    <Alone title="New password">
      <form className="card" onSubmit={onSubmit} aria-labelledby="reset-title">
        <h1 id="reset-title">New password</h1>
        {done ? (
          <p role="status">Your password is changed, and you are logged out everywhere.</p>
        ) : token === "" ? (
          <p className="failure" role="alert">
            This link is not whole. Open it again from the mail, or{" "}
            <a href="/forgot-password">ask for another</a>.
          </p>
        ) : (
          <>
            <label>
              The new password, 8 characters or more
              <input
                ref={password}
                type="password"
                required
                minLength={8}
                maxLength={128}
                autoComplete="new-password"
                autoFocus
              />
            </label>
            <Failure>{failure}</Failure>
            <button className="primary" disabled={busy}>
              {busy ? "Changing…" : "Change the password"}
            </button>
          </>
        )}
        <a href="/sign-in">To signing in</a>
      </form>
    </Alone>
  );
}
