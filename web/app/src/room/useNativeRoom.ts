import { NativeRoom, type NativeView } from "@tutti/client/native";
import { useEffect, useState, useSyncExternalStore } from "react";
import { passFor } from "../identity";
import { accounts, myId } from "../sign-in/accounts";

/** A room for as long as the component is there; null for the moment before it is connected. */
export function useNativeRoom(roomId: string, name: string): NativeRoom | null {
  const [room, setRoom] = useState<NativeRoom | null>(null);
  useEffect(() => {
    const token = accounts.current() ?? passFor(roomId);
    const made = new NativeRoom({
      room: roomId,
      me: { id: myId(), name },
      ...(token === null ? {} : { token }),
    });
    // A connection is an outside thing with a life of its own; rendering cannot make it.
    // oxlint-disable-next-line react/set-state-in-effect
    setRoom(made);
    const stop = accounts.subscribe(() => {
      const fresh = accounts.current();
      if (fresh !== null) made.signIn(fresh);
    });
    return () => {
      stop();
      made.leave();
    };
  }, [roomId, name]);
  return room;
}

export function useRoomView(room: NativeRoom): NativeView {
  return useSyncExternalStore(room.subscribe, room.view);
}
