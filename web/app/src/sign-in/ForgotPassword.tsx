import { useState } from "react";
import { Failure } from "../Failure";
import { useSubmit } from "../useSubmit";
import { Alone } from "./Alone";
import { account } from "./api";

export function ForgotPassword() {
  const [sent, setSent] = useState(false);
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    await account.forgotPassword(field("email"));
    setSent(true);
  });
  return (
    <Alone title="Forgotten password">
      <form className="card" onSubmit={onSubmit} aria-labelledby="forgot-title">
        <h1 id="forgot-title">Forgotten password</h1>
        {sent ? (
          <p role="status">If there is an account with this email, a mail with a link is on its way to it.</p>
        ) : (
          <>
            <label>
              Email
              <input name="email" type="email" required maxLength={254} autoComplete="email" />
            </label>
            <Failure>{failure}</Failure>
            <button className="primary" disabled={busy}>
              {busy ? "One moment…" : "Send me a link"}
            </button>
          </>
        )}
        <a href="/sign-in">Back to signing in</a>
      </form>
    </Alone>
  );
}
