"""What a bench says at the end: tables on stdout, and the same as JSON for whoever keeps numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path

from bench.compare import Comparison


@dataclass(frozen=True)
class Figure:
    """One number that we claim; infinity: it never came about. `must` and `aim` are limits: upper ones, or lower ones
    if `higher_is_better`.

    `disturbed`: other programs had so much of the machine that the number says little.
    """

    name: str
    measured: float
    unit: str
    must: float | None = None
    aim: float | None = None
    higher_is_better: bool = False
    disturbed: bool = False

    @property
    def verdict(self) -> str:
        if self.disturbed:
            return "machine was too busy"
        if self.must is None:
            return "for context"
        if self._reaches(self.aim):
            return "reaches its aim"
        return "reaches its must" if self._reaches(self.must) else "FALLS SHORT"

    def _reaches(self, limit: float | None) -> bool:
        if limit is None:
            return False
        return self.measured >= limit if self.higher_is_better else self.measured <= limit

    def cells(self) -> tuple[str, ...]:
        sign = "≥" if self.higher_is_better else "≤"
        limits = [f"{sign} {_number(x)} {self.unit}" if x is not None else "–" for x in (self.must, self.aim)]
        measured = "never" if self.measured == inf else f"{_number(self.measured)} {self.unit}"
        return (self.name, *limits, measured, self.verdict)


def print_figures(figures: Sequence[Figure]) -> None:
    """The table of claims."""
    print_table(("figure", "must", "aim", "measured", "verdict"), [figure.cells() for figure in figures])


def conclude(title: str, comparison: Comparison, subject: str, peer: str) -> float:
    """Print what every server showed and, last, the ratio of subject to peer; return it."""
    rows = [
        (
            name,
            f"{_number(comparison.median(name))} {comparison.unit}",
            f"{_number(min(values))} – {_number(max(values))}",
            f"{comparison.ratio(name, peer):.2f} ×",
        )
        for name, values in comparison.samples.items()
    ]
    print(f"\n{title}")
    print_table(("server", "median", "range", f"against {peer}"), rows)
    ratio = comparison.ratio(subject, peer)
    pairs = " ".join(f"{value:.2f}" for value in comparison.ratios(subject, peer))
    print(f"pair by pair: {pairs}\nratio {subject} / {peer}: {ratio:.3f} ×", flush=True)
    return ratio


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    """Every figure with its limits and verdict; null for what never came about, as JSON has no infinity."""
    content = [
        asdict(figure)
        | {"measured": None if figure.measured == inf else figure.measured, "verdict": figure.verdict}
        for figure in figures
    ]
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
