import { boundMs, signedMs } from "../../words";
import { summaryOf, type Series } from "./scale";

const SLOTS = 8;

/** The chart's legend, and what it shows in numbers. */
export function ErrorTable({ series, now }: { series: readonly Series[]; now: number }) {
  return (
    <table className="error-table">
      <caption className="visually-hidden">
        How far each person is from the room, over the last minute
      </caption>
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Now</th>
          <th scope="col">Typical</th>
          <th scope="col">Worst</th>
        </tr>
      </thead>
      <tbody>
        {series.map((one) => {
          const summary = summaryOf(one, now);
          return (
            <tr key={one.id}>
              <th scope="row">
                <svg
                  className={`key line slot-${one.slot % SLOTS}`}
                  viewBox="0 0 28 8"
                  width="28"
                  height="8"
                  aria-hidden="true"
                >
                  <polyline points="2,4 26,4" />
                </svg>
                <span title={one.name}>{one.name}</span>
              </th>
              <td>
                {summary.now === null ? "–" : signedMs(summary.now)}
                {summary.bound !== null && <small className="muted"> {boundMs(summary.bound)}</small>}
              </td>
              <td>{sized(summary.typical)}</td>
              <td>{sized(summary.worst)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function sized(ms: number | null): string {
  return ms === null ? "–" : signedMs(ms).slice(1);
}
