import { useInside } from "../inside";

/** What people throw in floats up over the picture; the view keeps each for five seconds. */
export function Reactions() {
  const { view, state } = useInside();
  const nameOf = new Map(state.members.map(({ id, name }) => [id, name]));
  return (
    <div className="reactions" role="log" aria-label="Reactions">
      {view.reactions.map(({ member, emoji, at }) => (
        <span key={`${member} ${at}`} className="reaction" style={{ left: `${laneOf(member, at)}%` }}>
          <span className="emoji">{emoji}</span>
          <span className="by">{nameOf.get(member)}</span>
        </span>
      ))}
    </div>
  );
}

/** Somewhere between 6 and 86 %, the same at each rendering. */
function laneOf(member: string, at: number): number {
  let mixed = Math.floor(at);
  for (const letter of member) mixed = (mixed * 31 + letter.charCodeAt(0)) % 9973;
  return 6 + (mixed % 81);
}
