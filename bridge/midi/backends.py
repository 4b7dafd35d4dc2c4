"""Detection of the machine's MIDI systems (backends) and listing of their ports.

The backend is always named explicitly: RtMidi's default tries ALSA and fails if there is none. A JACK server is never
started from here; that is left to the owner. Where RtMidi's binding cannot be had there is no backend, and clips, files
and the browser work all the same.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bridge.errors import OwnerError
from bridge.midi import jack

_API_NAMES = {"jack": "UNIX_JACK", "alsa": "LINUX_ALSA", "coremidi": "MACOSX_CORE", "winmm": "WINDOWS_MM"}


def jack_client_name(port_name: str) -> str:
    """Return the JACK client name for a port name: lower case, letters and digits only (LLMBall → llmball)."""
    return "".join(c for c in port_name.lower() if c.isalnum()) or "llmball"


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Redirect stderr to the null device, so that libjack prints nothing while a backend is probed."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def binding() -> Any:  # noqa: ANN401 (it has partial types)
    """Return the module that binds RtMidi. Raises ImportError where it is not installed or cannot be loaded."""
    jack.system_library()  # first, so that RtMidi finds it before the copy in its wheel
    import supriya_midi

    return supriya_midi


def api_of(backend: str) -> int:
    """Return RtMidi's API number of a backend. Raises ImportError."""
    api: int = getattr(binding().RtMidiAPI, _API_NAMES[backend])
    return api


def platform_backends(platform: str) -> tuple[str, ...]:
    """Return the backends of a platform (`sys.platform`), the preferred one first."""
    return {"darwin": ("coremidi", "jack"), "win32": ("winmm",)}.get(platform, ("jack", "alsa"))


def find_backend(wanted: str) -> str | None:
    """Return the first available backend: `wanted`, or any of the platform for "auto"; None if none is available."""
    candidates = platform_backends(sys.platform) if wanted == "auto" else (wanted,)
    return next((b for b in candidates if _answers(b)), None)


def _answers(backend: str) -> bool:
    try:
        rtmidi = binding()
    except ImportError:
        return False
    api = api_of(backend)
    if api not in rtmidi.get_compiled_apis():
        return False
    os.environ["JACK_NO_START_SERVER"] = "1"
    with _silenced_stderr():
        try:
            probe = rtmidi.MidiOut(api, "llmball-probe")
            probe.get_ports()
        except (SystemError, RuntimeError, rtmidi.RtMidiError):
            return False
    probe.delete()
    return True


def list_ports(backend: str) -> tuple[str, list[str], list[str]] | None:
    """Return the backend, the names of the ports to send to and of those to receive from; None without a backend."""
    found = find_backend(backend)
    if found is None:
        return None
    rtmidi, api = binding(), api_of(found)
    sinks, sources = rtmidi.MidiOut(api, "llmball-list"), rtmidi.MidiIn(api, "llmball-list")
    try:
        ports = sinks.get_ports(), sources.get_ports()
        return found, *(map(loopbacks_first, ports) if found == "winmm" else ports)
    finally:
        sinks.delete()
        sources.delete()


def output_ports(api: int) -> list[str]:
    """Return the names of all ports that can be sent to. Raises RtMidiError."""
    probe = binding().MidiOut(api, "llmball-probe")
    try:
        return list(probe.get_ports())
    finally:
        probe.delete()


def input_ports(api: int) -> list[str]:
    """Return the names of all ports that can be received from. Raises RtMidiError."""
    probe = binding().MidiIn(api, "llmball-probe")
    try:
        return list(probe.get_ports())
    finally:
        probe.delete()


_LOOPBACK = re.compile(r"loop|virtual midi cable", re.IGNORECASE)
_END = re.compile(r" \(([AB])\)")


def loopbacks_first(names: Iterable[str]) -> list[str]:
    """Return Windows' ports with those that lead to another program first.

    Windows MIDI Services has pairs, "Default App Loopback (A)" and "(B)": what is sent to one end is heard at the other;
    (A) is ours. Its basic loopback and those of loopMIDI or loopBe are single ports, sent to and heard under one name.
    """
    return sorted(
        names, key=lambda name: (_LOOPBACK.search(name) is None, other_end(name) is not None and "(B)" in name)
    )


def default_loopback(names: Iterable[str]) -> str | None:
    """Return the port to another program that is taken where the owner names none; None if there is none."""
    first = next(iter(loopbacks_first(names)), None)
    return first if first is not None and _LOOPBACK.search(first) else None


def other_end(name: str) -> str | None:
    """Return the name, without RtMidi's number, at which another program hears what is sent to an end of a pair, or None."""
    end = _END.search(name)
    return None if end is None else f"{name[: end.start()]} ({'B' if end[1] == 'A' else 'A'})"


def find_port(available: list[str], wanted: str) -> int:
    """Return the index of the port with this name, or part of it. Raises OwnerError if none or several match."""
    matches = [i for i, name in enumerate(available) if wanted.lower() in name.lower()]
    exact_or_all = [i for i in matches if available[i] == wanted] or matches
    if len(exact_or_all) != 1:
        found = "no port" if not exact_or_all else "more than one port"
        ports = ", ".join(available) or "none"
        raise OwnerError(f"{found} is named like {wanted!r}; there are: {ports} (see llmball ports)")
    return exact_or_all[0]
