import type { MouseEvent, ReactNode } from "react";
import { navigate } from "../navigation";

interface Props {
  to: string;
  className?: string;
  current?: boolean;
  /** In a tab of its own: one stays where one is. */
  apart?: boolean;
  children: ReactNode;
}

/** To another page of this app, without loading it anew. With a modifier key it is the browser's. */
export function Link({ to, className, current = false, apart = false, children }: Props) {
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
    window.scrollTo(0, 0);
  };
  if (apart) {
    return (
      <a href={to} className={className} target="_blank" rel="noopener">
        {children}
        <span className="visually-hidden"> (in a new tab)</span>
      </a>
    );
  }
  return (
    <a href={to} className={className} aria-current={current ? "page" : undefined} onClick={go}>
      {children}
    </a>
  );
}
