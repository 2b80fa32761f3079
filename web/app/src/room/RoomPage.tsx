/** The way into a room: find it, ask for a name, join, and then be in it. */

import { RoomError, RoomsApi, type Room } from "@tutti/client";
import { useCallback, useEffect, useState } from "react";
import { forgetEntry, hasEntered, myUserId, rememberedName, rememberEntry } from "../identity";
import { DeadEnd } from "./DeadEnd";
import { InRoom } from "./InRoom";
import { NameForm } from "./NameForm";

const api = new RoomsApi();

type Step =
  | { at: "finding" }
  | { at: "naming"; room: Room }
  | { at: "inside"; room: Room; userName: string }
  | { at: "nowhere"; why: string; missing: boolean };

export function RoomPage({ roomId }: { roomId: string }) {
  const [step, setStep] = useState<Step>({ at: "finding" });

  const enter = useCallback(
    async (userName: string) => {
      const room = await api.join(roomId, myUserId(), userName);
      rememberEntry(roomId, userName);
      setStep({ at: "inside", room, userName });
    },
    [roomId],
  );

  const lost = useCallback((why: string, missing = false) => {
    forgetEntry();
    setStep({ at: "nowhere", why, missing });
  }, []);

  useEffect(() => {
    let wanted = true;
    const arrive = async () => {
      if (hasEntered(roomId)) return enter(rememberedName());
      const room = await api.get(roomId);
      if (wanted) setStep({ at: "naming", room });
    };
    arrive().catch((reason: unknown) => {
      if (wanted) lost(...whyNot(reason));
    });
    return () => {
      wanted = false;
    };
  }, [roomId, enter, lost]);

  switch (step.at) {
    case "finding":
      return <p className="waiting">Finding the room…</p>;
    case "naming":
      return <NameForm room={step.room} onName={enter} />;
    case "inside":
      return <InRoom room={step.room} userName={step.userName} onEnd={lost} />;
    case "nowhere":
      return <DeadEnd why={step.why} missing={step.missing} />;
  }
}

function whyNot(reason: unknown): [why: string, missing: boolean] {
  if (reason instanceof RoomError && reason.status === 404) return ["There is no such room", true];
  return [reason instanceof Error ? reason.message : "Something went wrong", false];
}
