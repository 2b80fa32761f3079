import { Call, Meeting, type MeetView, type Tile } from "@tutti/client/meet";
import { useEffect, useState, useSyncExternalStore } from "react";
import { accounts, myId } from "../sign-in/accounts";
import type { LocalMedia, LocalView } from "./local-media";

export interface Connected {
  meeting: Meeting;
  call: Call;
}

/** A meeting and its call for as long as the component is there; null for the moment before. */
export function useMeeting(room: string, name: string, password: string): Connected | null {
  const [connected, setConnected] = useState<Connected | null>(null);
  useEffect(() => {
    const token = accounts.current();
    const meeting = new Meeting({
      room,
      me: { id: myId(), name },
      ...(password === "" ? {} : { password }),
      ...(token === null ? {} : { token }),
    });
    const stop = accounts.subscribe(() => {
      const fresh = accounts.current();
      if (fresh !== null) meeting.signIn(fresh);
    });
    const call = new Call({ send: (kind, target, data) => meeting.signal(kind, target, data) });
    meeting.carry(call);
    // A connection is an outside thing with a life of its own; rendering cannot make it.
    // oxlint-disable-next-line react/set-state-in-effect
    setConnected({ meeting, call });
    return () => {
      stop();
      call.end();
      meeting.leave();
    };
  }, [room, name, password]);
  return connected;
}

export function useMeetView({ meeting }: Connected): MeetView {
  return useSyncExternalStore(meeting.subscribe, meeting.view);
}

export function useTiles({ call }: Connected): readonly Tile[] {
  return useSyncExternalStore(call.subscribe, call.tiles);
}

/** What I have goes to everybody, and everybody knows whether I can be heard and whether I show my screen. */
export function useSending({ meeting, call }: Connected, media: LocalMedia, connected: boolean): LocalView {
  const local = useSyncExternalStore(media.subscribe, media.view);
  const { camera, screen, micOn } = local;
  useEffect(() => call.setCamera(camera), [call, camera]);
  useEffect(() => {
    if (connected) meeting.muted(!micOn);
  }, [meeting, connected, micOn]);
  useEffect(() => {
    if (!connected || screen === null) return;
    meeting.share(true);
    call.setScreen(screen);
    return () => {
      call.setScreen(null);
      meeting.share(false);
    };
  }, [meeting, call, connected, screen]);
  return local;
}
