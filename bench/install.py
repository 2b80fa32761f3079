"""Installs the peers on first use, from their lock files, and says so: nothing is expected to be there."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench import Unmeasured

PEERS = Path(__file__).parent / "peers"
NODE = PEERS / "node"
PYTHON = PEERS / "python"
PYTHON_LOCK = PEERS / "requirements.lock"


def node_program(script: str) -> tuple[str, ...]:
    """The command line of a Node peer, its packages installed. Node is expected on the PATH."""
    node = shutil.which("node")
    if node is None:
        raise Unmeasured("the peers need Node ≥ 20 on the PATH")
    _once(NODE / "package-lock.json", NODE / "node_modules", "Node peers", ["npm", "ci", *_QUIET_NPM], NODE)
    return (node, "--expose-gc", str(NODE / script))


def python_program(script: str) -> tuple[str, ...]:
    """The command line of a Python peer, in the peers' own environment."""
    python = PYTHON / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PYTHON)], check=True)
    install = [str(python), "-m", "pip", "install", *_QUIET_PIP, "--require-hashes", "-r", str(PYTHON_LOCK)]
    _once(PYTHON_LOCK, PYTHON, "python-socketio", install, PEERS)
    return (str(python), str(PEERS / script))


_QUIET_NPM = ("--silent", "--no-audit", "--no-fund")
_QUIET_PIP = ("-qq", "--disable-pip-version-check")


def _once(lock: Path, target: Path, what: str, command: list[str], workdir: Path) -> None:
    """Run `command` unless `target` was already installed from this very lock file."""
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = target / ".installed-from"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {what} …", file=sys.stderr, flush=True)
    subprocess.run(command, cwd=workdir, check=True)
    stamp.write_text(wanted)
