import { HomePage } from "./home/HomePage";
import { usePath } from "./navigation";
import { RoomPage } from "./room/RoomPage";
import { roomInPath } from "./room-link";

export function App() {
  const roomId = roomInPath(usePath());
  return roomId === null ? <HomePage /> : <RoomPage key={roomId} roomId={roomId} />;
}
