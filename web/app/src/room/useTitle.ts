import { useEffect } from "react";

export function useTitle(roomName: string): void {
  useEffect(() => {
    document.title = `${roomName} · Tutti`;
  }, [roomName]);
}
