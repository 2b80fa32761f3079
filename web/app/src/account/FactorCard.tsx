/** The second factor: set up with a QR code, proven with a code, and kept safe with ten backup codes. */

import type { FactorSetUp } from "@tutti/client/party";
import { useRef, useState } from "react";
import { Failure } from "../Failure";
import { account, wordsOf } from "../sign-in/api";
import { useSubmit } from "../useSubmit";

interface Props {
  on: boolean;
  /** It was turned on or off. */
  onChange: () => void;
}

export function FactorCard({ on, onChange }: Props) {
  const [setUp, setSetUp] = useState<FactorSetUp | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  return (
    <section className="card" aria-labelledby="factor-title">
      <h2 id="factor-title">Second factor</h2>
      {codes.length > 0 ? (
        <BackupCodes codes={codes} onKept={() => setCodes([])} />
      ) : setUp !== null ? (
        <Prove
          setUp={setUp}
          onBack={() => setSetUp(null)}
          onProven={(made) => {
            setSetUp(null);
            setCodes(made);
            onChange();
          }}
        />
      ) : on ? (
        <TurnOff onOff={onChange} />
      ) : (
        <TurnOn onSetUp={setSetUp} />
      )}
    </section>
  );
}

function TurnOn({ onSetUp }: { onSetUp: (setUp: FactorSetUp) => void }) {
  const [failure, setFailure] = useState<string | null>(null);
  const begin = () => {
    account.setUpFactor().then(onSetUp, (reason: unknown) => setFailure(wordsOf(reason)));
  };
  return (
    <>
      <p className="muted">
        Besides your password, logging in then takes a code of an authenticator app on your phone.
      </p>
      <Failure>{failure}</Failure>
      <p className="row">
        <button onClick={begin}>Set it up</button>
      </p>
    </>
  );
}

interface Proving {
  setUp: FactorSetUp;
  onBack: () => void;
  onProven: (codes: readonly string[]) => void;
}

function Prove({ setUp, onBack, onProven }: Proving) {
  const { busy, failure, onSubmit } = useSubmit(async (field) =>
    onProven(await account.confirmFactor(field("code"))),
  );
  return (
    <form onSubmit={onSubmit} aria-label="Set up the second factor">
      <p>Scan this with an authenticator app, or type the key into it.</p>
      <img className="qr" src={setUp.qr_code} alt="QR code of the key below" width="200" height="200" />
      <p>
        Key: <code className="key">{setUp.secret}</code>
      </p>
      <label>
        The code that the app shows now
        <input
          name="code"
          required
          maxLength={12}
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
        />
      </label>
      <Failure>{failure}</Failure>
      <p className="row">
        <button className="primary" disabled={busy}>
          {busy ? "Checking…" : "Turn it on"}
        </button>
        <button type="button" onClick={onBack}>
          Not now
        </button>
      </p>
    </form>
  );
}

function BackupCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard?.writeText(codes.join("\n")).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <>
      <p role="status">It is on. Each of these codes logs you in once, should you lose your phone.</p>
      <ul className="codes" aria-label="Backup codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="muted">Keep them somewhere safe: they are shown only now.</p>
      <p className="row">
        {"clipboard" in navigator && <button onClick={copy}>{copied ? "Copied" : "Copy them"}</button>}
        <button className="primary" onClick={onKept}>
          I have kept them
        </button>
      </p>
    </>
  );
}

function TurnOff({ onOff }: { onOff: () => void }) {
  const [open, setOpen] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    await account.disableFactor(password.current?.value ?? "", field("code"));
    onOff();
  });
  if (!open) {
    return (
      <>
        <p>It is on: logging in takes a code of your authenticator app.</p>
        <p className="row">
          <button onClick={() => setOpen(true)}>Turn it off</button>
        </p>
      </>
    );
  }
  return (
    <form onSubmit={onSubmit} aria-label="Turn off the second factor">
      <label>
        Your password
        <input
          ref={password}
          type="password"
          required
          maxLength={128}
          autoComplete="current-password"
          autoFocus
        />
      </label>
      <label>
        The code of your app, or a backup code
        <input name="code" required maxLength={64} autoComplete="one-time-code" />
      </label>
      <Failure>{failure}</Failure>
      <p className="row">
        <button disabled={busy}>{busy ? "Turning it off…" : "Turn it off"}</button>
        <button type="button" onClick={() => setOpen(false)}>
          Keep it
        </button>
      </p>
    </form>
  );
}
