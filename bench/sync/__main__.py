"""How far apart players are, Tutti and Syncplay in turns: `python -m bench.sync`. The last line is the ratio."""

from __future__ import annotations

import signal
import sys

from bench import Unmeasured, options, report
from bench.sync.measure import SYSTEMS, Plan, measure
from bench.sync.profiles import PROFILES


def main() -> None:
    parser = options.command_line(__doc__ or "")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="lan", help="the network in between")
    parser.add_argument("--players", choices=("mpv", "chromium"), default="mpv")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="sessions of each system")
    parser.add_argument("--only", choices=SYSTEMS, help="leave the other system out")
    parser.add_argument("--no-faults", action="store_true", help="leave out killed servers and cut links")
    given = parser.parse_args()
    systems = (given.only,) if given.only else SYSTEMS
    plan = Plan(given.profile, given.players, given.quick, given.runs, systems, not given.no_faults)
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit("told to end")
    )  # or players and servers would be left behind
    try:
        found = measure(plan)
    except Unmeasured as reason:
        sys.exit(f"not measured: {reason}")
    if given.json:
        report.write_json(given.json, found)


if __name__ == "__main__":
    main()
