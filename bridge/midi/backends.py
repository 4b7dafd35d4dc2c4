"""Detection of the machine's MIDI systems (backends) and listing of their ports.

The backend is always named explicitly: rtmidi's default tries ALSA and fails if there is none. A JACK server is never
started from here; that is left to the owner.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.errors import OwnerError

BACKENDS = ("auto", "jack", "alsa", "coremidi", "winmm")
_API_NAMES = {
    "jack": "API_UNIX_JACK",
    "alsa": "API_LINUX_ALSA",
    "coremidi": "API_MACOSX_CORE",
    "winmm": "API_WINDOWS_MM",
}


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


def api_of(backend: str) -> int:
    """Return rtmidi's API number of a backend."""
    import rtmidi

    return int(getattr(rtmidi, _API_NAMES[backend]))


def platform_backends(platform: str) -> tuple[str, ...]:
    """Return the backends of a platform (`sys.platform`), the preferred one first."""
    return {"darwin": ("coremidi", "jack"), "win32": ("winmm",)}.get(platform, ("jack", "alsa"))


def find_backend(wanted: str) -> str | None:
    """Return the first available backend: `wanted`, or any of the platform for "auto"; None if none is available."""
    candidates = platform_backends(sys.platform) if wanted == "auto" else (wanted,)
    return next((b for b in candidates if _answers(b)), None)


def _answers(backend: str) -> bool:
    import rtmidi

    api = api_of(backend)
    if api not in rtmidi.get_compiled_api():
        return False
    os.environ["JACK_NO_START_SERVER"] = "1"
    with _silenced_stderr():
        try:
            probe = rtmidi.MidiOut(api, name="llmball-probe")
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
    import rtmidi

    api = api_of(found)
    sinks, sources = rtmidi.MidiOut(api, name="llmball-list"), rtmidi.MidiIn(api, name="llmball-list")
    try:
        return found, sinks.get_ports(), sources.get_ports()
    finally:
        sinks.delete()
        sources.delete()


def output_ports(api: int) -> list[str]:
    """Return the names of all ports that can be sent to. Raises rtmidi.RtMidiError."""
    import rtmidi

    probe = rtmidi.MidiOut(api, name="llmball-probe")
    try:
        return list(probe.get_ports())
    finally:
        probe.delete()


def input_ports(api: int) -> list[str]:
    """Return the names of all ports that can be received from. Raises rtmidi.RtMidiError."""
    import rtmidi

    probe = rtmidi.MidiIn(api, name="llmball-probe")
    try:
        return list(probe.get_ports())
    finally:
        probe.delete()


def find_port(available: list[str], wanted: str) -> int:
    """Return the index of the port with this name, or part of it. Raises OwnerError if none or several match."""
    matches = [i for i, name in enumerate(available) if wanted.lower() in name.lower()]
    exact_or_all = [i for i in matches if available[i] == wanted] or matches
    if len(exact_or_all) != 1:
        found = "no port" if not exact_or_all else "more than one port"
        ports = ", ".join(available) or "none"
        raise OwnerError(f"{found} is named like {wanted!r}; there are: {ports} (see llmball ports)")
    return exact_or_all[0]
