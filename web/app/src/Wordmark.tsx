export function Wordmark() {
  return (
    <span className="wordmark">
      <svg viewBox="0 0 32 22" width="32" height="22" aria-hidden="true">
        <circle cx="11" cy="11" r="10" fill="var(--accent)" />
        <circle cx="21" cy="11" r="10" fill="var(--accent)" fillOpacity="0.5" />
      </svg>
      Tutti
    </span>
  );
}
