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
PLOT = PEERS / "plot"
PLOT_LOCK = PEERS / "plot.lock"
DJANGO = PEERS / "django-environment"
DJANGO_LOCK = PEERS / "django.lock"
DEBIAN_PACKAGES = PEERS.parent.parent / "scripts" / "debian-packages"


def node_program(script: str) -> tuple[str, ...]:
    """The command line of a Node peer, its packages installed. Node is expected on the PATH."""
    node = shutil.which("node")
    if node is None:
        raise Unmeasured("the peers need Node ≥ 20 on the PATH")
    _once(NODE / "package-lock.json", NODE / "node_modules", "Node peers", ["npm", "ci", *_QUIET_NPM], NODE)
    return (node, "--expose-gc", str(NODE / script))


def python_program(script: str) -> tuple[str, ...]:
    """The command line of a Python peer, in the peers' own environment."""
    return (str(_environment(PYTHON, PYTHON_LOCK, "python-socketio")), str(PEERS / script))


def plot_program(script: str) -> tuple[str, ...]:
    """The command line of a program that draws, in an environment with matplotlib."""
    return (str(_environment(PLOT, PLOT_LOCK, "matplotlib")), str(PEERS / script))


def django_program(program: str) -> str:
    """A program of the environment with Django, its REST framework and Channels: `python`, `gunicorn`, `uvicorn`."""
    return str(
        _environment(DJANGO, DJANGO_LOCK, "Django, its REST framework and Channels").with_name(program)
    )


def debian(*packages: str) -> None:
    """Programs that come as Debian packages. Where we may not install them, this says which are missing."""
    try:
        subprocess.run([str(DEBIAN_PACKAGES), *packages], check=True)
    except subprocess.CalledProcessError as reason:
        raise Unmeasured(f"these Debian packages are needed: {' '.join(packages)}") from reason


def _environment(home: Path, lock: Path, what: str) -> Path:
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    install = [str(python), "-m", "pip", "install", *_QUIET_PIP, "--require-hashes", "-r", str(lock)]
    _once(lock, home, what, install, PEERS)
    return python


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
