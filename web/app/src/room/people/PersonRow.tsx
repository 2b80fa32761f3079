import type { Member, Status } from "@tutti/client/native";
import { aheadOrBehind, boundMs, qualityOf, qualityWord, signedMs } from "../../words";
import { useInside } from "../inside";
import { Icon } from "../stage/Icon";
import { PersonActs } from "./PersonActs";

interface Props {
  member: Member;
  turn: number | null;
  status: Status | undefined;
}

const ROLE_WORDS = { host: "host", moderator: "moderator", member: null } as const;

export function PersonRow({ member, turn, status }: Props) {
  const { view, isHost, mayModerate } = useInside();
  const mine = member.id === view.me;
  const role = ROLE_WORDS[member.role];
  const mayAct = !mine && member.role !== "host" && (isHost || (mayModerate && member.role === "member"));
  return (
    <li className="person">
      <span className="who">
        {turn !== null && (
          <span className="hand" title={`Hand up, number ${turn}`}>
            <Icon name="hand" />
            <span className="visually-hidden">hand up, number</span> {turn}
          </span>
        )}
        <span className="name">{member.name}</span>
        {mine && <span className="muted">you</span>}
        {role !== null && <span className="badge">{role}</span>}
        {member.calling && (
          <span className="badge" title="Can be seen and heard in this room's meeting">
            {member.muted ? "in the meeting, muted" : "in the meeting"}
          </span>
        )}
        {member.offset !== 0 && (
          <span className="badge" title="Where this person wants to be, next to the room">
            offset {signedMs(member.offset)}
          </span>
        )}
      </span>
      <Standing status={status} />
      {mayAct && <PersonActs member={member} />}
    </li>
  );
}

/** Error ± bound, and what the player does where that is not simply to play. */
function Standing({ status }: { status: Status | undefined }) {
  if (status === undefined || status.error === null) {
    return (
      <span className="standing muted" title="No player of this person's has said where it is">
        {status?.state ?? "–"}
      </span>
    );
  }
  const quality = qualityOf(status.error);
  const told = status.state === null || status.state === "playing" ? qualityWord(quality) : status.state;
  return (
    <span className={`standing ${quality}`} title={aheadOrBehind(status.error)}>
      <span className="number">
        {signedMs(status.error)}
        {status.bound !== null && <small> {boundMs(status.bound)}</small>}
      </span>
      <span className="word">{told}</span>
    </span>
  );
}
