import { lazy, Suspense } from "react";
import { useAccount } from "../sign-in/accounts";

const InBar = lazy(async () => ({ default: (await import("./InBar")).InBar }));

/** In the bar of a room or a meeting, for whoever is signed in; fetched only by them. */
export function ToldInRoom() {
  if (useAccount() === null) return null;
  return (
    <Suspense fallback={null}>
      <InBar />
    </Suspense>
  );
}
