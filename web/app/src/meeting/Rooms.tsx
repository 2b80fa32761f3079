import { nameOf } from "@tutti/client/meet";
import { useState } from "react";
import { useHere } from "./here";

const MOST = 20;

/** Breakout rooms: to open them, to look after them, and to find back. */
export function Rooms() {
  const { view, mayModerate } = useHere();
  return (
    <div className="rooms">
      {view.breakout !== null && <InsideOne />}
      {view.breakouts === null ? mayModerate && <OpenRooms /> : <List />}
      {mayModerate && view.breakouts !== null && <LookAfter />}
    </div>
  );
}

function InsideOne() {
  const { meeting, view } = useHere();
  return (
    <section>
      <p>
        You are in <strong>{view.breakout?.name}</strong>.
      </p>
      <p className="row">
        <button onClick={() => meeting.askForHelp()}>Ask a host for help</button>
        <button onClick={() => meeting.returnFromBreakout()}>Back to the main room</button>
      </p>
    </section>
  );
}

function OpenRooms() {
  const { meeting } = useHere();
  const [count, setCount] = useState(2);
  const [minutes, setMinutes] = useState(10);
  return (
    <form
      className="card plain"
      onSubmit={(event) => {
        event.preventDefault();
        const names = Array.from({ length: count }, (_, at) => `Room ${at + 1}`);
        meeting.breakOut(names, minutes > 0 ? minutes * 60 : null);
      }}
    >
      <h2>Breakout rooms</h2>
      <p className="muted">Everybody but the hosts is spread evenly; you can move people afterwards.</p>
      <label>
        How many
        <input
          type="number"
          min={1}
          max={MOST}
          value={count}
          inputMode="numeric"
          onChange={(event) => setCount(within(event.target.valueAsNumber, 1, MOST))}
        />
      </label>
      <label>
        Minutes (0: until you close them)
        <input
          type="number"
          min={0}
          max={240}
          value={minutes}
          inputMode="numeric"
          onChange={(event) => setMinutes(within(event.target.valueAsNumber, 0, 240))}
        />
      </label>
      <button className="primary">Open them</button>
    </form>
  );
}

function List() {
  const { meeting, view, mayModerate } = useHere();
  const rooms = view.breakouts?.rooms ?? [];
  return (
    <ul aria-label="Breakout rooms">
      {rooms.map(({ breakoutId, name, peers }) => (
        <li key={breakoutId} className="breakout">
          <span className="row">
            <strong>{name}</strong>
            {mayModerate && view.me !== null && view.breakout?.id !== breakoutId && (
              <button className="quiet" onClick={() => meeting.assign(view.me ?? "", breakoutId)}>
                Go there
              </button>
            )}
          </span>
          {peers.length === 0 && <p className="muted">Nobody</p>}
          <ul>
            {peers.map((peerId) => (
              <li key={peerId} className="row">
                <span>{nameOf(view, peerId)}</span>
                {mayModerate && <Move peerId={peerId} from={breakoutId} />}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Move({ peerId, from }: { peerId: string; from: string | null }) {
  const { meeting, view } = useHere();
  const rooms = view.breakouts?.rooms ?? [];
  return (
    <select
      aria-label={`Move ${nameOf(view, peerId)}`}
      value={from ?? ""}
      onChange={(event) => meeting.assign(peerId, event.target.value === "" ? null : event.target.value)}
    >
      <option value="">Main room</option>
      {rooms.map(({ breakoutId, name }) => (
        <option key={breakoutId} value={breakoutId}>
          {name}
        </option>
      ))}
    </select>
  );
}

function LookAfter() {
  const { meeting, view } = useHere();
  const [text, setText] = useState("");
  const inside = new Set(view.breakouts?.rooms.flatMap(({ peers }) => peers));
  const main = view.participants.filter(({ peerId, inCall }) => inCall && !inside.has(peerId));
  return (
    <section>
      {main.length > 0 && (
        <ul aria-label="In the main room">
          {main.map(({ peerId, username }) => (
            <li key={peerId} className="row">
              <span>{username}</span>
              <Move peerId={peerId} from={null} />
            </li>
          ))}
        </ul>
      )}
      <form
        className="inline"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === "") return;
          meeting.tellBreakouts(text.trim());
          setText("");
        }}
      >
        <label>
          To all rooms
          <input value={text} maxLength={500} onChange={(event) => setText(event.target.value)} />
        </label>
        <button disabled={text.trim() === ""}>Send</button>
      </form>
      <p className="row">
        {view.breakoutsEndAt !== null && (
          <button onClick={() => meeting.extendBreakouts(300)}>Five minutes more</button>
        )}
        <button className="danger" onClick={() => meeting.closeBreakouts()}>
          Close all rooms
        </button>
      </p>
    </section>
  );
}

function within(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, Math.round(value))) : least;
}
