import { useEffect, useMemo, useRef, useState } from "react";
import { useInside } from "../inside";
import { grouped } from "./chat-list";
import { Said } from "./Said";
import { useWallOffset } from "./useWallOffset";

const AT_THE_END_PX = 40;

interface Props {
  maySpeak: boolean;
  onReply: (seq: number) => void;
  onEdit: (seq: number) => void;
}

/** Follows what is said for as long as one is at the end; who reads further up is left there. */
export function ChatLines({ maySpeak, onReply, onEdit }: Props) {
  const { room, state, view, mayModerate } = useInside();
  const wallOffset = useWallOffset(room);
  const list = useRef<HTMLOListElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  /** The line whose acts are unfolded, and the one that was jumped to. */
  const [unfolded, setUnfolded] = useState<number | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const groups = useMemo(() => grouped(state.chat), [state.chat]);
  const lines = useMemo(() => new Map(state.chat.map((line) => [line.seq, line])), [state.chat]);

  useEffect(() => {
    if (atEnd && groups.length > 0) toEnd(list.current);
  }, [atEnd, groups]);
  useEffect(() => {
    if (unfolded !== null) toSee(list.current, unfolded);
  }, [unfolded]);

  const onScroll = () => {
    const { current } = list;
    if (current === null) return;
    setAtEnd(current.scrollHeight - current.scrollTop - current.clientHeight < AT_THE_END_PX);
  };
  const fold = () => {
    setUnfolded(null);
    list.current?.focus();
  };
  const jump = (seq: number) => {
    setShown(seq);
    toLine(list.current, seq);
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
            lines={lines}
            me={view.me}
            mayModerate={mayModerate}
            maySpeak={maySpeak}
            wallOffset={wallOffset}
            unfolded={unfolded}
            shown={shown}
            onUnfold={setUnfolded}
            onJump={jump}
            onReply={(seq) => {
              setUnfolded(null);
              onReply(seq);
            }}
            onEdit={(seq) => {
              setUnfolded(null);
              onEdit(seq);
            }}
            onRemoved={fold}
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

function toEnd(list: HTMLElement | null): void {
  if (list !== null) list.scrollTop = list.scrollHeight;
}

/** Within the list: the page itself stays where it is. */
function toLine(list: HTMLElement | null, seq: number): void {
  const line = lineOf(list, seq);
  if (list === null || !line) return;
  const away = line.getBoundingClientRect().top - list.getBoundingClientRect().top;
  list.scrollTop += away - list.clientHeight / 3;
  line.querySelector<HTMLElement>(".more")?.focus({ preventScroll: true });
}

/** What was unfolded at the lower edge would not be seen. */
function toSee(list: HTMLElement | null, seq: number): void {
  const line = lineOf(list, seq);
  if (list === null || !line) return;
  const hidden = line.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom;
  if (hidden > 0) list.scrollTop += hidden + 8;
}

function lineOf(list: HTMLElement | null, seq: number): HTMLElement | null | undefined {
  return list?.querySelector<HTMLElement>(`[data-line="${seq}"]`);
}
