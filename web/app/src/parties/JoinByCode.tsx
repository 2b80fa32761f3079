import { Failure } from "../Failure";
import { navigate } from "../navigation";
import { useSubmit } from "../useSubmit";
import { parties } from "./api";
import { codeIn, partyPath } from "./paths";

export function JoinByCode() {
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const joined = await parties.joinByCode(codeIn(field("code")));
    navigate(partyPath(joined.party_id));
  });
  return (
    <form className="card" onSubmit={onSubmit} aria-labelledby="by-code-title">
      <h2 id="by-code-title">Join by code</h2>
      <label>
        Code of the party
        <input
          name="code"
          required
          maxLength={200}
          placeholder="ABCD2345"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
        />
      </label>
      <Failure>{failure}</Failure>
      <button disabled={busy}>Join</button>
    </form>
  );
}
