import { useEffect } from "react";
import { useAccount } from "../sign-in/accounts";
import { SignIn } from "../sign-in/SignIn";
import { Wordmark } from "../Wordmark";
import { useClosed } from "./closed";
import { CreateRoom } from "./CreateRoom";
import { JoinRoom } from "./JoinRoom";
import { StartMeeting } from "./StartMeeting";

export function HomePage() {
  const account = useAccount();
  const closed = useClosed();
  useEffect(() => {
    document.title = "Tutti";
  }, []);
  return (
    <main className="home">
      <header className="hero">
        <Wordmark />
        <h1>Press play together, wherever you are.</h1>
        <p className="muted">
          One room, one timeline, everybody in time to within milliseconds.{" "}
          {closed ? "Nothing to install." : "No account, nothing to install."}
        </p>
        <p className="row">
          <a href="/nearby">Who listens near you?</a>
          <a href="/people">Your friends</a>
          <a href="/parties">Your parties</a>
        </p>
      </header>
      <div className="doors">
        {closed && account === null ? <SignIn title="Sign in to create a room" /> : <CreateRoom />}
        <div className="doors-beside">
          <JoinRoom />
          <StartMeeting />
        </div>
      </div>
    </main>
  );
}
