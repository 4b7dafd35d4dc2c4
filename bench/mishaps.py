"""What the owner is told of each mishap, in how many lines, with which exit code, and whether what was kept is still there.

    python -m bench.mishaps [PART OF A NAME …]

Each mishap happens to a program of its own. A full and a read-only disk are small file systems in memory where we may
mount them, else a limit on the size of files and a file in the folder's place. Killed processes and lost JACK servers are
in `bench.faults`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil

from bench.chaos import left
from bench.client import Client
from bench.figures import table
from tests import rig

ROOT = Path(__file__).parent.parent
PLAYS = ("--output", "none", "--http", "none", "--play", "fast pop, 150 bpm")
Row = tuple[str, str, object]
"""What happened, in words; the one line that was told; the exit code."""


# --- the disk -------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Put a file system of 64 kB at a folder; tell whether that is allowed here."""
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    mounted = (
        shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def kept_on(home: Path, spoil: Callable[[], None], options: tuple[str, ...], folder: Path) -> Row:
    """Keep some bars and a set, spoil the disk, and try again: what was kept must be as it was."""
    with (
        rig.daemon(*PLAYS, *options, env={"LLMBALL_HOME": str(home)}, folder=folder) as daemon,
        closing(Client(daemon.osc)) as client,
    ):
        rig.until(lambda: any(t.args[0] >= 3 for t in client.heard("beat")), 60)
        client.say("keep", 2)
        first = rig.until(lambda: bool(client.heard("kept")), 10)
        before = contents(home)
        spoil()
        place = len(client.told)
        for path, args in (("keep", (2,)), ("set/save", ("mine",)), ("like", ())):
            client.say(path, *args)
        rig.until(lambda: len(client.heard("error", place)) >= 2, 10)
        errors = [str(t.args[1]) for t in client.heard("error", place)]
        beats = len(client.heard("beat"))
        plays = rig.until(lambda: len(client.heard("beat")) > beats + 2, 10)
        after = contents(home)
        lost = [name for name, digest in before.items() if after.get(name) != digest]
        strays = sorted(set(after) - set(before) - {"full"})
        code = daemon.stop()
    told = errors[0] if errors else "nothing"
    words = (
        f"kept before: {first}; errors for keep and set: {len(errors)}; plays on: {plays}; lost: {len(lost)}"
    )
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
        return kept_on(home, fill, (), folder)


def disk_read_only(folder: Path) -> Row:
    """Make the home read-only between two keeps."""
    home = folder / "home"
    home.mkdir()
    with small_disk(home) as mounted:
        if not mounted:
            return "not tried: no file system may be mounted here", "-", "-"
        return kept_on(
            home, lambda: subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True) and None, (), folder
        )  # fmt: skip


def home_is_no_folder(folder: Path) -> Row:
    """Have a file where the home should be."""
    home = folder / "home"
    home.write_text("")
    with (
        rig.daemon(*PLAYS, env={"LLMBALL_HOME": str(home)}, folder=folder) as daemon,
        closing(Client(daemon.osc)) as client,
    ):
        rig.until(lambda: any(t.args[0] >= 2 for t in client.heard("beat")), 60)
        client.say("keep", 1)
        rig.until(lambda: bool(client.heard("error")), 10)
        errors = client.heard("error")
        code = daemon.stop()
    return "serves, plays, and cannot keep", str(errors[0].args[1]) if errors else "nothing", code


# --- what is taken, missing or wrong at the start -------------------------------------------------


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
        return said(
            "serve", "--output", "none", "--http", "none", "--osc", f"127.0.0.1:{port}", folder=folder
        )


