"""Draws errors over time: `plot.py DATA.json PICTURE.png`. It runs in an environment of its own, with matplotlib."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matplotlib import pyplot as plt  # type: ignore[import-not-found]  # it is in that environment only

LIMIT_MS = 40
CLIP_MS = 500


def main() -> None:
    plt.switch_backend("Agg")
    series = json.loads(Path(sys.argv[1]).read_text())
    figure, rows = plt.subplots(len(series), 1, figsize=(14, 4 * len(series)), squeeze=False)
    for axes, session in zip(rows[:, 0], series, strict=True):
        for name, errors in session["errors"].items():
            shown = [error if error is not None else float("nan") for error in errors]
            axes.plot(session["seconds"], shown, linewidth=0.9, label=name)
        axes.axhspan(-LIMIT_MS, LIMIT_MS, color="green", alpha=0.08)
        for number, (phase, began, ended) in enumerate(session["phases"]):
            axes.axvspan(began, ended, color="grey", alpha=0.07 if number % 2 else 0.0)
            axes.text(began, CLIP_MS * 0.6, phase, rotation=90, fontsize=6, va="bottom", clip_on=True)
        axes.set_yscale("symlog", linthresh=10)
        axes.set_ylim(-CLIP_MS, CLIP_MS * 4)
        axes.set_ylabel("ms ahead of the target")
        axes.set_title(session["system"])
        axes.legend(loc="lower right", fontsize=7, ncol=5)
        axes.grid(visible=True, alpha=0.3)
    rows[-1, 0].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
