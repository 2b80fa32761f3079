import { useEffect } from "react";
import { Wordmark } from "../Wordmark";
import { CreateRoom } from "./CreateRoom";
import { JoinRoom } from "./JoinRoom";
import { StartMeeting } from "./StartMeeting";

export function HomePage() {
  useEffect(() => {
    document.title = "Tutti";
  }, []);
  return (
    <main className="home">
      <header className="hero">
        <Wordmark />
        <h1>Press play together, wherever you are.</h1>
        <p className="muted">
          One room, one timeline, everybody in time to within milliseconds. No account, nothing to install.
        </p>
        <p className="row">
          <a href="/nearby">Who listens near you?</a>
          <a href="/people">Your friends</a>
        </p>
      </header>
      <div className="doors">
        <CreateRoom />
        <div className="doors-beside">
          <JoinRoom />
          <StartMeeting />
        </div>
      </div>
    </main>
  );
}
