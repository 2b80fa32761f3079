import type { OwnProfile } from "@tutti/client/party";
import { useRef, useState } from "react";
import { Failure } from "../Failure";
import { Avatar } from "../people/Avatar";
import { people, wordsOf } from "../sign-in/api";

const LARGEST = 2 * 1024 * 1024;

interface Props {
  me: OwnProfile;
  onChange: (me: OwnProfile) => void;
}

export function PictureCard({ me, onChange }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  async function run(act: () => Promise<OwnProfile>) {
    setBusy(true);
    setFailure(null);
    try {
      onChange(await act());
    } catch (reason) {
      setFailure(wordsOf(reason));
    }
    if (input.current !== null) input.current.value = "";
    setBusy(false);
  }

  const choose = (picture: File | undefined) => {
    if (picture === undefined) return;
    if (picture.size > LARGEST) setFailure("A picture may have up to 2 MiB.");
    else void run(() => people.uploadPicture(picture));
  };

  return (
    <section className="card" aria-labelledby="picture-title">
      <h2 id="picture-title">Picture</h2>
      <div className="picture-row">
        <Avatar who={me} size={96} alt="Your picture" />
        <div>
          <label>
            {me.avatar === null ? "Choose a picture" : "Choose another"}
            <input
              ref={input}
              type="file"
              accept="image/jpeg,image/png,image/webp,image/gif"
              disabled={busy}
              onChange={(event) => choose(event.target.files?.[0])}
            />
          </label>
          {me.avatar !== null && (
            <button
              className="quiet danger"
              disabled={busy}
              onClick={() => void run(() => people.removePicture().then(people.me))}
            >
              Remove it
            </button>
          )}
        </div>
      </div>
      <p className="muted">Everybody who meets you sees it. Where it was taken is not kept.</p>
      <Failure>{failure}</Failure>
    </section>
  );
}
