/** The way into a meeting: see oneself, choose, then come in. */

import { useEffect, useState, useSyncExternalStore } from "react";
import { Failure } from "../Failure";
import { rememberedName, rememberName } from "../identity";
import { DeadEnd } from "../room/DeadEnd";
import { Icon } from "../room/stage/Icon";
import { useTitle } from "../room/useTitle";
import { findRoom, RoomError } from "../rooms";
import { resume, useAccount } from "../sign-in/accounts";
import { SignIn } from "../sign-in/SignIn";
import { useSubmit } from "../useSubmit";
import { Wordmark } from "../Wordmark";
import { DeviceChoice } from "./DeviceChoice";
import { InMeeting } from "./InMeeting";
import { LocalMedia } from "./local-media";
import { Picture } from "./Picture";

type Step =
  | { at: "door"; why: string | null; password: boolean }
  | { at: "inside"; name: string; password: string }
  | { at: "out"; why: string };

const DOOR: Step = { at: "door", why: null, password: false };

/** A server in closed mode lets nobody near a meeting without an account. */
export function MeetingPage({ roomId }: { roomId: string }) {
  const account = useAccount();
  const closed = useClosed(roomId);
  useTitle(`Meeting ${roomId}`);
  if (closed === null) return <p className="waiting">Finding the meeting…</p>;
  if (!closed || account !== null) return <Meeting roomId={roomId} />;
  return (
    <main className="narrow nearby-door">
      <Wordmark />
      <SignIn title="Sign in to come to the meeting" />
    </main>
  );
}

/** Whether one has to sign in, as it was on arrival; null until it is known. */
function useClosed(roomId: string): boolean | null {
  const [closed, setClosed] = useState<boolean | null>(null);
  useEffect(() => {
    let wanted = true;
    void mustSignIn(roomId).then((is) => wanted && setClosed(is));
    return () => {
      wanted = false;
    };
  }, [roomId]);
  return closed;
}

/** That there is no such room yet is no matter: whoever comes first makes it. */
async function mustSignIn(roomId: string): Promise<boolean> {
  await resume().catch(() => false); // whoever cannot be recognised now may still sign in
  try {
    await findRoom(roomId);
  } catch (reason) {
    return reason instanceof RoomError && reason.status === 401;
  }
  return false;
}

function Meeting({ roomId }: { roomId: string }) {
  const [step, setStep] = useState<Step>(DOOR);
  const media = useLocalMedia();
  if (media === null) return null;
  switch (step.at) {
    case "door":
      return (
        <Door
          roomId={roomId}
          media={media}
          why={step.why}
          withPassword={step.password}
          onEnter={(name, password) => setStep({ at: "inside", name, password })}
        />
      );
    case "inside":
      return (
        <InMeeting
          roomId={roomId}
          name={step.name}
          password={step.password}
          media={media}
          onOut={(why, code) =>
            setStep(
              code === "UNAUTHORIZED"
                ? { at: "door", why, password: true }
                : { at: "out", why: why ?? "You left the meeting" },
            )
          }
        />
      );
    case "out":
      return <DeadEnd why={step.why} missing={false} />;
  }
}

function useLocalMedia(): LocalMedia | null {
  const [media, setMedia] = useState<LocalMedia | null>(null);
  useEffect(() => {
    const made = new LocalMedia();
    // A camera is an outside thing; rendering cannot open it.
    // oxlint-disable-next-line react/set-state-in-effect
    setMedia(made);
    void made.begin();
    return () => made.end();
  }, []);
  return media;
}

interface DoorProps {
  roomId: string;
  media: LocalMedia;
  why: string | null;
  withPassword: boolean;
  onEnter: (name: string, password: string) => void;
}

function Door({ roomId, media, why, withPassword, onEnter }: DoorProps) {
  const local = useSyncExternalStore(media.subscribe, media.view);
  const account = useAccount();
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    rememberName(field("userName"));
    onEnter(field("userName"), field("password"));
  });
  return (
    <main className="narrow door">
      <Wordmark />
      <form className="card" onSubmit={onSubmit}>
        <h1>Meeting {roomId}</h1>
        <div className="preview">
          {local.cameraOn ? (
            <Picture stream={local.camera} mirrored label="Your camera" />
          ) : (
            <p className="muted">Your camera is off.</p>
          )}
          <div className="preview-keys">
            <button
              type="button"
              aria-pressed={local.micOn}
              aria-label={local.micOn ? "Switch the microphone off" : "Switch the microphone on"}
              onClick={() => void media.setMic(!local.micOn)}
            >
              <Icon name={local.micOn ? "mic" : "micOff"} />
            </button>
            <button
              type="button"
              aria-pressed={local.cameraOn}
              aria-label={local.cameraOn ? "Switch the camera off" : "Switch the camera on"}
              onClick={() => void media.setCamera(!local.cameraOn)}
            >
              <Icon name={local.cameraOn ? "camera" : "cameraOff"} />
            </button>
          </div>
        </div>
        {local.problem !== null && (
          <p className="muted" role="status">
            {local.problem}.
          </p>
        )}
        <DeviceChoice media={media} local={local} />
        <label>
          Your name
          <input
            name="userName"
            required
            maxLength={60}
            pattern="[^<>]+"
            title="Letters, digits and signs, but no < or >"
            defaultValue={account?.name ?? rememberedName()}
            autoComplete="name"
            autoFocus
          />
        </label>
        {withPassword ? (
          <label>
            Password of the meeting
            <input name="password" type="password" autoComplete="off" autoFocus />
          </label>
        ) : (
          <input type="hidden" name="password" value="" />
        )}
        <Failure>{failure ?? why}</Failure>
        <button className="primary" disabled={busy}>
          Join the meeting
        </button>
        <p className="muted">You can come without camera and microphone, and switch them on later.</p>
      </form>
    </main>
  );
}
