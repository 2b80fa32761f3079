import { useEffect, useState } from "react";

/** The local time, told anew at this pace while it is wanted. */
export function useNow(everyMs: number, wanted = true): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!wanted) return;
    const tell = () => setNow(performance.now());
    const first = setTimeout(tell);
    const timer = setInterval(tell, everyMs);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [everyMs, wanted]);
  return now;
}
