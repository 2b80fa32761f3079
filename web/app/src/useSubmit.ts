import { useState, type FormEvent } from "react";

export interface Submit {
  busy: boolean;
  failure: string | null;
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

/** One form's life: what it does, whether it is doing it, and what went wrong. Text fields arrive trimmed. */
export function useSubmit(act: (field: (name: string) => string) => Promise<void>): Submit {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  async function run(form: HTMLFormElement) {
    const fields = new FormData(form);
    setBusy(true);
    setFailure(null);
    try {
      await act((name) => String(fields.get(name) ?? "").trim());
    } catch (reason) {
      setFailure(reason instanceof Error ? reason.message : "Something went wrong");
    }
    setBusy(false);
  }
  return {
    busy,
    failure,
    onSubmit(event) {
      event.preventDefault();
      if (!busy) void run(event.currentTarget);
    },
  };
}
