import { useState } from "react";
import { useInside } from "../inside";
import { lastEditable } from "./chat-list";
import { ChatLines } from "./ChatLines";
import { Composer, COMPOSER_ID } from "./Composer";
import { EditLine } from "./EditLine";
import { Typing } from "./Typing";

/** Which line is meant, by its `seq`; once that is gone, none is. */
interface About {
  act: "reply" | "edit";
  line: number;
}

export function Chat() {
  const { room, state, view, mayModerate } = useInside();
  const [draft, setDraft] = useState("");
  const [about, setAbout] = useState<About | null>(null);
  const line = state.chat.find(({ seq }) => seq === about?.line) ?? null;
  const maySpeak = state.chatOn || mayModerate;
  const reply = (seq: number) => {
    setAbout({ act: "reply", line: seq });
    toComposer();
  };
  const edit = (seq: number) => setAbout({ act: "edit", line: seq });
  const editLast = () => {
    const last = lastEditable(state.chat, view.me, room.roomNow());
    if (last !== undefined) edit(last.seq);
  };
  const done = () => {
    setAbout(null);
    toComposer();
  };
  return (
    <div className="chat">
      <ChatLines maySpeak={maySpeak} onReply={reply} onEdit={edit} />
      <Typing />
      {!maySpeak && <p className="muted chat-off">The chat is switched off.</p>}
      {maySpeak && line !== null && about?.act === "edit" && (
        <EditLine key={line.seq} line={line} onDone={done} />
      )}
      {maySpeak && (line === null || about?.act === "reply") && (
        <Composer
          text={draft}
          onText={setDraft}
          replyTo={line}
          onReplied={() => setAbout(null)}
          onEditLast={editLast}
        />
      )}
    </div>
  );
}

/** Once it is there: it may only be about to be drawn. */
function toComposer(): void {
  setTimeout(() => document.getElementById(COMPOSER_ID)?.focus());
}
