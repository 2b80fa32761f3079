"""Everything we claim, measured in one run: `python -m bench`. The last thing it prints is the table of claims."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench import (
    Unmeasured,
    delivery_latency,
    fanout,
    idle_memory,
    inbound,
    joins,
    kill_switch,
    meet,
    meet_film,
    meet_recorder,
    meet_sfu,
    nearby,
    options,
    party,
    privacy,
    report,
    rest,
    store_append,
)
from bench.sync import measure as sync

BENCHES: dict[str, Callable[[options.Options], Sequence[report.Figure]]] = {
    "fanout": fanout.measure,
    "fanout --coalesce": lambda given: fanout.measure(replace(given, coalesce=True)),
    "joins": joins.measure,
    "idle_memory": idle_memory.measure,
    "inbound": inbound.measure,
    "rest": rest.measure,
    "delivery_latency": delivery_latency.measure,
    "store_append": store_append.measure,
    "meet": meet.measure,
    "meet_film": meet_film.measure,
    "meet_recorder": meet_recorder.measure,
    "meet_sfu": meet_sfu.measure,
    "nearby": nearby.measure,
    "privacy": privacy.measure,
    "party": party.measure,
    "kill_switch": kill_switch.measure,
    "sync --profile lan": lambda given: sync.measure(sync.Plan("lan", quick=given.quick)),
    "sync --profile wan": lambda given: sync.measure(sync.Plan("wan", quick=given.quick)),
    "sync --profile mobile": lambda given: sync.measure(sync.Plan("mobile", quick=given.quick)),
    "sync --players chromium": lambda given: sync.measure(sync.Plan(players="chromium", quick=given.quick)),
}


def main() -> None:
    given = options.prepare(options.command_line(__doc__ or "").parse_args())
    figures: list[report.Figure] = []
    missing: list[str] = []
    for name, measure in BENCHES.items():
        try:
            figures += measure(given)
        except Unmeasured as reason:
            missing.append(f"{name} was not measured: {reason}")
            print(missing[-1], flush=True)
    print()
    report.print_figures(figures)
    if given.json:
        report.write_json(given.json, figures)
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
