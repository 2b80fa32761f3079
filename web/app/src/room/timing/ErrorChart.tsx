import { useRef } from "react";
import { runs, SPAN_MS, tickLabel, x, y, type Sample, type Scale, type Series } from "./scale";
import { useWidth } from "./useWidth";

interface Props {
  series: readonly Series[];
  scale: Scale;
  now: number;
  me: string | null;
}

const HEIGHT = 132;
const LEFT = 56;
const RIGHT = 6;
const BOTTOM = 20;
const TOP = 8;
const SLOTS = 8;

/** Everybody's error over the last minute. The table beside it says the same in numbers. */
export function ErrorChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  return (
    <div className="chart" ref={box}>
      {width > 0 && <Drawing {...props} width={width - LEFT - RIGHT} />}
    </div>
  );
}

function Drawing({ series, scale, now, me, width }: Props & { width: number }) {
  return (
    <svg
      width={LEFT + width + RIGHT}
      height={TOP + HEIGHT + BOTTOM}
      role="img"
      aria-label={`How far each of ${series.length} is from the room, over the last minute; numbers are in the table`}
    >
      <g transform={`translate(${LEFT} ${TOP})`}>
        <Axes scale={scale} width={width} />
        <svg width={width} height={HEIGHT} overflow="hidden">
          {series.map((one) => (
            <Line
              key={one.id}
              series={one}
              limit={scale.limit}
              now={now}
              width={width}
              banded={one.id === me}
            />
          ))}
        </svg>
      </g>
    </svg>
  );
}

function Axes({ scale, width }: { scale: Scale; width: number }) {
  return (
    <g className="axes">
      {scale.ticks.map((tick) => {
        const at = y(tick, scale.limit, HEIGHT);
        return (
          <g key={tick}>
            <line x1={0} x2={width} y1={at} y2={at} className={tick === 0 ? "zero" : ""} />
            <text x={-8} y={at} textAnchor="end" dominantBaseline="middle">
              {tickLabel(tick)}
            </text>
          </g>
        );
      })}
      <text x={0} y={HEIGHT + 15}>
        {SPAN_MS / 1000} s ago
      </text>
      <text x={width} y={HEIGHT + 15} textAnchor="end">
        now
      </text>
      <text transform={`translate(-44 ${HEIGHT / 2}) rotate(-90)`} textAnchor="middle">
        ms ahead
      </text>
    </g>
  );
}

interface LineProps {
  series: Series;
  limit: number;
  now: number;
  width: number;
  /** Also shows how sure the line is. */
  banded: boolean;
}

function Line({ series, limit, now, width, banded }: LineProps) {
  const at = (sample: Sample, error: number) =>
    `${x(sample.at, now, width).toFixed(1)},${y(error, limit, HEIGHT).toFixed(1)}`;
  return (
    <g className={`line slot-${series.slot % SLOTS}`}>
      {runs(series.samples).map((run) => {
        const points = run.map((sample) => at(sample, sample.error));
        const upper = run.map((sample) => at(sample, sample.error + sample.bound));
        const lower = run.map((sample) => at(sample, sample.error - sample.bound)).toReversed();
        return (
          <g key={run[0]?.at}>
            {banded && <polygon className="band" points={[...upper, ...lower].join(" ")} />}
            {/* A round cap makes a lone point visible. */}
            <polyline points={(points.length === 1 ? [...points, ...points] : points).join(" ")} />
          </g>
        );
      })}
    </g>
  );
}
