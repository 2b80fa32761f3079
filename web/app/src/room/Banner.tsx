import type { NativeView } from "@tutti/client/native";
import { inSeconds, secondsLeft } from "../words";
import { useNow } from "./useNow";

/** What is to be known about the connection, for as long as there is something to know. */
export function Banner({ view }: { view: NativeView }) {
  const { connection, reconnectAt } = view;
  const now = useNow(500, reconnectAt !== null);
  return (
    <div className="banners" role="status" aria-live="polite">
      {connection === "connecting" && <p className="banner">Connecting…</p>}
      {connection === "lost" && (
        <p className="banner warn">
          <span>
            <strong>Connection lost.</strong> Your player carries on; trying again
            {/* Read out once, not each second. */}
            <span aria-hidden="true">
              {" "}
              {reconnectAt === null ? "now" : inSeconds(secondsLeft(reconnectAt, now))}
            </span>
            .
          </span>
        </p>
      )}
    </div>
  );
}
