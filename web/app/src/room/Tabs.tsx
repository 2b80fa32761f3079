import { useRef, type KeyboardEvent, type ReactNode } from "react";

export interface Tab<Id extends string> {
  id: Id;
  title: string;
  /** Shown beside the title when above 0; `means` says it in words. */
  count?: number;
  means?: string;
  news?: boolean;
}

interface Props<Id extends string> {
  tabs: readonly Tab<Id>[];
  open: Id;
  onOpen: (id: Id) => void;
  children: ReactNode;
}

/** The WAI-ARIA tabs pattern: one stop for the Tab key, arrows within. */
export function Tabs<Id extends string>({ tabs, open, onOpen, children }: Props<Id>) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = tabs.at((tabs.findIndex(({ id }) => id === open) + step) % tabs.length);
    if (next === undefined) return;
    onOpen(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <section className="tabs">
      <div role="tablist" aria-label="About the room" tabIndex={-1} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ id, title, count = 0, means, news = false }) => (
          <button
            key={id}
            id={`tab-${id}`}
            role="tab"
            aria-selected={id === open}
            aria-controls="panel"
            tabIndex={id === open ? 0 : -1}
            onClick={() => onOpen(id)}
          >
            {title}
            {count > 0 && (
              <span className={news ? "count news" : "count"}>
                {count}
                {means !== undefined && <span className="visually-hidden"> {means}</span>}
              </span>
            )}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="panel" aria-labelledby={`tab-${open}`} className="panel">
        {children}
      </div>
    </section>
  );
}
