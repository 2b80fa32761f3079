import { NearbyService, type NearbyView } from "@tutti/client/nearby";
import { useEffect, useState, useSyncExternalStore } from "react";
import { accounts } from "../sign-in/accounts";

/** Who uses the page: an account, or in open mode somebody who says who they are. */
export interface Who {
  id: string;
  name: string;
  guest: boolean;
}

/** A connection for as long as the component is there; null for the moment before there is one. */
export function useNearby({ id, guest }: Who): NearbyService | null {
  const [service, setService] = useState<NearbyService | null>(null);
  useEffect(() => {
    const made = new NearbyService(
      guest ? { token: () => Promise.resolve(null), userId: id } : { token: accounts.token },
    );
    made.start();
    // A connection is an outside thing with a life of its own; rendering cannot make it.
    // oxlint-disable-next-line react/set-state-in-effect
    setService(made);
    const stop = accounts.subscribe(() => {
      const token = accounts.current();
      if (!guest && token !== null) made.signIn(token);
    });
    return () => {
      stop();
      made.stop();
    };
  }, [id, guest]);
  return service;
}

export function useNearbyView(service: NearbyService): NearbyView {
  return useSyncExternalStore(service.subscribe, service.view);
}
