import { useState } from "react";
import { useInside } from "../inside";

const SLOW_S = [0, 5, 10, 30, 60];

/** The room's own switches, for those who may turn them. Each shows what the room says, not what was asked. */
export function RoomTools() {
  const { room, state, isHost, mayModerate, ask } = useInside();
  if (!mayModerate) return null;
  return (
    <details className="room-tools">
      <summary>Room settings</summary>
      <div className="tools">
        <Switch on={state.waitForAll} onSwitch={(on) => ask(room.waitForAll(on))}>
          Wait for everybody, at most 5 seconds
        </Switch>
        <Switch on={state.locked} onSwitch={(on) => ask(room.lock(on))}>
          Locked: nobody else comes in
        </Switch>
        <Switch on={state.chatOn} onSwitch={(on) => ask(room.chatSwitch(on))}>
          Chat
        </Switch>
        <SlowMode />
        {isHost && (
          <>
            <Capacity key={state.capacity} />
            <EndRoom />
          </>
        )}
      </div>
    </details>
  );
}

interface SwitchProps {
  on: boolean;
  onSwitch: (on: boolean) => void;
  children: string;
}

function Switch({ on, onSwitch, children }: SwitchProps) {
  return (
    <label className="check">
      <input
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        onChange={(event) => onSwitch(event.target.checked)}
      />
      {children}
    </label>
  );
}

/** What another program may have set is shown as well. */
function SlowMode() {
  const { room, state, ask } = useInside();
  const { slowMode } = state;
  const known = SLOW_S.includes(slowMode) ? SLOW_S : [...SLOW_S, slowMode].toSorted((a, b) => a - b);
  return (
    <label className="inline-choice">
      Slow mode
      <select value={slowMode} onChange={(event) => ask(room.slowMode(Number(event.target.value)))}>
        {known.map((seconds) => (
          <option key={seconds} value={seconds}>
            {seconds === 0 ? "Off" : `A message every ${seconds} s`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Capacity() {
  const { room, state, ask } = useInside();
  const [typed, setTyped] = useState(String(state.capacity));
  const wanted = Number(typed);
  const sound = Number.isInteger(wanted) && wanted >= 1;
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (sound) ask(room.capacity(wanted));
      }}
    >
      <label>
        Room for how many
        <input
          type="number"
          min={1}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          inputMode="numeric"
        />
      </label>
      <button disabled={!sound || wanted === state.capacity}>Set</button>
    </form>
  );
}

function EndRoom() {
  const { room, ask } = useInside();
  const [sure, setSure] = useState(false);
  if (!sure) {
    return (
      <button className="danger" onClick={() => setSure(true)}>
        End the room…
      </button>
    );
  }
  return (
    <div className="row">
      <button className="danger" onClick={() => ask(room.close())}>
        End it for everybody
      </button>
      <button onClick={() => setSure(false)}>Keep it</button>
    </div>
  );
}
