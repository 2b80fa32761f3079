import type { Notification } from "@tutti/client/party";
import { useEffect, useRef } from "react";
import { Link } from "../account/Link";
import { usePath } from "../navigation";
import { dismiss, useTold } from "./live";
import { placeOf } from "./words";

const SHOWN_MS = 8_000;
/** Somebody was about to use it. */
const LONGER_MS = 1_000;

interface Props {
  /** How many are shown at once; the others after them. */
  most?: number;
  /** What they are about is opened without leaving where one is. */
  apart?: boolean;
}

/** What has just come, read out and gone again by itself. Not what one is looking at. */
export function Toasts({ most = Infinity, apart = false }: Props) {
  const { toasts } = useTold();
  const path = usePath();
  return (
    <div className="told-toasts" role="status" aria-live="polite" aria-label="New notifications">
      {toasts
        .filter((toast) => placeOf(toast) !== path)
        .slice(0, most)
        .map((toast) => (
          <Toast key={toast.id} toast={toast} apart={apart} />
        ))}
    </div>
  );
}

function Toast({ toast, apart }: { toast: Notification; apart: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const goes = () => {
      if (box.current?.matches(":hover, :focus-within")) timer = setTimeout(goes, LONGER_MS);
      else dismiss(toast.id);
    };
    let timer = setTimeout(goes, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast.id]);
  const place = placeOf(toast) ?? "/notifications";
  return (
    <div className="told-toast" ref={box}>
      <Link to={place} className="told-toast-what" apart={apart}>
        <strong>{toast.title}</strong>
        {toast.message !== "" && <span>{toast.message}</span>}
      </Link>
      <button className="quiet" aria-label={`Dismiss: ${toast.title}`} onClick={() => dismiss(toast.id)}>
        ×
      </button>
    </div>
  );
}
