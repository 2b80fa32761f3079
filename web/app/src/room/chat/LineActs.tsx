import type { ChatLine } from "@tutti/client/native";
import { useState, type KeyboardEvent } from "react";
import { useInside } from "../inside";
import { Icon } from "../stage/Icon";
import { editable } from "./chat-list";

interface Props {
  line: ChatLine;
  mine: boolean;
  mayReply: boolean;
  mayRemove: boolean;
  unfolded: boolean;
  onUnfold: (seq: number | null) => void;
  onReply: (seq: number) => void;
  onEdit: (seq: number) => void;
  onRemoved: () => void;
}

/** What may be done about a line, folded away behind one button that the arrows lead to from line to line. */
export function LineActs({ line, mine, mayReply, mayRemove, unfolded, ...on }: Props) {
  const { room, state } = useInside();
  const [mayEdit, setMayEdit] = useState(false);
  if (!mayReply && !mayRemove) return null;
  const toggle = () => {
    setMayEdit(mayReply && mine && editable(line, line.member, room.roomNow()));
    on.onUnfold(unfolded ? null : line.seq);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape" && unfolded) {
      on.onUnfold(null);
      moreOf(event.currentTarget, 0)?.focus();
    } else if (step === undefined) return;
    else moreOf(event.currentTarget, step)?.focus();
    event.preventDefault();
  };
  const last = state.chat.at(-1)?.seq === line.seq;
  return (
    // The keys are those of the buttons in it; a line that is said is read out without them.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="line-acts" aria-live="off" onKeyDown={onKeyDown}>
      <button
        className="icon more"
        tabIndex={last || unfolded ? 0 : -1}
        aria-expanded={unfolded}
        aria-label={`What to do about “${short(line.text)}”`}
        onClick={toggle}
      >
        <Icon name="more" />
      </button>
      {unfolded && (
        <div className="row">
          {mayReply && (
            <button className="quiet" onClick={() => on.onReply(line.seq)}>
              Reply
            </button>
          )}
          {mayEdit && (
            <button className="quiet" onClick={() => on.onEdit(line.seq)}>
              Edit
            </button>
          )}
          {mayRemove && <Remove line={line} onRemoved={on.onRemoved} />}
        </div>
      )}
    </div>
  );
}

function Remove({ line, onRemoved }: { line: ChatLine; onRemoved: () => void }) {
  const { room, ask } = useInside();
  const [sure, setSure] = useState(false);
  if (!sure) {
    return (
      <button key="first" className="quiet danger" onClick={() => setSure(true)}>
        Remove…
      </button>
    );
  }
  const remove = () => {
    ask(room.chatRemove(line.seq));
    onRemoved();
  };
  return (
    <>
      <button key="sure" className="quiet danger" autoFocus onClick={remove}>
        Remove it for everybody
      </button>
      <button key="keep" className="quiet" onClick={() => setSure(false)}>
        Keep it
      </button>
    </>
  );
}

/** The button of the line that is so many further down. */
function moreOf(from: HTMLElement, step: number): HTMLElement | undefined {
  const all = [...(from.closest("[role='log']")?.querySelectorAll<HTMLElement>(".more") ?? [])];
  const here = all.findIndex((one) => from.contains(one));
  return all[here + step];
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
