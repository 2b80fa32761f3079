import { useEffect, useState } from "react";
import { findRoom, RoomError } from "../rooms";
import { resume } from "../sign-in/accounts";

/** No room has this name: a server in closed mode refuses before it looks, and an open one says that there is none. */
const NO_ROOM = "-";

/** Whether this server lets only people with accounts make a room; false until it is known. */
export function useClosed(): boolean {
  const [closed, setClosed] = useState(false);
  useEffect(() => {
    let wanted = true;
    void asksForAccounts().then((does) => wanted && setClosed(does));
    return () => {
      wanted = false;
    };
  }, []);
  return closed;
}

async function asksForAccounts(): Promise<boolean> {
  if (await resume().catch(() => false)) return false; // whoever is signed in may, in either mode
  try {
    await findRoom(NO_ROOM);
  } catch (reason) {
    return reason instanceof RoomError && reason.status === 401;
  }
  return false;
}
