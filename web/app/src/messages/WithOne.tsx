import { useEffect, useState } from "react";
import { Failure } from "../Failure";
import { messaging } from "../notifications/live";
import { navigate } from "../navigation";
import { wordsOf } from "../sign-in/api";
import { talkPath } from "./paths";

/** On the way to the conversation with somebody. */
export function WithOne({ user }: { user: string }) {
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let here = true;
    messaging.withOne(user).then(
      ({ id }) => here && navigate(talkPath(id)),
      (reason: unknown) => here && setFailure(wordsOf(reason)),
    );
    return () => {
      here = false;
    };
  }, [user]);
  return failure === null ? <p className="muted">One moment…</p> : <Failure>{failure}</Failure>;
}
