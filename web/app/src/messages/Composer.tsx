import type { Message, NewMessage } from "@tutti/client/party";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Failure } from "../Failure";
import { messaging, setTyping } from "../notifications/live";
import { wordsOf } from "../sign-in/api";
import { briefly, sizeOf } from "./words";

const MOST_FILES = 5;
const LARGEST = 5 * 1024 * 1024;
const SAID_AGAIN_MS = 3_000;

interface Props {
  talk: string;
  reply: Message | null;
  /** The same, as it is now. */
  replied: Message | null;
  onNoReply: () => void;
  onSend: (said: NewMessage) => void;
}

/** Enter sends, with Shift a line ends. */
export function Composer({ talk, reply, replied, onNoReply, onSend }: Props) {
  const [text, setText] = useState("");
  const [files, setFiles] = useState<readonly File[]>([]);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const typed = useRef(-Infinity);
  useEffect(() => {
    if (reply !== null) box.current?.focus();
  }, [reply]);

  const types = (now: string) => {
    setText(now);
    const at = performance.now();
    if (now !== "" && at - typed.current > SAID_AGAIN_MS) {
      typed.current = at;
      setTyping(talk, true);
    }
  };
  const choose = (chosen: readonly File[]) => {
    const all = [...files, ...chosen.filter((one) => !files.some((other) => alike(one, other)))].slice(
      0,
      MOST_FILES,
    );
    const size = all.reduce((sum, file) => sum + file.size, 0);
    setFailure(size > LARGEST ? "Files may have 5 MiB together." : null);
    if (size <= LARGEST) setFiles(all);
  };
  const send = async (event?: FormEvent) => {
    event?.preventDefault();
    const message = text.trim();
    if (busy || (message === "" && files.length === 0)) return;
    setBusy(true);
    setFailure(null);
    try {
      const uploaded = files.length === 0 ? [] : await messaging.upload(talk, files);
      onSend({ message, reply_to: reply?.id, attachments: uploaded.map((file) => file.id) });
      setText("");
      setFiles([]);
      typed.current = -Infinity;
      setTyping(talk, false);
    } catch (reason) {
      setFailure(wordsOf(reason));
    }
    setBusy(false);
    box.current?.focus();
  };

  return (
    <form className="talk-write" onSubmit={(event) => void send(event)}>
      {replied !== null && (
        <p className="talk-write-reply">
          <span>Reply to: {briefly(replied)}</span>
          <button type="button" className="quiet" onClick={onNoReply}>
            Do not reply
          </button>
        </p>
      )}
      <Failure>{failure}</Failure>
      {files.length > 0 && (
        <ul className="talk-write-files" aria-label="Files to send">
          {files.map((file) => (
            <li key={`${file.name} ${file.size} ${file.lastModified}`}>
              {file.name} ({sizeOf(file.size)})
              <button
                type="button"
                className="quiet"
                onClick={() => setFiles(files.filter((other) => other !== file))}
              >
                Remove<span className="visually-hidden"> {file.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="talk-write-row">
        <label className="button talk-write-attach">
          <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
            <path
              fill="none"
              stroke="currentColor"
              strokeWidth="2"
              strokeLinecap="round"
              strokeLinejoin="round"
              d="m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4L14.5 7"
            />
          </svg>
          <span className="visually-hidden">Attach files</span>
          <input
            className="visually-hidden"
            type="file"
            multiple
            onChange={(event) => {
              choose([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }}
          />
        </label>
        <textarea
          ref={box}
          aria-label="Your message"
          placeholder="Message"
          value={text}
          maxLength={4000}
          rows={1}
          onChange={(event) => types(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) void send(event);
          }}
        />
        <button className="primary" disabled={busy || (text.trim() === "" && files.length === 0)}>
          Send
        </button>
      </div>
    </form>
  );
}

function alike(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}
