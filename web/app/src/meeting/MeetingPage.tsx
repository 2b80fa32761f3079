/** The way into a meeting: see oneself, choose, then come in. */

import type { MeetProblem } from "@tutti/client/meet";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Failure } from "../Failure";
import { rememberedName, rememberName } from "../identity";
import { DeadEnd } from "../room/DeadEnd";
import { Icon } from "../room/stage/Icon";
import { useTitle } from "../room/useTitle";
import { findRoom, RoomError } from "../rooms";
import { accounts, resume, useAccount } from "../sign-in/accounts";
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

interface Props {
  roomId: string;
  /** The login that the server knew is no more, and the way in begins anew. */
  onStale: () => void;
}

export function MeetingPage({ roomId }: { roomId: string }) {
  const [visit, setVisit] = useState(0);
  return <Visit key={visit} roomId={roomId} onStale={() => setVisit((before) => before + 1)} />;
}

/** A server in closed mode lets nobody near a meeting without an account. */
function Visit({ roomId, onStale }: Props) {
  const account = useAccount();
  const closed = useClosed(roomId);
  useTitle(`Meeting ${roomId}`);
  if (closed === null) return <p className="waiting">Finding the meeting…</p>;
  if (!closed || account !== null) {
    return <Meeting roomId={roomId} onStale={onStale} />;
  }
  return (
    <main className="narrow nearby-door">
      <Wordmark />
      <SignIn title="Sign in to come to the meeting" />
    </main>
  );
}

/** Whether one has to sign in, as it was at the beginning of this visit; null until it is known. */
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

function Meeting({ roomId, onStale }: Props) {
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
          onOut={(problem) => {
            setStep(after(problem));
            if (problem?.reason === "unauthenticated")
              void accounts.renewed().then((token) => token === null && onStale());
          }}
        />
      );
    case "out":
      return <DeadEnd why={step.why} missing={false} />;
  }
}

function after(problem: MeetProblem | null): Step {
  const why = problem?.message ?? "You left the meeting";
  switch (problem?.reason) {
    case "wrong_password":
      return { at: "door", why, password: true };
    case "unauthenticated":
      return { at: "door", why, password: false };
    default:
      return { at: "out", why };
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
            autoFocus={!withPassword}
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
