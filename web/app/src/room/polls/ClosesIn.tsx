import { useEffect, useState } from "react";
import { clock } from "../../words";
import { useInside } from "../inside";

const LOOK_EVERY_MS = 500;

/** Not read out: each second would be. */
export function ClosesIn({ until }: { until: number }) {
  const { room } = useInside();
  const [leftMs, setLeftMs] = useState(() => until - room.roomNow());
  useEffect(() => {
    const timer = setInterval(() => setLeftMs(until - room.roomNow()), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [room, until]);
  return (
    <span className="closes" aria-hidden="true">
      , closes in {clock(leftMs)}
    </span>
  );
}
