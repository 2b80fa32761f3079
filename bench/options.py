"""The command line that all benches share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench import process, programs, report

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


def prepare(description: str, *, coalesce: bool = False) -> Options:
    """Read the command line, leave the servers' core, and open as many files as we may."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument(
        "--subject",
        choices=sorted(programs.BY_NAME),
        default="tutti",
        help="measure this server in Tutti's place; the peer against itself must give a ratio of 1",
    )
    if coalesce:
        parser.add_argument("--coalesce", action="store_true", help="eight messages waiting per member")
    given = parser.parse_args()
    process.take_load_core()
    print(f"open files: {process.open_file_limit()}; servers on core {process.SERVER_CORE}")
    return Options(given.quick, given.json, given.subject, getattr(given, "coalesce", False))


def run(measure: Measure, description: str, *, coalesce: bool = False) -> None:
    """One bench by itself: its figures, then its ratio as the last line."""
    options = prepare(description, coalesce=coalesce)
    figures = measure(options)
    if options.json:
        report.write_json(options.json, figures)
