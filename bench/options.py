"""The command line that all benches share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import Unmeasured, process, programs, report

Measure = Callable[["Options"], Sequence[report.Figure]]


@dataclass(frozen=True)
class Options:
    """`quick` is a smoke run of a few seconds: it shows that everything works, its numbers mean nothing."""

    quick: bool
    json: Path | None
    subject: str
    coalesce: bool

    def program(self) -> process.Program:
        """What is measured: Tutti, unless another server was named to stand in its place."""
        program = programs.BY_NAME[self.subject]()
        return program if self.subject == "tutti" else replace(program, name=f"{program.name}, as subject")

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full


def prepare(arguments: argparse.Namespace) -> Options:
    """Leave the servers' core, open as many files as we may, and say so."""
    process.take_load_core()
    print(f"open files: {process.open_file_limit()}; servers on core {process.SERVER_CORE}", flush=True)
    subject = getattr(arguments, "subject", "tutti")
    return Options(arguments.quick, arguments.json, subject, getattr(arguments, "coalesce", False))


def command_line(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser


def run(
    measure: Measure,
    description: str,
    *,
    coalesce: bool = False,
    subject: bool = True,
    parts: Mapping[str, Measure] | None = None,
) -> None:
    """One bench by itself: its figures, then its ratio as the last line. `parts`: what can be measured alone."""
    parser = command_line(description)
    if subject:
        parser.add_argument(
            "--subject",
            choices=sorted(programs.BY_NAME),
            default="tutti",
            help="measure this server in Tutti's place: the peer against itself must give a ratio of 1",
        )
    if coalesce:
        parser.add_argument("--coalesce", action="store_true", help="eight messages waiting per member")
    if parts:
        parser.add_argument("--only", choices=sorted(parts), help="leave the rest out")
    arguments = parser.parse_args()
    only = getattr(arguments, "only", None)
    options = prepare(arguments)
    try:
        figures = parts[only](options) if parts and only else measure(options)
    except Unmeasured as reason:
        sys.exit(f"not measured: {reason}")
    if options.json:
        report.write_json(options.json, figures)
