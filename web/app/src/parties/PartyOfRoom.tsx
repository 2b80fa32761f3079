import { lazy, Suspense } from "react";
import { useAccount } from "../sign-in/accounts";

const ToParty = lazy(async () => ({ default: (await import("./ToParty")).ToParty }));

/** Of rooms of parties; others may look the same. */
const CODE = /^[A-Z2-9]{8}$/;

/** The way from a room to its party, for those who are in it; fetched only by whoever is signed in. */
export function PartyOfRoom({ room }: { room: string }) {
  if (useAccount() === null || !CODE.test(room)) return null;
  return (
    <Suspense fallback={null}>
      <ToParty key={room} room={room} />
    </Suspense>
  );
}
