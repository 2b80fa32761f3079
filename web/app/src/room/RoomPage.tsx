/** The way into a room: find it, ask for a name, and then be in it. */

import type { Snapshot } from "@tutti/client/native";
import { useCallback, useEffect, useState } from "react";
import { forgetEntry, hasEntered, rememberedName, rememberEntry } from "../identity";
import { findRoom, RoomError } from "../rooms";
import { resume, useAccount } from "../sign-in/accounts";
import { SignIn } from "../sign-in/SignIn";
import { Wordmark } from "../Wordmark";
import { DeadEnd } from "./DeadEnd";
import { InRoom } from "./InRoom";
import { NameForm } from "./NameForm";

type Step =
  | { at: "finding" }
  | { at: "signing in" }
  | { at: "naming"; room: Snapshot }
  | { at: "inside"; userName: string }
  | { at: "nowhere"; why: string; missing: boolean };

export function RoomPage({ roomId }: { roomId: string }) {
  const [step, setStep] = useState<Step>({ at: "finding" });
  const account = useAccount();

  const enter = useCallback(
    (userName: string) => {
      rememberEntry(roomId, userName);
      setStep({ at: "inside", userName });
    },
    [roomId],
  );

  const lost = useCallback((why: string, missing = false) => {
    forgetEntry();
    setStep({ at: "nowhere", why, missing });
  }, []);

  const finding = step.at === "finding";
  useEffect(() => {
    if (!finding) return;
    let wanted = true;
    arrive(roomId).then(
      (next) => wanted && setStep(next),
      (reason: unknown) => wanted && lost(...whyNot(reason)),
    );
    return () => {
      wanted = false;
    };
  }, [roomId, finding, lost]);

  switch (step.at) {
    case "finding":
      return <p className="waiting">Finding the room…</p>;
    case "signing in":
      if (account !== null) return <SignedIn onSignedIn={() => setStep({ at: "finding" })} />;
      return (
        <main className="narrow nearby-door">
          <Wordmark />
          <SignIn title="Sign in to enter the room" />
        </main>
      );
    case "naming":
      return <NameForm room={step.room} onName={enter} />;
    case "inside":
      return <InRoom roomId={roomId} userName={step.userName} onEnd={lost} />;
    case "nowhere":
      return <DeadEnd why={step.why} missing={step.missing} />;
  }
}

function SignedIn({ onSignedIn }: { onSignedIn: () => void }) {
  useEffect(onSignedIn, [onSignedIn]);
  return null;
}

/** A server in closed mode shows a room only to people with accounts; any other asks for a name. */
async function arrive(roomId: string): Promise<Step> {
  await resume().catch(() => false); // whoever cannot be recognised now may still sign in
  if (hasEntered(roomId)) return { at: "inside", userName: rememberedName() };
  try {
    return { at: "naming", room: await findRoom(roomId) };
  } catch (reason) {
    if (reason instanceof RoomError && reason.status === 401) return { at: "signing in" };
    throw reason;
  }
}

function whyNot(reason: unknown): [why: string, missing: boolean] {
  if (reason instanceof RoomError && reason.status === 404) return ["There is no such room", true];
  return [reason instanceof Error ? reason.message : "Something went wrong", false];
}
