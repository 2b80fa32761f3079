import { useEffect, type ReactNode } from "react";
import { Wordmark } from "../Wordmark";

/** A page with one card on it. */
export function Alone({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Tutti`;
  }, [title]);
  return (
    <main className="narrow account-door">
      <a href="/" className="home-link" aria-label="Tutti, to the start page">
        <Wordmark />
      </a>
      {children}
    </main>
  );
}
