import type { FindView } from "@tutti/client/nearby";
import { useCallback, useEffect, useRef } from "react";
import { useNow } from "../room/useNow";
import { secondsLeft } from "../words";
import { answersWords, BUCKETS, bucketWords, endingWords } from "./find-words";
import { useInside } from "./inside";

const BETWEEN_ANSWERS_MS = 10_000;

/** One find session, from the question to its end. Either side ends it at once. */
export function FindCard() {
  const { view } = useInside();
  const { find } = view;
  return (
    <div role="status" aria-live="polite" className="find-place">
      {find !== null && (
        <section className="card find" aria-labelledby="find-title">
          {find.stage === "offered" &&
            (find.role === "target" ? <Asked find={find} /> : <Waiting find={find} />)}
          {find.stage === "accepted" && <Looking key={find.sessionId} find={find} />}
          {find.stage === "ended" && <Ended find={find} />}
        </section>
      )}
    </div>
  );
}

function Asked({ find }: { find: FindView }) {
  const { service, ask } = useInside();
  return (
    <>
      <h2 id="find-title">{find.otherName} would like to find you</h2>
      <p>
        If you accept, you both learn whether you are far, warm or close, at most six times. Either of you
        ends it at once. <Left until={find.until} most={60} />
      </p>
      <p className="row">
        <button className="primary" onClick={() => ask(service.accept())}>
          Accept
        </button>
        <button onClick={() => ask(service.decline())}>Decline</button>
      </p>
    </>
  );
}

function Waiting({ find }: { find: FindView }) {
  const { service, ask } = useInside();
  return (
    <>
      <h2 id="find-title">Waiting for {find.otherName}</h2>
      <p>
        They have a minute to accept. <Left until={find.until} most={60} />
      </p>
      <p className="row">
        <button onClick={() => ask(service.endFind())}>Take it back</button>
      </p>
    </>
  );
}

function Looking({ find }: { find: FindView }) {
  const { service, ask, cellNow, enter } = useInside();
  const now = useNow(500);
  const sayCell = useCallback(async () => service.update(await cellNow()), [service, cellNow]);
  const said = useRef(find.bucket !== null);
  // Once by itself, so that both have said where they are; after that only when somebody asks, for answers are few.
  useEffect(() => {
    if (said.current) return;
    said.current = true;
    ask(sayCell());
  }, [ask, sayCell]);

  const waitS =
    find.answeredAt === null ? 0 : Math.min(10, secondsLeft(find.answeredAt + BETWEEN_ANSWERS_MS, now));
  const near = find.bucket === "warm" || find.bucket === "close";
  return (
    <>
      <h2 id="find-title">Finding {find.otherName}</h2>
      <ol className="buckets" aria-hidden="true">
        {BUCKETS.map((bucket) => (
          <li key={bucket} className={bucket === find.bucket ? `bucket is ${bucket}` : "bucket"}>
            {bucket}
          </li>
        ))}
      </ol>
      <p>
        <strong>{bucketWords(find.bucket)}.</strong> {answersWords(find.answersLeft)}.{" "}
        <Left until={find.until} most={300} />
      </p>
      {find.otherFound && !find.iFound && <p>{find.otherName} says that you have found each other.</p>}
      {find.iFound && <p>You said “found”. It counts when {find.otherName} says so too.</p>}
      {find.answersLeft === 0 && find.role === "seeker" && (
        <p>All answers are used. {find.otherName} has to agree to more.</p>
      )}
      <p className="row">
        {find.answersLeft === 0 && find.role === "target" ? (
          <button onClick={() => ask(service.accept())}>Allow six more answers</button>
        ) : (
          <button disabled={find.answersLeft === 0 || waitS > 0} onClick={() => ask(sayCell())}>
            {waitS > 0 ? `Check again in ${waitS} s` : "Check again"}
          </button>
        )}
        <button disabled={!near || find.iFound} onClick={() => ask(service.claimFound())}>
          We have found each other
        </button>
        <button
          className="primary"
          onClick={() => ask(service.togetherFound().then(({ roomId }) => enter(roomId)))}
        >
          Listen together
        </button>
        <button className="danger" onClick={() => ask(service.endFind())}>
          End it
        </button>
      </p>
    </>
  );
}

function Ended({ find }: { find: FindView }) {
  const { service } = useInside();
  return (
    <>
      <h2 id="find-title">{find.ending === "completed" ? "Found!" : "Finding has ended"}</h2>
      <p>{endingWords(find)}</p>
      <p className="row">
        <button onClick={() => service.dismissFind()}>Close</button>
      </p>
    </>
  );
}

/** Not read out each second. The time it is compared with may be half a second old, hence `most`. */
function Left({ until, most }: { until: number; most: number }) {
  const left = Math.min(most, secondsLeft(until, useNow(500)));
  return (
    <span className="left" aria-hidden="true">
      {left} s left.
    </span>
  );
}
