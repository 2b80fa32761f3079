import { Icon } from "../stage/Icon";
import { LONGEST_OPTION, MOST_OPTIONS } from "./poll-list";

interface Props {
  options: readonly string[];
  onChange: (options: readonly string[]) => void;
}

const FEWEST = 2;

/** Those that are left empty are not asked. */
export function Options({ options, onChange }: Props) {
  return (
    <fieldset>
      <legend>Options</legend>
      {options.map((option, at) => (
        // An option is known by where it stands.
        // oxlint-disable-next-line react/no-array-index-key
        <span key={at} className="inline">
          <input
            aria-label={`Option ${at + 1}`}
            value={option}
            maxLength={LONGEST_OPTION}
            autoComplete="off"
            onChange={(event) => onChange(options.with(at, event.target.value))}
          />
          <button
            type="button"
            className="icon"
            disabled={options.length <= FEWEST}
            aria-label={`Remove option ${at + 1}`}
            onClick={() => onChange(options.toSpliced(at, 1))}
          >
            <Icon name="remove" />
          </button>
        </span>
      ))}
      {options.length < MOST_OPTIONS && (
        <button type="button" onClick={() => onChange([...options, ""])}>
          Another option
        </button>
      )}
    </fieldset>
  );
}
