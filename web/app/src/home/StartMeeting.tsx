import { navigate } from "../navigation";
import { meetingPath } from "../room-link";

const LETTERS = "abcdefghjkmnpqrstuvwxyz";

export function StartMeeting() {
  return (
    <section className="card" aria-labelledby="meet-title">
      <h2 id="meet-title">Meet face to face</h2>
      <p className="muted">Camera, microphone and screen, and a film in time with everybody if you like.</p>
      <button onClick={() => navigate(meetingPath(newCode()))}>Start a meeting</button>
    </section>
  );
}

/** Ten letters in groups, as they can be read aloud: too many to be guessed. */
function newCode(): string {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => LETTERS[byte % 23] ?? "a");
  return [letters.slice(0, 3), letters.slice(3, 7), letters.slice(7)].map((part) => part.join("")).join("-");
}
