import { hands, type Participant } from "@tutti/client/meet";
import { useState } from "react";
import { Icon } from "../room/stage/Icon";
import { useHere } from "./here";

export function MeetingPeople() {
  const { meeting, view, mayModerate } = useHere();
  const inOrder = hands(view);
  const turn = new Map(inOrder.map(({ peerId }, at) => [peerId, at + 1]));
  const placed = [...inOrder, ...view.participants.filter(({ peerId }) => !turn.has(peerId))];
  return (
    <div className="people">
      <Waiting />
      <ul aria-label="People in the meeting">
        {placed.map((participant) => (
          <Row key={participant.peerId} participant={participant} turn={turn.get(participant.peerId)} />
        ))}
      </ul>
      {mayModerate && (
        <div className="row">
          <button onClick={() => meeting.muteAll()}>Mute everybody</button>
          {inOrder.length > 0 && <button onClick={() => meeting.clearHands()}>Lower all hands</button>}
        </div>
      )}
      <Settings />
    </div>
  );
}

function Waiting() {
  const { meeting, view, mayModerate } = useHere();
  if (!mayModerate || view.knocks.length === 0) return null;
  return (
    <section className="knocks" aria-label="Waiting to come in">
      <h2>Waiting to come in</h2>
      <ul>
        {view.knocks.map(({ peerId, username }) => (
          <li key={peerId} className="person">
            <span className="name">{username}</span>
            <span className="row">
              <button
                className="primary"
                onClick={() => meeting.admit(peerId)}
                aria-label={`Let ${username} in`}
              >
                Let in
              </button>
              <button onClick={() => meeting.deny(peerId)} aria-label={`Send ${username} away`}>
                Send away
              </button>
            </span>
          </li>
        ))}
      </ul>
      {view.knocks.length > 1 && <button onClick={() => meeting.admit(null)}>Let everybody in</button>}
    </section>
  );
}

function Row({ participant, turn }: { participant: Participant; turn: number | undefined }) {
  const { view, mayModerate } = useHere();
  const { peerId, username, role, muted, sharing, inCall, breakout, kind } = participant;
  const mine = peerId === view.me;
  const room = view.breakouts?.rooms.find(({ breakoutId }) => breakoutId === breakout);
  return (
    <li className="person">
      <span className="who">
        {turn !== undefined && (
          <span className="hand" title={`Hand up, number ${turn}`}>
            <Icon name="hand" />
            <span className="visually-hidden">hand up, number</span> {turn}
          </span>
        )}
        <span className="name">{username}</span>
        {mine && <span className="muted">you</span>}
        {role !== "participant" && <span className="badge">{role}</span>}
        {kind === "recorder" && <span className="badge">recorder</span>}
        {sharing && <span className="badge">sharing</span>}
        {!inCall && <span className="badge">watching only</span>}
        {room !== undefined && <span className="badge">{room.name}</span>}
        {muted && inCall && <span className="muted">muted</span>}
        {view.away.has(peerId) && <span className="muted">reconnecting</span>}
      </span>
      {mayModerate && !mine && kind !== "recorder" && <Acts participant={participant} />}
    </li>
  );
}

function Acts({ participant }: { participant: Participant }) {
  const { meeting, isHost } = useHere();
  const { peerId, username, role, muted, sharing, handRaised, inCall } = participant;
  const [sure, setSure] = useState(false);
  return (
    <details className="person-acts">
      <summary aria-label={`What to do with ${username}`}>⋯</summary>
      <div className="row">
        {inCall && !muted && <button onClick={() => meeting.mute(peerId)}>Mute</button>}
        {inCall && muted && <button onClick={() => meeting.askToUnmute(peerId)}>Ask to unmute</button>}
        {handRaised && <button onClick={() => meeting.lowerHandOf(peerId)}>Lower hand</button>}
        {sharing && <button onClick={() => meeting.stopShareOf(peerId)}>Stop their sharing</button>}
        {isHost && role === "participant" && (
          <button onClick={() => meeting.appoint(peerId, "co-host")}>Make co-host</button>
        )}
        {isHost && role === "co-host" && (
          <button onClick={() => meeting.appoint(peerId, "participant")}>No longer co-host</button>
        )}
        {isHost && <button onClick={() => meeting.appoint(peerId, "host")}>Make host</button>}
        {role !== "host" && !sure && (
          <button className="danger" onClick={() => setSure(true)}>
            Remove…
          </button>
        )}
        {role !== "host" && sure && (
          <button className="danger" onClick={() => meeting.kick(peerId)}>
            Remove {username} now
          </button>
        )}
      </div>
    </details>
  );
}

function Settings() {
  const { meeting, view, mayModerate, isHost } = useHere();
  if (!mayModerate) return null;
  return (
    <details className="room-tools">
      <summary>Meeting settings</summary>
      <div className="tools">
        <Switch on={view.locked} onSwitch={(on) => meeting.lock(on)}>
          Locked: nobody else comes in
        </Switch>
        <Switch on={view.lobby} onSwitch={(on) => meeting.waitingRoom(on)}>
          Waiting room: a host lets people in
        </Switch>
        {isHost && <Password />}
      </div>
    </details>
  );
}

function Password() {
  const { meeting } = useHere();
  const [typed, setTyped] = useState("");
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        meeting.password(typed === "" ? null : typed);
        setTyped("");
      }}
    >
      <label>
        Password for those who come from now on
        <input
          type="password"
          autoComplete="new-password"
          maxLength={128}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <button>{typed === "" ? "None" : "Set"}</button>
    </form>
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
