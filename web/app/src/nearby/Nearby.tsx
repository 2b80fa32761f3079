/** The page of somebody who is signed in. Being live and the way out of it come first. */

import type { NearbyService } from "@tutti/client/nearby";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { rememberEntry } from "../identity";
import { navigate } from "../navigation";
import { roomPath } from "../room-link";
import { Toasts } from "../room/Toasts";
import { useAsking } from "../room/useAsking";
import { Wordmark } from "../Wordmark";
import { FindCard } from "./FindCard";
import { InsideContext, type Inside } from "./inside";
import { LiveSwitch } from "./LiveSwitch";
import { Matches } from "./Matches";
import { MyMusic } from "./MyMusic";
import { follow, locate } from "./place";
import { PlaceCard } from "./PlaceCard";
import { Radar } from "./Radar";
import { SettingsCard } from "./SettingsCard";
import { SpotifyCard } from "./SpotifyCard";
import { Together } from "./Together";
import { useNearby, useNearbyView, type Who } from "./useNearby";

interface Props {
  who: Who;
  /** What went wrong on the way here, perhaps at Spotify. */
  arrived: string | null;
  onLeave: () => void;
}

export function Nearby({ who, arrived, onLeave }: Props) {
  const service = useNearby(who);
  return service === null ? null : (
    <Connected service={service} who={who} arrived={arrived} onLeave={onLeave} />
  );
}

function Connected({ service, who, arrived, onLeave }: Props & { service: NearbyService }) {
  const view = useNearbyView(service);
  const { ask, toasts, dismiss } = useAsking();
  const place = useOwnPlace(service, view.presence?.isLive === true, view.place?.geohash ?? null, ask);

  const enter = useCallback(
    (roomId: string) => {
      rememberEntry(roomId, who.name);
      navigate(roomPath(roomId));
    },
    [who.name],
  );
  const inside = useMemo(
    (): Inside => ({ service, view, who, ask, enter, ...place }),
    [service, view, who, ask, enter, place],
  );

  return (
    <div className="nearby">
      <header className="nearby-bar">
        <a href="/" className="home-link" aria-label="Tutti, to the start page">
          <Wordmark />
        </a>
        <h1>Nearby</h1>
        <p className="nearby-who">
          <span title={who.name}>{who.name}</span>
          <button className="quiet" onClick={() => leave(service, onLeave)}>
            {who.guest ? "Leave" : "Log out"}
          </button>
        </p>
      </header>
      <div className="banners" role="status" aria-live="polite">
        {view.connection === "connecting" && <p className="banner">Connecting…</p>}
        {view.connection === "lost" && <p className="banner warn">Connection lost. Trying again…</p>}
        {arrived !== null && <p className="banner warn">{arrived}</p>}
        {view.problem !== null && <p className="banner warn">{view.problem}</p>}
      </div>
      <InsideContext value={inside}>
        <main className="nearby-body">
          <div className="nearby-now">
            <LiveSwitch />
            <Together />
            <FindCard />
          </div>
          <aside className="nearby-side" aria-label="What you share">
            <SettingsCard />
            <PlaceCard />
            <MyMusic />
            <SpotifyCard />
          </aside>
          <div className="nearby-around">
            <Radar />
            <Matches />
          </div>
        </main>
      </InsideContext>
      <Toasts problem={null} toasts={toasts} onDismiss={dismiss} onDismissProblem={() => undefined} />
    </div>
  );
}

type OwnPlace = Pick<Inside, "cell" | "cellNow" | "moveTo">;

/** The cell one is in: the device's, which goes along with it while one is live, or a chosen one. */
function useOwnPlace(
  service: NearbyService,
  live: boolean,
  published: string | null,
  ask: Inside["ask"],
): OwnPlace {
  const [said, setSaid] = useState<string | null>(null);
  const [following, setFollowing] = useState(false);
  const wasLive = useRef(false);
  useEffect(() => {
    if (wasLive.current && !live) {
      setSaid(null);
      setFollowing(false);
    }
    wasLive.current = live;
  }, [live]);

  const say = useCallback(
    async (cell: string) => {
      await service.moveTo(cell);
      setSaid(cell);
    },
    [service],
  );
  useEffect(() => {
    if (!live || !following) return;
    return follow((cell) => ask(say(cell)));
  }, [live, following, ask, say]);

  return useMemo(
    () => ({
      cell: said ?? published,
      cellNow: async () => {
        const cell = following ? await locate() : (said ?? published);
        if (cell === null) throw new Error("Say first where you are");
        return cell;
      },
      moveTo: async (cell, followed) => {
        await say(cell);
        setFollowing(followed);
      },
    }),
    [said, published, following, say],
  );
}

/** Gone first: nobody who logs out means to stay live. */
function leave(service: NearbyService, onLeave: () => void): void {
  void service
    .disappear()
    .catch(() => undefined)
    .then(onLeave);
}
