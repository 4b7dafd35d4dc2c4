"""A home that cannot be written: what was kept must be as it was."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bench.client import Client
from bench.robustness.mishaps import PLAYS, Row
from tests.support import real_programs


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Put a file system of 64 kB at a folder; tell whether that is allowed here."""
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def kept_on(home: Path, spoil: Callable[[], None], folder: Path) -> Row:
    """Keep some bars and a set, spoil the disk, and try again: what was kept must be as it was."""
    with (
        real_programs.daemon(*PLAYS, env={"LLMBALL_HOME": str(home)}, folder=folder) as daemon,
        closing(Client(daemon.osc)) as client,
    ):
        real_programs.until(lambda: any(t.args[0] >= 3 for t in client.heard("beat")), 60)
        client.say("keep", 2)
        first = real_programs.until(lambda: bool(client.heard("kept")), 10)
        before = contents(home)
        spoil()
        place = len(client.told)
        for path, args in (("keep", (2,)), ("set/save", ("mine",)), ("like", ())):
            client.say(path, *args)
        real_programs.until(lambda: len(client.heard("error", place)) >= 2, 10)
        errors = [str(t.args[1]) for t in client.heard("error", place)]
        beats = len(client.heard("beat"))
        plays = real_programs.until(lambda: len(client.heard("beat")) > beats + 2, 10)
        after = contents(home)
        lost = [name for name, digest in before.items() if after.get(name) != digest]
        strays = sorted(set(after) - set(before) - {"full"})
        code = daemon.stop()
    told = errors[0] if errors else "nothing"
    words = f"kept before: {first}; errors for keep and set: {len(errors)}; plays on: {plays}; lost: {len(lost)}"
    return words + (f"; left over: {', '.join(strays)}" if strays else ""), told, code


def contents(home: Path) -> dict[str, str]:
    """Return the hash of each file of a home."""
    return {
        str(p.relative_to(home)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(home.rglob("*"))
        if p.is_file()
    }


def disk_full(folder: Path) -> Row:
    """Fill the disk between two keeps."""
    home = folder / "home"
    home.mkdir()
    with small_disk(home) as mounted:

        def fill() -> None:
            with suppress(OSError), (home / "full").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(512))

        if not mounted:
            return "not tried: no file system may be mounted here", "-", "-"
        return kept_on(home, fill, folder)


def disk_read_only(folder: Path) -> Row:
    """Make the home read-only between two keeps."""
    home = folder / "home"
    home.mkdir()
    with small_disk(home) as mounted:
        if not mounted:
            return "not tried: no file system may be mounted here", "-", "-"

        def remount() -> None:
            subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)

        return kept_on(home, remount, folder)


def home_is_no_folder(folder: Path) -> Row:
    """Have a file where the home should be."""
    home = folder / "home"
    home.write_text("")
    with (
        real_programs.daemon(*PLAYS, env={"LLMBALL_HOME": str(home)}, folder=folder) as daemon,
        closing(Client(daemon.osc)) as client,
    ):
        real_programs.until(lambda: any(t.args[0] >= 2 for t in client.heard("beat")), 60)
        client.say("keep", 1)
        real_programs.until(lambda: bool(client.heard("error")), 10)
        errors = client.heard("error")
        code = daemon.stop()
    return "serves, plays, and cannot keep", str(errors[0].args[1]) if errors else "nothing", code
