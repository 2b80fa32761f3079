import type { ChatLine } from "@tutti/client/native";
import { segments, type Group } from "./chat-list";
import { LineActs } from "./LineActs";

interface Props {
  group: Group<ChatLine>;
  /** By `seq`, for what is answered. */
  lines: ReadonlyMap<number, ChatLine>;
  me: string | null;
  mayModerate: boolean;
  maySpeak: boolean;
  wallOffset: number;
  unfolded: number | null;
  shown: number | null;
  onUnfold: (seq: number | null) => void;
  onJump: (seq: number) => void;
  onReply: (seq: number) => void;
  onEdit: (seq: number) => void;
  onRemoved: () => void;
}

/** What one person says in a row. */
export function Said(props: Props) {
  const { group, lines, me, wallOffset, unfolded, shown } = props;
  const mine = group.member === me;
  const at = new Date(group.at + wallOffset);
  return (
    <li className={mine ? "turn mine" : "turn"}>
      <p className="who">
        <span className="name">{group.name}</span>{" "}
        <time className="muted" dateTime={at.toISOString()}>
          {at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}
        </time>
      </p>
      {group.lines.map((line) => (
        <div
          key={line.seq}
          data-line={line.seq}
          className={line.seq === shown ? "said-line shown" : "said-line"}
        >
          {line.replyTo !== null && <Quote answered={lines.get(line.replyTo)} onJump={props.onJump} />}
          <p className="words" dir="auto">
            <Words text={line.text} />
            {line.editedAt !== null && <span className="muted edited"> (edited)</span>}
          </p>
          <LineActs
            line={line}
            mine={mine}
            mayReply={props.maySpeak}
            mayRemove={mine || props.mayModerate}
            unfolded={line.seq === unfolded}
            onUnfold={props.onUnfold}
            onReply={props.onReply}
            onEdit={props.onEdit}
            onRemoved={props.onRemoved}
          />
        </div>
      ))}
    </li>
  );
}

function Quote({ answered, onJump }: { answered: ChatLine | undefined; onJump: (seq: number) => void }) {
  if (answered === undefined) return <p className="quote muted">To a message that is no longer here</p>;
  return (
    <button className="quote" onClick={() => onJump(answered.seq)}>
      <span className="visually-hidden">In reply to </span>
      <strong>{answered.name}</strong> <span dir="auto">{answered.text}</span>
    </button>
  );
}

function Words({ text }: { text: string }) {
  return segments(text).map(({ text: part, href }, at) =>
    href === null ? (
      part
    ) : (
      // The parts of a line have no state of their own, so they are known by where they stand.
      // oxlint-disable-next-line react/no-array-index-key
      <a key={at} href={href} target="_blank" rel="noopener noreferrer nofollow">
        {part}
      </a>
    ),
  );
}
