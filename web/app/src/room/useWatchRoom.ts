import { connect, type Room, type RoomView, type WatchRoom } from "@tutti/client";
import { useEffect, useState, useSyncExternalStore } from "react";
import { myUserId } from "../identity";

/** A room for as long as the component is there; null for the moment before it is connected. */
export function useWatchRoom(room: Room, userName: string): WatchRoom | null {
  const [watched, setWatched] = useState<WatchRoom | null>(null);
  useEffect(() => {
    const made = connect(room, { userId: myUserId(), userName });
    // A connection is an outside thing with a life of its own; rendering cannot make it.
    // oxlint-disable-next-line react/set-state-in-effect
    setWatched(made);
    return () => made.leave();
  }, [room, userName]);
  return watched;
}

export function useRoomView(room: WatchRoom): RoomView {
  return useSyncExternalStore(room.subscribe, room.view);
}
