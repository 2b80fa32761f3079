"""The guides' own code, taken from the guides when a test runs: they lie beside the project and are no part of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.server import ROOT

GUIDES = ROOT.parent / "shared" / "seeds"
TSC = ROOT / "web" / "node_modules" / ".bin" / "tsc"
CODE_BLOCK = re.compile(r"^```typescript\n(.*?)^```", re.DOTALL | re.MULTILINE)


def class_of_guide(number: str, name: str, folder: Path) -> str:
    """JavaScript of the class as the guide prints it, with nothing but its types taken away; `folder` is for scratch."""
    guide = next(GUIDES.glob(f"{number}_*.txt"), None)
    if guide is None:
        pytest.skip(f"guide {number} is not beside this checkout (shared/seeds)")
    blocks = [code for code in CODE_BLOCK.findall(guide.read_text()) if f"class {name} " in code]
    assert len(blocks) == 1, f"guide {number} prints {name} once"
    source = folder / f"{name}.ts"
    source.write_text(blocks[0])
    command = [str(TSC), "--noCheck", "--target", "es2022", "--outDir", str(folder / "js"), str(source)]
    subprocess.run(command, check=True, cwd=folder, timeout=60)
    return (folder / "js" / f"{name}.js").read_text()
