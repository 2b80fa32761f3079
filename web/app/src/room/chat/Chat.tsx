import { useInside } from "../inside";
import { ChatLines } from "./ChatLines";
import { Composer } from "./Composer";

export function Chat() {
  const { state, mayModerate } = useInside();
  return (
    <div className="chat">
      <ChatLines />
      {state.chatOn || mayModerate ? (
        <Composer off={!state.chatOn} />
      ) : (
        <p className="muted chat-off">The chat is switched off.</p>
      )}
    </div>
  );
}
