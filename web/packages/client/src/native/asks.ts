/** What has been asked and not yet answered: each ref settles its promise exactly once. */

import type { Ref } from "./wire";

/** Why a command was not carried out, in the server's words. `mayRetry`: the same may succeed later. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly mayRetry: boolean,
    /** After so long, where the server knows. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

interface Asked {
  done: () => void;
  refused: (refusal: Refusal) => void;
  timer: ReturnType<typeof setTimeout>;
}

const ANSWERED_WITHIN_MS = 15_000;

const NO_ANSWER = new Refusal("no_answer", "The server did not answer", true);

export class Asks {
  private readonly open = new Map<Ref, Asked>();
  private last = 0;

  /** `send` says whether it went out. A caller that ignores the promise is not told of its rejection. */
  ask(send: (ref: Ref) => boolean): Promise<void> {
    const ref = (this.last += 1);
    if (!send(ref))
      return quiet(Promise.reject(new Refusal("not_connected", "There is no connection", true)));
    const answer = new Promise<void>((done, refused) => {
      const timer = setTimeout(() => this.settle(ref, NO_ANSWER), ANSWERED_WITHIN_MS);
      this.open.set(ref, { done, refused, timer });
    });
    return quiet(answer);
  }

  settle(ref: Ref, refusal: Refusal | null): void {
    const asked = this.open.get(ref);
    if (asked === undefined) return;
    this.open.delete(ref);
    clearTimeout(asked.timer);
    if (refusal === null) asked.done();
    else asked.refused(refusal);
  }

  /** The connection has gone, and the answers with it: whether it was done, nobody knows. */
  abandon(why: Refusal): void {
    for (const ref of this.open.keys()) this.settle(ref, why);
  }
}

function quiet(answer: Promise<void>): Promise<void> {
  void answer.catch(() => undefined);
  return answer;
}
