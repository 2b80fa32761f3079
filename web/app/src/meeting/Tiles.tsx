import { hands, type Participant, type Tile as TileOf } from "@tutti/client/meet";
import type { CSSProperties } from "react";
import { Icon } from "../room/stage/Icon";
import { useHere } from "./here";
import { Picture, Sound } from "./Picture";

/** Whose screen is shown comes first and large; then everybody, in the order in which they came. */
export function Tiles() {
  const { view, tiles, local, me } = useHere();
  const byId = new Map(tiles.map((tile) => [tile.peerId, tile]));
  const others = view.participants.filter(
    ({ peerId, inCall, breakout, kind }) =>
      peerId !== view.me && inCall && (breakout ?? null) === null && kind !== "recorder",
  );
  const screens = others.filter(({ peerId, sharing }) => sharing && byId.get(peerId)?.screen);
  const turn = new Map(hands(view).map(({ peerId }, at) => [peerId, at + 1]));
  return (
    <>
      {local.screen !== null && (
        <figure className="tile shared">
          <Picture stream={local.screen} label="Your screen" mirrored={false} />
          <figcaption>You are sharing this</figcaption>
        </figure>
      )}
      {screens.map(({ peerId, username }) => (
        <figure key={peerId} className="tile shared">
          <Picture stream={byId.get(peerId)?.screen ?? null} label={`${username}'s screen`} />
          <figcaption>{username}&rsquo;s screen</figcaption>
        </figure>
      ))}
      <ul
        className="tiles"
        aria-label="People in the call"
        style={{ "--count": others.length + 1 } as CSSProperties}
      >
        <li className="tile" data-peer={view.me ?? "me"}>
          {local.cameraOn ? (
            <Picture stream={local.camera} mirrored label="You" />
          ) : (
            <Initials name={me?.username ?? "You"} />
          )}
          <Caption name="You" muted={!local.micOn} turn={turn.get(view.me ?? "")} host={me?.role} />
        </li>
        {others.map((participant) => (
          <Other
            key={participant.peerId}
            participant={participant}
            tile={byId.get(participant.peerId) ?? null}
            turn={turn.get(participant.peerId)}
          />
        ))}
      </ul>
    </>
  );
}

interface OtherProps {
  participant: Participant;
  tile: TileOf | null;
  turn: number | undefined;
}

function Other({ participant, tile, turn }: OtherProps) {
  const { view } = useHere();
  const { peerId, username, muted, role } = participant;
  const stream = tile?.camera ?? null;
  const picture = stream?.getVideoTracks().some((track) => !track.muted) ?? false;
  const away = view.away.has(peerId) || tile?.state === "disconnected" || tile?.state === "failed";
  return (
    <li className={tile?.speaking && !muted ? "tile speaking" : "tile"} data-peer={peerId}>
      {picture ? <Picture stream={stream} label={username} /> : <Initials name={username} />}
      {!picture && stream !== null && <Sound stream={stream} />}
      {tile !== null && !picture && tile.state !== "connected" && !away && (
        <p className="state muted">Connecting…</p>
      )}
      {away && <p className="state warn">Reconnecting…</p>}
      <Caption name={username} muted={muted} turn={turn} host={role} quality={tile?.quality ?? null} />
    </li>
  );
}

interface CaptionProps {
  name: string;
  muted: boolean;
  turn: number | undefined;
  host: Participant["role"] | undefined;
  quality?: TileOf["quality"];
}

function Caption({ name, muted, turn, host, quality = null }: CaptionProps) {
  return (
    <p className="caption">
      {turn !== undefined && (
        <span className="hand" title={`Hand up, number ${turn}`}>
          <Icon name="hand" />
          <span className="visually-hidden">hand up, number</span> {turn}
        </span>
      )}
      <span className="name">{name}</span>
      {host === "host" && <span className="badge">host</span>}
      {host === "co-host" && <span className="badge">co-host</span>}
      {muted && (
        <span className="muted-sign" title="Microphone off">
          <Icon name="micOff" />
          <span className="visually-hidden">microphone off</span>
        </span>
      )}
      {quality !== null && quality.grade !== "good" && (
        <span
          className={`quality ${quality.grade}`}
          title={`${Math.round(quality.lost * 100)} % lost${
            quality.roundTripMs === null ? "" : `, ${Math.round(quality.roundTripMs)} ms there and back`
          }`}
        >
          {quality.grade === "poor" ? "poor connection" : "fair connection"}
        </span>
      )}
    </p>
  );
}

function Initials({ name }: { name: string }) {
  const letters = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  return (
    <span className="initials" aria-hidden="true">
      {letters.toUpperCase()}
    </span>
  );
}
