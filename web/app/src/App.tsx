import { lazy, Suspense } from "react";
import { accountPath } from "./account/paths";
import { HomePage } from "./home/HomePage";
import { talkInPath } from "./messages/paths";
import { usePath } from "./navigation";
import { NearbyPage } from "./nearby/NearbyPage";
import { placeInPath } from "./parties/paths";
import { RoomPage } from "./room/RoomPage";
import { meetingInPath, roomInPath } from "./room-link";

/** Fetched only by whoever goes to one. */
const MeetingPage = lazy(async () => ({ default: (await import("./meeting/MeetingPage")).MeetingPage }));
const PartyPages = lazy(async () => ({ default: (await import("./parties/pages")).PartyPages }));
const TalkPages = lazy(async () => ({ default: (await import("./messages/pages")).TalkPages }));
const AccountPages = lazy(async () => ({ default: (await import("./account/pages")).AccountPages }));

export function App() {
  const path = usePath();
  const roomId = roomInPath(path);
  if (/^\/nearby\/?$/.test(path)) return <NearbyPage />;
  const meetingId = meetingInPath(path);
  if (meetingId !== null) {
    return (
      <Suspense fallback={<p className="waiting">Opening the meeting…</p>}>
        <MeetingPage key={meetingId} roomId={meetingId} />
      </Suspense>
    );
  }
  const party = placeInPath(path);
  if (party !== null) {
    return (
      <Suspense fallback={<p className="waiting">One moment…</p>}>
        <PartyPages place={party} />
      </Suspense>
    );
  }
  const talk = talkInPath(path);
  if (talk !== null) {
    return (
      <Suspense fallback={<p className="waiting">One moment…</p>}>
        <TalkPages place={talk} />
      </Suspense>
    );
  }
  const place = accountPath(path);
  if (place !== null) {
    return (
      <Suspense fallback={<p className="waiting">One moment…</p>}>
        <AccountPages path={path} place={place} />
      </Suspense>
    );
  }
  return roomId === null ? <HomePage /> : <RoomPage key={roomId} roomId={roomId} />;
}
