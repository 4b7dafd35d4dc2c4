"""Starts that fail: weights that are cut, changed in one bit, or gone, in a copy of the sources; ports that are taken."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.client import Client
from bench.robustness.mishaps import PLAYS, ROOT, Row
from tests.support import real_programs


def said(*command: str, folder: Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Row:
    """Run a command that must refuse; return what it said."""
    home = {"LLMBALL_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *command],
        env=os.environ | home | (env or {}), cwd=cwd or ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return f"{len(lines)} line{'s' * (len(lines) != 1)}", lines[-1] if lines else "nothing", done.returncode


def osc_taken(folder: Path) -> Row:
    """Start where another program has the OSC port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        return said("serve", "--output", "none", "--http", "none", "--osc", f"127.0.0.1:{port}", folder=folder)


def http_taken(folder: Path) -> Row:
    """Start where another program has the panel's port."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        return said("serve", "--output", "none", "--osc", "127.0.0.1:0", "--http", f"127.0.0.1:{port}", folder=folder)


def two_daemons(folder: Path) -> Row:
    """Start a second daemon where one plays."""
    with real_programs.daemon(*PLAYS, env={"LLMBALL_HOME": str(folder / "home")}, folder=folder) as first:
        host, port = first.osc
        words, line, code = said(
            "serve", "--output", "none", "--http", "none", "--osc", f"{host}:{port}", folder=folder
        )
        with closing(Client(first.osc)) as client:
            plays = real_programs.until(lambda: len(client.heard("beat")) > 2, 10)
        return f"{words}; the first plays on: {plays}", line, code


def no_jack(folder: Path) -> Row:
    """Ask for JACK where there is no server."""
    env = {"JACK_DEFAULT_SERVER": f"nowhere-{os.getpid()}", "JACK_NO_START_SERVER": "1"}
    return said("serve", "--backend", "jack", "--osc", "127.0.0.1:0", "--http", "none", folder=folder, env=env)


def bad_set(folder: Path) -> Row:
    """Start with a set that says nonsense."""
    path = folder / "bad.toml"
    path.write_text('[controls]\ntempo = "fast"\n')
    return said("serve", "--output", "none", "--osc", "127.0.0.1:0", "--set", str(path), folder=folder)


def bad_take(folder: Path) -> Row:
    """Replay a take whose file was cut."""
    takes = folder / "home" / "takes"
    takes.mkdir(parents=True)
    (takes / "20260101-000000.json").write_text('{"bars": [')
    return said("replay", "20260101-000000", "-o", str(folder / "out.mid"), folder=folder)


def bad_midi(folder: Path) -> Row:
    """Refine a file that is no MIDI file."""
    (folder / "in.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\xff\xff\xff\xff")
    return said("refine", str(folder / "in.mid"), "darker", "-o", str(folder / "out.mid"), folder=folder)


def copied(folder: Path) -> Path:
    """Return the weights' folder of a copy of ourselves."""
    for room in ("bridge", "model"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "training"))
    (folder / "model" / "training").mkdir()
    for name in ("__init__.py", "fields.py"):
        shutil.copy(ROOT / "model" / "training" / name, folder / "model" / "training" / name)
    return folder / "model" / "weights"


def spoiled_weights(spoil: Callable[[Path], None], *command: str) -> Callable[[Path], Row]:
    """Return a mishap: a copy of ourselves with spoiled weights."""

    def happen(folder: Path) -> Row:
        spoil(copied(folder))
        return said(*command, folder=folder, cwd=folder, env={"PYTHONPATH": str(folder)})

    return happen


SERVE = ("serve", "--output", "none", "--http", "none", "--osc", "127.0.0.1:0")
CLIP = ("clip", "calm piano", "--bars", "1", "-o", "out.mid")


def cut(name: str) -> Callable[[Path], None]:
    """Return a way to cut a file in half."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:100]) and None


def flipped(name: str) -> Callable[[Path], None]:
    """Return a way to change one bit of a file."""

    def flip(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    return flip


def unsummed(name: str) -> Callable[[Path], None]:
    """Return a way to cut a file where no sums tell it."""

    def spoil(folder: Path) -> None:
        (folder / "SHA256SUMS").unlink()
        cut(name)(folder)

    return spoil


def gone(name: str) -> Callable[[Path], None]:
    """Return a way to take a file away."""
    return lambda folder: (folder / name).unlink()
