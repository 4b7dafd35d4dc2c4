"""Which MIDI systems this machine has, and whose ports are there.

JACK is asked by name, never by rtmidi's default, which tries ALSA and fails where there is none; and never started,
for that is the owner's to do.
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
    """Return JACK's client name for a port name: LLMBall → llmball."""
    return "".join(c for c in port_name.lower() if c.isalnum()) or "llmball"


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Keep libjack from writing to stderr while we only ask whether a server is there."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def api_of(backend: str) -> int:
    """Return rtmidi's number of a backend."""
    import rtmidi

    return int(getattr(rtmidi, _API_NAMES[backend]))


def platform_backends(platform: str) -> tuple[str, ...]:
    """Return the backends of a platform, the best first."""
    return {"darwin": ("coremidi", "jack"), "win32": ("winmm",)}.get(platform, ("jack", "alsa"))


def find_backend(wanted: str) -> str | None:
    """Return the backend that answers: the one wanted, or the platform's first; None where none does."""
    wanted_backends = platform_backends(sys.platform) if wanted == "auto" else (wanted,)
    return next((b for b in wanted_backends if _answers(b)), None)


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
    """Return the backend in use, the ports we could send to and those we could hear; None without MIDI."""
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
    """Return the names of all ports that take messages. Raises rtmidi.RtMidiError."""
    import rtmidi

    probe = rtmidi.MidiOut(api, name="llmball-probe")
    try:
        return list(probe.get_ports())
    finally:
        probe.delete()


def input_ports(api: int) -> list[str]:
    """Return the names of all ports that send. Raises rtmidi.RtMidiError."""
    import rtmidi

    probe = rtmidi.MidiIn(api, name="llmball-probe")
    try:
        return list(probe.get_ports())
    finally:
        probe.delete()


def find_port(available: list[str], wanted: str) -> int:
    """Return which of some ports a name, or a piece of one, means. Raises OwnerError: none, or several."""
    matches = [i for i, name in enumerate(available) if wanted.lower() in name.lower()]
    exact_or_all = [i for i in matches if available[i] == wanted] or matches
    if len(exact_or_all) != 1:
        found = "no port" if not exact_or_all else "more than one port"
        ports = ", ".join(available) or "none"
        raise OwnerError(f"{found} is named like {wanted!r}; there are: {ports} (see llmball ports)")
    return exact_or_all[0]
