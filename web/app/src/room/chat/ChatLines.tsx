import { useEffect, useMemo, useRef, useState } from "react";
import { useInside } from "../inside";
import { useWallOffset } from "./useWallOffset";
import { grouped, segments, type Group } from "./chat-list";

const AT_THE_END_PX = 40;

/** Follows what is said for as long as one is at the end; who reads further up is left there. */
export function ChatLines() {
  const { room, state, view } = useInside();
  const wallOffset = useWallOffset(room);
  const list = useRef<HTMLOListElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const groups = useMemo(() => grouped(state.chat), [state.chat]);

  useEffect(() => {
    if (atEnd && groups.length > 0) toEnd(list.current);
  }, [atEnd, groups]);

  const onScroll = () => {
    const { current } = list;
    if (current === null) return;
    setAtEnd(current.scrollHeight - current.scrollTop - current.clientHeight < AT_THE_END_PX);
  };

  return (
    <div className="chat-lines">
      {groups.length === 0 && <p className="muted empty">Nobody has said anything yet.</p>}
      {/* What scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <ol ref={list} onScroll={onScroll} role="log" aria-label="Messages" tabIndex={0}>
        {groups.map((group) => (
          <Said
            key={group.key}
            group={group}
            mine={group.member === view.me}
            at={new Date(group.at + wallOffset)}
          />
        ))}
      </ol>
      {!atEnd && (
        <button className="to-end" onClick={() => toEnd(list.current)}>
          To the latest ↓
        </button>
      )}
    </div>
  );
}

function Said({ group, mine, at }: { group: Group; mine: boolean; at: Date }) {
  return (
    <li className={mine ? "said mine" : "said"}>
      <p className="who">
        <span className="name">{group.name}</span>{" "}
        <time className="muted" dateTime={at.toISOString()}>
          {at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}
        </time>
      </p>
      {group.lines.map(({ seq, text }) => (
        <p key={seq} className="words" dir="auto">
          <Words text={text} />
        </p>
      ))}
    </li>
  );
}

function Words({ text }: { text: string }) {
  return segments(text).map(({ text: part, href }, at) =>
    href === null ? (
      part
    ) : (
      // A line of chat never changes, so its parts are known by where they stand.
      // oxlint-disable-next-line react/no-array-index-key
      <a key={at} href={href} target="_blank" rel="noopener noreferrer nofollow">
        {part}
      </a>
    ),
  );
}

function toEnd(list: HTMLElement | null): void {
  if (list !== null) list.scrollTop = list.scrollHeight;
}
