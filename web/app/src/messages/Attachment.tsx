import type { MessageFile } from "@tutti/client/party";
import { useEffect, useState } from "react";
import { messaging } from "../notifications/live";
import { wordsOf } from "../sign-in/api";
import { sizeOf } from "./words";

/** A picture as itself, anything else by its name; either is saved on request. */
export function Attachment({ file }: { file: MessageFile }) {
  const [address, setAddress] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const picture = file.content_type.startsWith("image/");
  useEffect(() => {
    if (!picture) return undefined;
    let made: string | null = null;
    let here = true;
    messaging.file(file).then(
      (content) => {
        if (!here) return;
        made = URL.createObjectURL(content);
        setAddress(made);
      },
      (reason: unknown) => here && setFailure(wordsOf(reason)),
    );
    return () => {
      here = false;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [file, picture]);
  const save = () => {
    messaging.file(file).then(
      (content) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(content);
        link.download = file.name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      },
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  };
  return (
    <span className="talk-file">
      {address !== null && <img src={address} alt={file.name} />}
      <button className="quiet" onClick={save}>
        <span className="visually-hidden">Save </span>
        {file.name} ({sizeOf(file.size)})
      </button>
      {failure !== null && <span className="failure">{failure}</span>}
    </span>
  );
}
