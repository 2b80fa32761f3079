import { Refusal } from "@tutti/client/native";
import { useCallback, useEffect, useRef, useState } from "react";

export interface Toast {
  id: number;
  message: string;
}

const SHOWN_FOR_MS = 6_000;
const AT_ONCE = 3;

/** Asks the room for things, and keeps what was said against it long enough to be read. */
export function useAsking() {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  const count = useRef(0);

  const dismiss = useCallback((id: number) => {
    setToasts((shown) => shown.filter((toast) => toast.id !== id));
  }, []);

  const say = useCallback(
    (message: string) => {
      count.current += 1;
      const id = count.current;
      setToasts((shown) =>
        [...shown.filter((toast) => toast.message !== message), { id, message }].slice(-AT_ONCE),
      );
      const timer = setTimeout(() => {
        timers.current.delete(timer);
        dismiss(id);
      }, SHOWN_FOR_MS);
      timers.current.add(timer);
    },
    [dismiss],
  );

  const ask = useCallback(
    (asked: Promise<void>) => {
      asked.catch((reason: unknown) => say(wordsOf(reason)));
    },
    [say],
  );

  useEffect(() => {
    const running = timers.current;
    return () => running.forEach((timer) => clearTimeout(timer));
  }, []);

  return { ask, say, toasts, dismiss };
}

function wordsOf(reason: unknown): string {
  if (reason instanceof Refusal || reason instanceof Error) return reason.message;
  return "That did not work";
}
