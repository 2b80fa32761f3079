import { myself, type MeetProblem } from "@tutti/client/meet";
import { useEffect, useMemo, useState } from "react";
import { navigate } from "../navigation";
import { ToldInRoom } from "../notifications/ToldInRoom";
import { ShareLink } from "../room/ShareLink";
import { Reactions } from "../room/stage/Reactions";
import { useNow } from "../room/useNow";
import { Wordmark } from "../Wordmark";
import { Bar } from "./Bar";
import { FilmRoom, FilmStage, useFilm } from "./Film";
import { type Here, HereContext, useHere } from "./here";
import type { LocalMedia } from "./local-media";
import { MeetingSide } from "./MeetingSide";
import { Notices } from "./Notices";
import { Tiles } from "./Tiles";
import { useMeeting, useMeetView, useSending, useTiles, type Connected } from "./useMeeting";

interface Props {
  roomId: string;
  name: string;
  password: string;
  media: LocalMedia;
  onOut: (problem: MeetProblem | null) => void;
}

export function InMeeting({ roomId, name, password, media, onOut }: Props) {
  const connected = useMeeting(roomId, name, password);
  if (connected === null) return null;
  return <Entered connected={connected} name={name} media={media} onOut={onOut} />;
}

interface EnteredProps {
  connected: Connected;
  name: string;
  media: LocalMedia;
  onOut: Props["onOut"];
}

function Entered({ connected, name, media, onOut }: EnteredProps) {
  const view = useMeetView(connected);
  const tiles = useTiles(connected);
  const local = useSending(connected, media, view.connection === "connected");
  useObeying(connected, media);
  useEffect(() => media.dismissProblem(), [media]); // it was said at the door

  const ended = view.connection === "ended";
  useEffect(() => {
    if (ended) onOut(view.problem);
  }, [ended, view.problem, onOut]);

  const here = useMemo((): Here => {
    const me = myself(view);
    const isHost = me?.role === "host";
    return {
      ...connected,
      media,
      view,
      tiles,
      local,
      me,
      isHost,
      mayModerate: isHost || me?.role === "co-host",
    };
  }, [connected, media, view, tiles, local]);

  if (view.connection === "waiting") return <AtTheDoor onLeave={() => connected.meeting.leave()} />;
  return (
    <HereContext value={here}>
      <FilmRoom roomId={view.roomId} name={name} me={view.me} pass={view.pass}>
        <Layout />
      </FilmRoom>
    </HereContext>
  );
}

function Layout() {
  const [side, setSide] = useState(true);
  const film = useFilm();
  return (
    <div className={side ? "meeting with-side" : "meeting"}>
      <Top />
      <main className="meeting-main">
        <FilmStage />
        <Tiles />
        {film !== null && film.state.media === null && <Reactions />}
      </main>
      {side && <MeetingSide />}
      <Bar sideOpen={side} onSide={() => setSide((open) => !open)} />
      <Notices />
    </div>
  );
}

function Top() {
  const { view } = useHere();
  return (
    <header className="room-bar">
      <a
        href="/"
        className="home-link"
        aria-label="Tutti, to the start page"
        onClick={(event) => {
          event.preventDefault();
          navigate("/");
        }}
      >
        <Wordmark />
      </a>
      <h1>{view.breakout?.name ?? "Meeting"}</h1>
      <div className="badges" role="status">
        {view.recording !== null && (
          <span className="badge recording" title="Everybody's picture and sound are being recorded">
            Recording
          </span>
        )}
        {view.locked && <span className="badge">Locked</span>}
        {view.topology === "sfu" && (
          <span className="badge" title="Pictures go through the server, so that yours is sent once">
            Through the server
          </span>
        )}
        {view.connection === "connecting" && <span className="badge">Connecting…</span>}
        {view.connection === "lost" && <span className="badge warn">Connection lost; coming back…</span>}
        <TimeLeft />
      </div>
      <ToldInRoom />
      <ShareLink />
    </header>
  );
}

function TimeLeft() {
  const { view } = useHere();
  const end = view.breakoutsEndAt;
  const now = useNow(1_000, end !== null);
  if (end === null) return null;
  const seconds = Math.max(0, Math.ceil((end - now) / 1_000));
  return (
    <span className="badge" aria-live="off">
      Rooms close in {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, "0")}
    </span>
  );
}

function AtTheDoor({ onLeave }: { onLeave: () => void }) {
  return (
    <main className="narrow">
      <Wordmark />
      <section className="card" role="status">
        <h1>Please wait</h1>
        <p className="muted">A host has been told that you are here, and will let you in.</p>
        <button onClick={onLeave}>Leave</button>
      </section>
    </main>
  );
}

/** A host may switch my microphone off. Nobody can switch it on but me. */
function useObeying({ meeting }: Connected, media: LocalMedia): void {
  useEffect(() => {
    let seen = 0;
    return meeting.subscribe(() => {
      const latest = meeting.view().notices.at(-1);
      if (latest === undefined || latest.id <= seen) return;
      seen = latest.id;
      if (latest.kind === "muted") void media.setMic(false);
    });
  }, [meeting, media]);
}
