import { useEffect, useRef, useState } from "react";

const SAID_FOR_MS = 2000;

export function ShareLink() {
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className="share">
      <input
        ref={field}
        readOnly
        aria-label="Link to this room"
        value={`${location.origin}${location.pathname}`}
        onFocus={(event) => event.target.select()}
      />
      <button
        onClick={() => {
          if (field.current) void copy(field.current).then(setCopied);
        }}
      >
        <span aria-live="polite">{copied ? "Copied" : "Copy link"}</span>
      </button>
    </div>
  );
}

/** The clipboard API is missing on plain http pages; there the old command still works. */
async function copy(field: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select();
    return document.execCommand("copy");
  }
}
