import type { NativeRoom, NativeView } from "@tutti/client/native";
import { useEffect, useState } from "react";
import { EMPTY, heard, type History } from "./history";

/** Remembers what everybody's error was for as long as one is in the room, whether or not the chart is shown. */
export function useHistory(room: NativeRoom): History {
  const [history, setHistory] = useState<History>(EMPTY);
  useEffect(() => {
    let last: NativeView["status"] | null = null;
    const listen = () => {
      const { status } = room.view();
      if (status === last) return;
      last = status;
      setHistory((before) => heard(before, status, room.roomNow()));
    };
    listen();
    return room.subscribe(listen);
  }, [room]);
  return history;
}
