"""`llmball doctor` and `llmball ports`: what this machine has, and how to get what it lacks."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge.config import DEFAULT_OSC
from bridge.midi.backends import binding, find_backend, list_ports, other_end
from bridge.midi.jack import available as jack_callback_available
from model.decoder.load import open_engine
from model.prompt.encoder import DIMENSION, EncoderError
from model.prompt.understand import open_encoder
from model.weights import FOLDER, WeightsError, check


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `remedy` is None where all is well; without a `fatal` one nothing plays."""

    name: str
    result: str
    remedy: str | None = None
    fatal: bool = False


def python() -> Finding:
    """Check the version of Python."""
    return Finding("Python", ".".join(map(str, sys.version_info[:3])))


def has_binding() -> bool:
    """Return True if RtMidi can be used here."""
    try:
        binding()
    except ImportError:
        return False
    return True


def midi() -> Finding:
    """Check for a MIDI system."""
    found = find_backend("auto")
    if found is None and not has_binding():
        return Finding(
            "MIDI", "no binding for this system", "clips, .mid files and the browser's sound work without ports"
        )
    if found is None:
        return Finding("MIDI", "no system answers", "start JACK or PipeWire; until then music goes to ./llmball.mid")
    return Finding("MIDI", found)


def jack() -> Finding:
    """Check for a JACK server."""
    if find_backend("jack") is None:
        return Finding("JACK", "no server answers", "where you want JACK: start jackd, or PipeWire's, first")
    server = f"server {os.environ.get('JACK_DEFAULT_SERVER', 'default')}"
    if not jack_callback_available():
        return Finding(
            "JACK",
            f"{server}, no exact hand-over",
            "for notes on their frame: a C compiler, then install LLMBall again",
        )
    return Finding("JACK", f"{server}, notes on their frame")


def realtime() -> Finding:
    """Check whether the player may have real-time priority."""
    if sys.platform != "linux":
        return Finding("priority", "not needed on this system")
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError:
        return Finding("priority", "normal", "for steadier time on a busy machine: allow rtprio in limits.d")
    return Finding("priority", "real-time is allowed")


def engine() -> Finding:
    """Tell which engine computes."""
    try:
        name = type(open_engine()).__name__.removesuffix("Engine").lower()
    except (WeightsError, ImportError) as error:
        return Finding("engine", "none", str(error), fatal=True)
    if name != "native":
        why = "needs an x86 processor with AVX2" if platform.machine() not in ("x86_64", "AMD64") else "was not built"
        return Finding("engine", f"{name} (the one in C {why})")
    return Finding("engine", "native (C, one thread)")


def encoder() -> Finding:
    """Check that the text encoder loads and works."""
    try:
        opened = open_encoder(None)
        size = opened.encode("春天 spring").shape[0]
    except (EncoderError, ImportError, OSError) as error:
        return Finding("encoder", str(error), "install LLMBall again", fatal=True)
    if size != DIMENSION:
        return Finding("encoder", f"{size} dimensions", "install LLMBall again", fatal=True)
    return Finding("encoder", f"{opened.name}, {size} dimensions")


def weights() -> Finding:
    """Check the hashes of the weights."""
    shown: list[str] = []
    for name in ("decoder.safetensors", "plan.safetensors"):
        try:
            check(FOLDER / name)
        except WeightsError as error:
            return Finding("weights", name, str(error), fatal=True)
        shown.append(f"{name} {hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}")
    return Finding("weights", ", ".join(shown))


def osc_port(port: int = DEFAULT_OSC[1]) -> Finding:
    """Check whether the OSC port is free."""
    host = DEFAULT_OSC[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return Finding("OSC", f"{host}:{port} is taken", "stop what listens there, or serve --osc 127.0.0.1:0")
    return Finding("OSC", f"{host}:{port} is free")


CHECKS: tuple[Callable[[], Finding], ...] = (python, midi, jack, realtime, engine, encoder, weights, osc_port)


def run_checks(checks: Iterable[Callable[[], Finding]] = CHECKS) -> int:
    """Print a line for each finding; return 2 if one is fatal, else 0."""
    fatal = False
    for one in checks:
        finding = one()
        remedy = "" if finding.remedy is None else f" - {finding.remedy}"
        sys.stdout.write(f"{'ok' if finding.remedy is None else '--'} {finding.name:<9} {finding.result}{remedy}\n")
        sys.stdout.flush()
        fatal |= finding.fatal
    return 2 if fatal else 0


def show_ports(backend: str) -> int:
    """Run `llmball ports`: list the ports to send to and those to listen to."""
    found = list_ports(backend)
    if found is None:
        sys.stderr.write("llmball ports: no MIDI system answers: start JACK or PipeWire, or see llmball doctor\n")
        return 2
    name, sinks, sources = found
    ends = [f"a DAW hears {port} at {other}" for port in sinks if name == "winmm" and (other := other_end(port))]
    sys.stdout.write(f"{name}\n")
    for title, ports in (("send to (serve --output NAME)", sinks), ("hear", sources)):
        sys.stdout.write(f"{title}:\n" + "".join(f"  {port}\n" for port in ports or ["none"]))
    sys.stdout.writelines(f"{line}\n" for line in ends)
    return 0
