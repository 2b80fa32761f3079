import { useInside } from "../inside";
import { HandButton } from "./HandButton";
import { placed } from "./order";
import { PersonRow } from "./PersonRow";
import { RoomTools } from "./RoomTools";

export function People() {
  const { state, view } = useInside();
  return (
    <div className="people">
      <ul aria-label="People in the room">
        {placed(state.members).map(({ member, turn }) => (
          <PersonRow key={member.id} member={member} turn={turn} status={view.status.get(member.id)} />
        ))}
      </ul>
      <HandButton />
      <RoomTools />
    </div>
  );
}
