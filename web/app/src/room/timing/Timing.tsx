import { useInside } from "../inside";
import { useNow } from "../useNow";
import { ErrorChart } from "./ErrorChart";
import { ErrorTable } from "./ErrorTable";
import { seriesOf, type History } from "./history";
import { OffsetNudge } from "./OffsetNudge";
import { scaleOf } from "./scale";
import { Together } from "./Together";

const DRAWN_EVERY_MS = 500;

export function Timing({ history }: { history: History }) {
  const { room, state, view } = useInside();
  useNow(DRAWN_EVERY_MS);
  const now = room.roomNow();
  const series = seriesOf(history, new Map(state.members.map(({ id, name }) => [id, name])));
  return (
    <div className="timing">
      <div className="timing-head">
        <Together />
        <OffsetNudge />
      </div>
      <div className="timing-body">
        <ErrorChart series={series} scale={scaleOf(series)} now={now} me={view.me} />
        {series.length > 0 && <ErrorTable series={series} now={now} />}
      </div>
    </div>
  );
}
