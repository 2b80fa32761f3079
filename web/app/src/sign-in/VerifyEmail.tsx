import { useEffect, useRef, useState } from "react";
import { Alone } from "./Alone";
import { account, wordsOf } from "./api";
import { tokenInAddress } from "./token";

/** Where the link of a mail leads: `/verify-email?token=…`. */
export function VerifyEmail() {
  const [token] = useState(tokenInAddress);
  const [done, setDone] = useState(false);
  const [failure, setFailure] = useState<string | null>(
    token === "" ? "This link is not whole. Open it again from the mail." : null,
  );
  const asked = useRef(false);
  useEffect(() => {
    if (token === "" || asked.current) return;
    asked.current = true; // a code works once, and an effect may run twice
    account.verifyEmail(token).then(
      () => setDone(true),
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  }, [token]);
  return (
    <Alone title="Confirm your email">
      <section className="card" aria-labelledby="verify-title">
        <h1 id="verify-title">Confirm your email</h1>
        <p role="status">
          {done ? "Thank you: your email is confirmed." : failure === null && "One moment…"}
        </p>
        <p className="failure" role="alert" hidden={failure === null}>
          {failure}
        </p>
        <a href="/account">To your account</a>
      </section>
    </Alone>
  );
}