def http_taken(folder: Path) -> Row:
    """Start where another program has the panel's port."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        return said(
            "serve", "--output", "none", "--osc", "127.0.0.1:0", "--http", f"127.0.0.1:{port}", folder=folder
        )


def two_daemons(folder: Path) -> Row:
    """Start a second daemon where one plays."""
    with rig.daemon(*PLAYS, env={"LLMBALL_HOME": str(folder / "home")}, folder=folder) as first:
        host, port = first.osc
        words, line, code = said(
            "serve", "--output", "none", "--http", "none", "--osc", f"{host}:{port}", folder=folder
        )
        with closing(Client(first.osc)) as client:
            plays = rig.until(lambda: len(client.heard("beat")) > 2, 10)
        return f"{words}; the first plays on: {plays}", line, code


def no_jack(folder: Path) -> Row:
    """Ask for JACK where there is no server."""
    env = {"JACK_DEFAULT_SERVER": f"nowhere-{os.getpid()}", "JACK_NO_START_SERVER": "1"}
    return said(
        "serve", "--backend", "jack", "--osc", "127.0.0.1:0", "--http", "none", folder=folder, env=env
    )


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


# --- the weights ----------------------------------------------------------------------------------


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


# --- while it plays -------------------------------------------------------------------------------


def broker_that(does: Callable[[socket.socket], None]) -> Callable[[Path], Row]:
    """Return a mishap: a broker that accepts whoever comes and then does something else than it should."""

    def happen(folder: Path) -> Row:
        with socket.socket() as listening, ExitStack() as stack:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            port = listening.getsockname()[1]

            def accept() -> None:
                with suppress(OSError):
                    while True:
                        visitor, _ = listening.accept()
                        stack.callback(visitor.close)
                        does(visitor)

            threading.Thread(target=accept, daemon=True).start()
            with (
                rig.daemon(*PLAYS, "--mqtt", f"mqtt://127.0.0.1:{port}", env={"LLMBALL_HOME": str(folder)}, folder=folder) as daemon,
                closing(Client(daemon.osc)) as client,
            ):  # fmt: skip
                rig.until(lambda: bool(client.heard("beat")), 30)
                beats = len(client.heard("beat"))
                time.sleep(8)
                played = len(client.heard("beat")) - beats
                lines = [line for line in daemon.log.read_text().splitlines() if "broker" in line]
                traces = daemon.log.read_text().count("Traceback")
                began = time.monotonic()
                code = daemon.stop()
            listening.close()
        words = f"{played} beats in 8 s, {len(lines)} line{'s' * (len(lines) != 1)}, {traces} traces, ends in {time.monotonic() - began:.1f} s"
        return words, lines[0].removeprefix("llmball: ") if lines else "nothing", code

    return happen


def hangs_up(visitor: socket.socket) -> None:
    """Close at once."""
    visitor.close()


def says_nothing(visitor: socket.socket) -> None:
    """Never answer."""


def babbles(visitor: socket.socket) -> None:
    """Send what is no MQTT."""
    visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(range(256)) * 64)


def agrees_then_babbles(visitor: socket.socket) -> None:
    """Accept the connection as a broker does, then send noise."""
    visitor.recv(4096)
    visitor.sendall(b"\x20\x03\x00\x00\x00" + b"\xff" * 4096)


def asleep(folder: Path) -> Row:
    """Stop every process for five seconds, as a lid that is closed does, and go on."""
    program = rig.built_recorder(folder)
    with (
        rig.jack(f"llmball-asleep-{os.getpid()}") as env,
        rig.daemon("--backend", "jack", "--http", "none", "--play", "fast pop, 150 bpm", env=env | {"LLMBALL_HOME": str(folder)}, folder=folder) as daemon,
        rig.receiver(program, daemon.jack_port, env) as receiver,
        closing(Client(daemon.osc)) as client,
    ):  # fmt: skip
        rig.until(lambda: len(receiver.note_ons()) > 30, 30)
        processes = [psutil.Process(daemon.process.pid)]
        processes += processes[0].children(recursive=True)
        for process in processes:
            process.suspend()
        time.sleep(5)
        for process in processes:
            process.resume()
        woken = time.monotonic()
        again = rig.until(lambda: bool(receiver.note_ons(after=woken)), 5)
        taken = time.monotonic() - woken
        place = len(client.told)
        client.say("ping", 1)
        pong = rig.until(lambda: bool(client.heard("pong", place)), 1)
        time.sleep(2)
        client.say("stop")
        time.sleep(0.5)
        late = len(left(receiver.heard))
        code = daemon.stop()
    return (
        f"plays again: {again}, after {taken:.2f} s; answers a ping: {pong}; left sounding: {late}",
        "-",
        code,
    )


def told_to_end_while_stopped(folder: Path) -> Row:
    """Send SIGTERM while the generator is stopped."""
    with rig.daemon(*PLAYS, env={"LLMBALL_HOME": str(folder)}, folder=folder) as daemon:
        child = daemon.child("llmball: generator")
        assert child is not None
        child.suspend()
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        code = daemon.process.wait(10)
        return (
            f"ends in {time.monotonic() - began:.1f} s, generator gone: {not child.is_running()}",
            "-",
            code,
        )


MISHAPS: dict[str, Callable[[Path], Row]] = {
    "disk full: keep, set/save": disk_full,
    "disk read-only: keep, set/save": disk_read_only,
    "a file where the home should be": home_is_no_folder,
    "OSC port taken": osc_taken,
    "panel's port taken": http_taken,
    "two daemons": two_daemons,
    "no JACK server": no_jack,
    "a set that says nonsense": bad_set,
    "a kept take, cut": bad_take,
    "a .mid file that is none": bad_midi,
    "decoder cut: serve": spoiled_weights(cut("decoder.safetensors"), *SERVE),
    "decoder with one bit changed: serve": spoiled_weights(flipped("decoder.safetensors"), *SERVE),
    "decoder with one bit changed: clip": spoiled_weights(flipped("decoder.safetensors"), *CLIP),
    "decoder gone: serve": spoiled_weights(gone("decoder.safetensors"), *SERVE),
    "decoder cut, no sums: serve": spoiled_weights(unsummed("decoder.safetensors"), *SERVE),
    "plan cut, no sums: clip": spoiled_weights(unsummed("plan.safetensors"), *CLIP),
    "plan with one bit changed: understand": spoiled_weights(
        flipped("plan.safetensors"), "understand", "calm"
    ),
    "θ with one bit changed: serve": spoiled_weights(flipped("fusion.json"), *SERVE),
    "θ cut: clip": spoiled_weights(cut("fusion.json"), *CLIP),
    "harmoniser with one bit changed: serve": spoiled_weights(flipped("harmoniser.safetensors"), *SERVE),
    "broker that hangs up": broker_that(hangs_up),
    "broker that says nothing": broker_that(says_nothing),
    "broker that babbles": broker_that(babbles),
    "broker that agrees, then babbles": broker_that(agrees_then_babbles),
    "all processes stopped for 5 s": asleep,
    "SIGTERM while the generator is stopped": told_to_end_while_stopped,
}


def main() -> None:
    """Print a row a mishap."""
    rows = []
    for name, happen in MISHAPS.items():
        if sys.argv[1:] and not any(part in name for part in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                words, line, code = happen(Path(folder))
            except Exception as error:  # the table goes on: this row tells it
                words, line, code = f"{type(error).__name__}: {error}"[:200], "-", "-"
        rows.append((name, words, line.replace("|", "/").replace(folder, "…"), code))
        print(*rows[-1], sep=" · ", file=sys.stderr)
    print(table(("mishap", "what happened", "what is told", "exit code"), rows))


if __name__ == "__main__":
    main()
