/** The way into a room: find it, ask for a name, and then be in it. */

import type { Snapshot } from "@tutti/client/native";
import { useCallback, useEffect, useState } from "react";
import { forgetEntry, hasEntered, rememberedName, rememberEntry } from "../identity";
import { findRoom, RoomError } from "../rooms";
import { DeadEnd } from "./DeadEnd";
import { InRoom } from "./InRoom";
import { NameForm } from "./NameForm";

type Step =
  | { at: "finding" }
  | { at: "naming"; room: Snapshot }
  | { at: "inside"; userName: string }
  | { at: "nowhere"; why: string; missing: boolean };

export function RoomPage({ roomId }: { roomId: string }) {
  const [step, setStep] = useState<Step>(() =>
    hasEntered(roomId) ? { at: "inside", userName: rememberedName() } : { at: "finding" },
  );

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
    findRoom(roomId).then(
      (room) => wanted && setStep({ at: "naming", room }),
      (reason: unknown) => wanted && lost(...whyNot(reason)),
    );
    return () => {
      wanted = false;
    };
  }, [roomId, finding, lost]);

  switch (step.at) {
    case "finding":
      return <p className="waiting">Finding the room…</p>;
    case "naming":
      return <NameForm room={step.room} onName={enter} />;
    case "inside":
      return <InRoom roomId={roomId} userName={step.userName} onEnd={lost} />;
    case "nowhere":
      return <DeadEnd why={step.why} missing={step.missing} />;
  }
}

function whyNot(reason: unknown): [why: string, missing: boolean] {
  if (reason instanceof RoomError && reason.status === 404) return ["There is no such room", true];
  return [reason instanceof Error ? reason.message : "Something went wrong", false];
}
